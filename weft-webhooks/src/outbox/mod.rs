//! Messages out: written with the change they tell of, sent by a worker until one attempt succeeds
//! or the last one failed, each attempt on record.
//!
//! Every function returns one [`Statement`], which the caller runs through a scope of the
//! organisation, as in [`inbox`](crate::inbox). [`enqueue`] runs in the transaction of the change. A
//! worker finds out who has work by [`waiting`], claims some of it by [`claim_due`], sends it outside of
//! any transaction, and settles each message with [`log_attempt`] and one of [`delivered`],
//! [`retry_at`] and [`gave_up`]. If that touches no row, the claim was taken over meanwhile.
//!
//! A process that dies between sending and settling leaves a claim that ends: the message is sent
//! again, under the same id, so that the receiver can tell.

mod message;

use std::time::{Duration, SystemTime};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{QueryFragment, QueryId};
use diesel::sql_types;
use uuid::Uuid;

use crate::moment::Moment;
use crate::{Returns, Statement};

pub use message::Message;

diesel::table! {
    /// What is to be sent to a subscription.
    webhook_messages (org_id, id) {
        /// Whose it is: the subscription's organisation.
        org_id -> Uuid,
        /// The id, which every attempt carries.
        id -> Uuid,
        /// The subscription it is for.
        subscription_id -> Uuid,
        /// What it tells of.
        event_type -> Text,
        /// The body, byte for byte as it is sent.
        body -> Bytea,
        /// `pending`, `delivered` or `failed`.
        state -> Text,
        /// How often it was claimed.
        attempts -> Integer,
        /// When the next attempt is due.
        due_at -> Timestamptz,
        /// Until when a claim is held.
        claimed_until -> Nullable<Timestamptz>,
        /// When it was written.
        created_at -> Timestamptz,
        /// When it was delivered or given up.
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    /// What came of each attempt to send a message.
    webhook_attempts (org_id, message_id, number) {
        /// Whose it is.
        org_id -> Uuid,
        /// The message.
        message_id -> Uuid,
        /// Which attempt it was, from 1.
        number -> Integer,
        /// When it began.
        started_at -> Timestamptz,
        /// How long it took.
        duration_ms -> Integer,
        /// The status of the answer, if there was one.
        status -> Nullable<Integer>,
        /// What came of it, in a word.
        outcome -> Text,
    }
}

diesel::allow_tables_to_appear_in_same_query!(webhook_attempts, webhook_messages);

/// Both tables with their keys and indexes, for a migration. References to your subscriptions,
/// grants and row-level security are yours to add.
pub const TABLES_SQL: &str = include_str!("table.sql");

const PENDING: &str = "pending";
const DELIVERED: &str = "delivered";
const FAILED: &str = "failed";

/// Writes a message that is due at once.
pub fn enqueue<'m>(
    id: Uuid,
    subscription: Uuid,
    event_type: &'m str,
    body: &'m [u8],
    now: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<'m>> {
    use webhook_messages as m;
    let now = Moment::from(now);
    Statement(
        diesel::insert_into(m::table)
            .values((
                m::id.eq(id),
                m::subscription_id.eq(subscription),
                m::event_type.eq(event_type),
                m::body.eq(body),
                m::state.eq(PENDING),
                m::attempts.eq(0),
                m::due_at.eq(now),
                m::created_at.eq(now),
            ))
            .returning(m::id),
    )
}

/// Up to `limit` organisations that have messages which are due and not claimed, the one that waits
/// longest first. Each is named once, so that a thousand messages of one hide nobody else's.
///
/// It reads no other columns than `org_id`, `state`, `due_at` and `claimed_until`, so that a role which
/// sees no messages can say across organisations who has work; the work is done in a scope.
pub fn waiting(now: SystemTime, limit: u32) -> Statement<impl Returns<sql_types::Uuid>> {
    use webhook_messages as m;
    let now = Moment::from(now);
    Statement(
        m::table
            .filter(m::state.eq(PENDING))
            .filter(m::due_at.le(now))
            .filter(m::claimed_until.is_null().or(m::claimed_until.le(now)))
            .group_by(m::org_id)
            .order(diesel::dsl::min(m::due_at))
            .limit(limit.into())
            .select(m::org_id),
    )
}

