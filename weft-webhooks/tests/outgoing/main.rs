//! Where messages may go, and what comes of sending them.

#![allow(clippy::unwrap_used, clippy::panic)]

mod destination;
mod public;
