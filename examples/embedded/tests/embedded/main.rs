//! A private Postgres: found, started once, adopted, copied, swept.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says no by panicking"
)]

mod binaries;
mod lifecycle;
mod scratch;
mod templates;