/// Claims up to `limit` due messages until `now + lease` (at most a day), the oldest first, passing
/// over those that another worker is claiming. Returns each [`Message`].
pub fn claim_due(
    now: SystemTime,
    lease: Duration,
    limit: u32,
) -> Statement<impl Returns<message::Row>> {
    use webhook_messages as m;
    let due = diesel::alias!(webhook_messages as due);
    let until = Moment::after(now, lease);
    let now = Moment::from(now);
    let claimed_until = due.field(m::claimed_until);
    let ids = due
        .filter(due.field(m::state).eq(PENDING))
        .filter(due.field(m::due_at).le(now))
        .filter(claimed_until.is_null().or(claimed_until.le(now)))
        .order(due.field(m::due_at))
        .limit(limit.into())
        .select(due.field(m::id))
        .for_update()
        .skip_locked();
    Statement(
        diesel::update(m::table)
            // An array is read once; a plain subquery with a limit may be run for every row.
            .filter(m::id.eq_any(diesel::dsl::array(ids)))
            .set((m::attempts.eq(m::attempts + 1), m::claimed_until.eq(until)))
            .returning(Message::as_returning()),
    )
}

/// Settles a message as delivered.
///
/// Returns the id, and no row if the claim is no longer held.
pub fn delivered(
    message: &Message,
    now: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<>> {
    settled(message, DELIVERED, now)
}

/// Settles a message as failed; it stays so until it is [replayed](replay).
///
/// Returns the id, and no row if the claim is no longer held.
pub fn gave_up(
    message: &Message,
    now: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<>> {
    settled(message, FAILED, now)
}

fn settled(
    message: &Message,
    state: &'static str,
    now: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<>> {
    use webhook_messages as m;
    Statement(
        diesel::update(m::table)
            .filter(m::id.eq(message.id()))
            .filter(m::attempts.eq(message.attempts()))
            .filter(m::claimed_until.is_not_null())
            .set((
                m::state.eq(state),
                m::claimed_until.eq(None::<Moment>),
                m::settled_at.eq(Moment::from(now)),
            ))
            .returning(m::id),
    )
}

/// Gives the claim back; the message is due again at `time`.
///
/// Returns the id, and no row if the claim is no longer held.
pub fn retry_at(
    message: &Message,
    time: SystemTime,
) -> Statement<impl Returns<sql_types::Uuid> + use<>> {
    use webhook_messages as m;
    Statement(
        diesel::update(m::table)
            .filter(m::id.eq(message.id()))
            .filter(m::attempts.eq(message.attempts()))
            .filter(m::claimed_until.is_not_null())
            .set((
                m::claimed_until.eq(None::<Moment>),
                m::due_at.eq(Moment::from(time)),
            ))
            .returning(m::id),
    )
}

/// Records what came of an attempt, whether the claim is held or not: `outcome` in a word, and the
/// status of the answer if there was one.
pub fn log_attempt<'o>(
    message: &Message,
    started_at: SystemTime,
    took: Duration,
    status: Option<u16>,
    outcome: &'o str,
) -> Statement<impl QueryFragment<Pg> + QueryId + use<'o>> {
    use webhook_attempts as a;
    Statement(diesel::insert_into(a::table).values((
        a::message_id.eq(message.id()),
        a::number.eq(message.attempts()),
        a::started_at.eq(Moment::from(started_at)),
        a::duration_ms.eq(i32::try_from(took.as_millis()).unwrap_or(i32::MAX)),
        a::status.eq(status.map(i32::from)),
        a::outcome.eq(outcome),
    )))
}

/// Makes a settled message due again, for an operator; its attempts are counted on.
///
/// Returns the id, and no row if it is not settled.
pub fn replay(id: Uuid, now: SystemTime) -> Statement<impl Returns<sql_types::Uuid>> {
    use webhook_messages as m;
    Statement(
        diesel::update(m::table)
            .filter(m::id.eq(id))
            .filter(m::state.ne(PENDING))
            .set((
                m::state.eq(PENDING),
                m::due_at.eq(Moment::from(now)),
                m::settled_at.eq(None::<Moment>),
            ))
            .returning(m::id),
    )
}

/// Deletes up to `limit` messages that were settled before, the oldest first, with their attempts.
pub fn forget(
    settled_before: SystemTime,
    limit: u32,
) -> Statement<impl QueryFragment<Pg> + QueryId> {
    use webhook_messages as m;
    let past = diesel::alias!(webhook_messages as past);
    let ids = past
        .filter(past.field(m::state).ne(PENDING))
        .filter(past.field(m::settled_at).lt(Moment::from(settled_before)))
        .order(past.field(m::settled_at))
        .limit(limit.into())
        .select(past.field(m::id));
    Statement(diesel::delete(m::table).filter(m::id.eq_any(diesel::dsl::array(ids))))
}
