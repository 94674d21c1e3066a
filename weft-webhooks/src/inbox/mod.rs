//! Each delivery once: claimed by one process, settled by the one that still holds the claim.
//!
//! Every function returns one [`Statement`], which the caller runs through a scope of the
//! organisation (`OrgConn` or `AsyncOrgConn` of weft-tenancy): the scope fills `org_id` and compares
//! it. In a sender's request:
//!
//! 1. [`claim`], and commit. The body is in the row, so the answer may be 2xx whatever happens next.
//!    No row means a copy: answer 2xx, and nothing else.
//! 2. In *one* transaction the effect and [`done`], or [`failed`] alone. If it touches no row, the
//!    claim was taken over: roll the transaction back.
//!
//! A worker looks for claims that nobody settled in time ([`waiting`], [`abandoned`], [`take_over`])
//! and goes on at 2. The [front page](crate#each-delivery-once) has the code.
//!
//! # Security
//! A copy is what has the same endpoint and the same [`digest`](Verified::digest), both of which are
//! the receiver's or signed. The secret is *not* part of that: while a secret is exchanged a sender
//! signs with both, and whoever cuts one signature off would make a copy look new. The row records
//! it for operators.
//!
//! Transactions are `READ COMMITTED`, and the clocks of the processes agree to within the lease.

mod delivery;

use std::time::{Duration, SystemTime};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types;
use uuid::Uuid;

use crate::moment::Moment;
use crate::{Returns, Statement, Verified};

pub use delivery::Delivery;

diesel::table! {
    /// What a sender delivered, once for each endpoint.
    webhook_deliveries (org_id, id) {
        /// Whose it is: the endpoint's organisation.
        org_id -> Uuid,
        /// The id that it was claimed under.
        id -> Uuid,
        /// The endpoint it was sent to.
        endpoint_id -> Uuid,
        /// The digest of what was signed.
        digest -> Bytea,
        /// The scheme's name.
        scheme -> Text,
        /// The id of the secret that signed it.
        secret_id -> Text,
        /// The body, byte for byte as it was signed.
        body -> Bytea,
        /// When the sender says it signed.
        signed_at -> Nullable<Timestamptz>,
        /// `claimed`, `done` or `failed`.
        state -> Text,
        /// How often it was claimed.
        attempts -> Integer,
        /// Until when the claim is held, or was.
        claimed_until -> Timestamptz,
        /// Why it failed.
        failure -> Nullable<Text>,
        /// When it came first.
        received_at -> Timestamptz,
        /// When it was done or failed.
        settled_at -> Nullable<Timestamptz>,
    }
}

/// The table with its keys and indexes, for a migration. References to your endpoints, grants and
/// row-level security are yours to add.
pub const TABLE_SQL: &str = include_str!("table.sql");

/// How long a settled delivery is kept, for [`forget`]: above the 75 h 35 min over which Standard
/// Webhooks sends one message again, the 3 days of Stripe and the 48 hours of Shopify.
///
/// # Security
/// A copy that comes after it is new. Where a time is signed the window refuses it; where none is
/// (Shopify, GitHub, Stalwart) whoever saw one delivery can send it once more after each retention.
/// Let the effects of these follow the time of change *in the signed body*, so that an old state
/// never replaces a newer one.
pub const RETENTION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

const CLAIMED: &str = "claimed";
const DONE: &str = "done";
const FAILED: &str = "failed";

/// Claims what was verified, until `now + lease` (at most a day): returns the [`Delivery`] to act
/// on, under the new `id`, and no row for a copy.
///
/// The copy of a delivery whose claim was abandoned takes the claim over.
pub fn claim<'v, T>(
    verified: &'v Verified<T>,
    endpoint: Uuid,
    id: Uuid,
    now: SystemTime,
    lease: Duration,
) -> Statement<impl Returns<delivery::Row> + use<'v, T>> {
    use diesel::query_dsl::methods::FilterDsl as _;
    use webhook_deliveries as d;
    let now = Moment::from(now);
    let until = Moment::after(now.into(), lease);
    Statement(
        diesel::insert_into(d::table)
            .values((
                d::id.eq(id),
                d::endpoint_id.eq(endpoint),
                d::digest.eq(verified.digest().as_bytes().to_vec()),
                d::scheme.eq(verified.scheme()),
                d::secret_id.eq(verified.secret_id()),
                d::body.eq(verified.body()),
                d::signed_at.eq(verified.signed_at().map(Moment::from)),
                d::state.eq(CLAIMED),
                d::attempts.eq(1),
                d::claimed_until.eq(until),
                d::received_at.eq(now),
            ))
            .on_conflict((d::org_id, d::endpoint_id, d::digest))
            .do_update()
            .set((d::attempts.eq(d::attempts + 1), d::claimed_until.eq(until)))
            .filter(d::state.eq(CLAIMED))
            .filter(d::claimed_until.le(now))
            .returning(Delivery::as_returning()),
    )
}

