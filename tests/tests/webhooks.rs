//! Deliveries in and messages out, through scopes under row-level security.

#![allow(clippy::panic, clippy::unwrap_used)]

#[path = "hook/both.rs"]
#[macro_use]
#[allow(unused_macros)]
mod both;

mod webhooks {
    pub(crate) mod inbox;
    pub(crate) mod races;
    pub(crate) mod store;
}
