use std::fmt;
use std::time::SystemTime;

use diesel::pg::Pg;
use diesel::prelude::*;
use uuid::Uuid;

use super::webhook_messages;
use crate::moment::Moment;

/// A message that is claimed, to be sent.
#[derive(Clone, Queryable, Selectable)]
#[diesel(table_name = webhook_messages, check_for_backend(Pg))]
pub struct Message {
    id: Uuid,
    subscription_id: Uuid,
    event_type: String,
    body: Vec<u8>,
    attempts: i32,
    created_at: Moment,
}

/// What a statement returns of it.
pub(super) type Row = diesel::dsl::SqlTypeOf<diesel::dsl::AsSelect<Message, Pg>>;

impl Message {
    /// The id, the same for every attempt.
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// The subscription it is for.
    pub fn subscription_id(&self) -> Uuid {
        self.subscription_id
    }

    /// What it tells of.
    pub fn event_type(&self) -> &str {
        &self.event_type
    }

    /// The body, byte for byte as it is to be signed and sent.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Which attempt this is, from 1; the number is what the claim is held by.
    pub fn attempts(&self) -> i32 {
        self.attempts
    }

    /// When it was written.
    pub fn created_at(&self) -> SystemTime {
        self.created_at.into()
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("subscription", &self.subscription_id)
            .field("event_type", &self.event_type)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}