/// Settles a delivery as done; run it in the transaction of its effect.
///
/// Returns the id, and no row if the claim is no longer held: then the effect is somebody else's,
/// and this transaction must be rolled back. `get_result` makes that an error.
pub fn done(
    delivery: &Delivery,
    now: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<>> {
    use webhook_deliveries as d;
    Statement(
        diesel::update(d::table)
            .filter(d::id.eq(delivery.id()))
            .filter(d::attempts.eq(delivery.attempts()))
            .filter(d::state.eq(CLAIMED))
            .set((d::state.eq(DONE), d::settled_at.eq(Moment::from(now))))
            .returning(d::id),
    )
}

/// Settles a delivery as failed for a reason that the organisation may read; it stays so until it
/// is [replayed](replay).
///
/// Returns the id, and no row if the claim is no longer held.
pub fn failed<'r>(
    delivery: &Delivery,
    reason: &'r str,
    now: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<'r>> {
    use webhook_deliveries as d;
    Statement(
        diesel::update(d::table)
            .filter(d::id.eq(delivery.id()))
            .filter(d::attempts.eq(delivery.attempts()))
            .filter(d::state.eq(CLAIMED))
            .set((
                d::state.eq(FAILED),
                d::failure.eq(reason),
                d::settled_at.eq(Moment::from(now)),
            ))
            .returning(d::id),
    )
}

/// Up to `limit` organisations that have claims which nobody settled in time, the one that waits
/// longest first. Each is named once, so that a thousand claims of one hide nobody else's.
///
/// It reads no other columns than `org_id`, `state` and `claimed_until`, so that a role which sees no
/// deliveries can say across organisations who has work left; the work is done in a scope.
pub fn waiting(now: SystemTime, limit: u32) -> Statement<impl Returns<sql_types::Uuid>> {
    use webhook_deliveries as d;
    Statement(
        d::table
            .filter(d::state.eq(CLAIMED))
            .filter(d::claimed_until.le(Moment::from(now)))
            .group_by(d::org_id)
            .order(diesel::dsl::min(d::claimed_until))
            .limit(limit.into())
            .select(d::org_id),
    )
}

/// Id and endpoint of claims that nobody settled in time, the oldest first.
pub fn abandoned(
    now: SystemTime,
    limit: u32,
) -> Statement<impl Returns<(sql_types::Uuid, sql_types::Uuid)>> {
    use webhook_deliveries as d;
    Statement(
        d::table
            .filter(d::state.eq(CLAIMED))
            .filter(d::claimed_until.le(Moment::from(now)))
            .order(d::claimed_until)
            .limit(limit.into())
            .select((d::id, d::endpoint_id)),
    )
}

/// Claims an abandoned delivery again: returns the [`Delivery`], and no row if somebody else did or
/// it was settled.
pub fn take_over(
    id: Uuid,
    now: SystemTime,
    lease: Duration,
) -> Statement<impl Returns<delivery::Row>> {
    use webhook_deliveries as d;
    Statement(
        diesel::update(d::table)
            .filter(d::id.eq(id))
            .filter(d::state.eq(CLAIMED))
            .filter(d::claimed_until.le(Moment::from(now)))
            .set((
                d::attempts.eq(d::attempts + 1),
                d::claimed_until.eq(Moment::after(now, lease)),
            ))
            .returning(Delivery::as_returning()),
    )
}

/// Claims a settled delivery again, for an operator: returns the [`Delivery`], and no row if it is
/// not settled.
pub fn replay(
    id: Uuid,
    now: SystemTime,
    lease: Duration,
) -> Statement<impl Returns<delivery::Row>> {
    use webhook_deliveries as d;
    Statement(
        diesel::update(d::table)
            .filter(d::id.eq(id))
            .filter(d::state.ne(CLAIMED))
            .set((
                d::state.eq(CLAIMED),
                d::attempts.eq(d::attempts + 1),
                d::claimed_until.eq(Moment::after(now, lease)),
                d::failure.eq(None::<&str>),
                d::settled_at.eq(None::<Moment>),
            ))
            .returning(Delivery::as_returning()),
    )
}

/// Deletes up to `limit` deliveries that were settled before, the oldest first; see [`RETENTION`].
pub fn forget(
    settled_before: SystemTime,
    limit: u32,
) -> Statement<impl QueryFragment<Pg> + QueryId> {
    use webhook_deliveries as d;
    let past = diesel::alias!(webhook_deliveries as past);
    let ids = past
        .filter(past.field(d::state).ne(CLAIMED))
        .filter(past.field(d::settled_at).lt(Moment::from(settled_before)))
        .order(past.field(d::settled_at))
        .limit(limit.into())
        .select(past.field(d::id));
    Statement(diesel::delete(d::table).filter(d::id.eq_any(diesel::dsl::array(ids))))
}
