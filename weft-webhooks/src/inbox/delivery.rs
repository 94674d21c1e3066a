use std::fmt;
use std::time::SystemTime;

use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use super::webhook_deliveries;
use crate::moment::Moment;

/// A delivery that is claimed, with what was signed.
///
/// # Security
/// The row came from a [`Verified`](crate::Verified), but a row proves nothing by itself: whoever
/// can write the table can write a delivery.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = webhook_deliveries, check_for_backend(Pg))]
pub struct Delivery {
    id: Uuid,
    endpoint_id: Uuid,
    digest: Vec<u8>,
    scheme: String,
    secret_id: String,
    body: Vec<u8>,
    signed_at: Option<Moment>,
    attempts: i32,
    claimed_until: Moment,
    received_at: Moment,
}

/// What a statement returns of it.
pub(super) type Row = diesel::dsl::SqlTypeOf<diesel::dsl::AsSelect<Delivery, Pg>>;

impl Delivery {
    /// The id that it was claimed under first.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The endpoint it was sent to.
    pub fn endpoint_id(&self) -> Uuid {
        self.endpoint_id
    }

    /// The digest of what was signed.
    pub fn digest(&self) -> &[u8] {
        &self.digest
    }

    /// The scheme's name.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The id of the secret that signed the first of the copies.
    pub fn secret_id(&self) -> &str {
        &self.secret_id
    }

    /// The body, byte for byte as it was signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// When the sender says it signed, where the scheme signs a time.
    pub fn signed_at(&self) -> Option<SystemTime> {
        self.signed_at.map(SystemTime::from)
    }

    /// How often it was claimed; the number is what the claim is held by.
    pub fn attempts(&self) -> i32 {
        self.attempts
    }

    /// Until when the claim is held.
    pub fn claimed_until(&self) -> SystemTime {
        self.claimed_until.into()
    }

    /// When it came first.
    pub fn received_at(&self) -> SystemTime {
        self.received_at.into()
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("id", &self.id)
            .field("endpoint", &self.endpoint_id)
            .field("scheme", &self.scheme)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
