//! The embedded object store, asked by `weft-storage` and by whoever signs what `weft-storage` never would.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says no by panicking"
)]

mod child;
mod form;
mod kept;
mod presigned;
mod served;
mod signing;
mod stage;
mod under_way;
mod wire;
