//! Deliveries in and messages out, through scopes under row-level security.

#![allow(clippy::panic, clippy::unwrap_used)]

#[path = "hook/both.rs"]
#[macro_use]
#[allow(unused_macros)]
mod both;

/// One test body, run on both connections.
macro_rules! both_stores {
    ($(#[$meta:meta])* $name:ident, |$db:ident, $conn:ident| $body:block) => {
        $(#[$meta])*
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            use crate::webhooks::store::Store;

            synchronous!(sync, Store::new(), |$db, $conn| $body);
            asynchronous!(asynchronous, Store::new(), |$db, $conn| $body);
        }
    };
}

/// Whether the statement had its one row.
macro_rules! settled {
    ($statement:expr, $conn:expr) => {
        go!($statement.get_result::<Uuid>(&mut $conn))
            .optional()
            .unwrap()
            .is_some()
    };
}

mod webhooks {
    pub(crate) mod inbox;
    pub(crate) mod outbox;
    pub(crate) mod races;
    pub(crate) mod store;
}
