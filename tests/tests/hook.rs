//! The hook on real connections: Diesel's whole surface through both of them, and what may happen
//! to a connection while a scope is on it.

#![allow(clippy::unwrap_used)]

#[path = "hook/both.rs"]
#[macro_use]
mod both;

mod hook {
    pub(crate) mod calls;
    pub(crate) mod pins;
    pub(crate) mod pools;
    pub(crate) mod reach;
    pub(crate) mod surface;
    pub(crate) mod traces;
    pub(crate) mod transactions;
    pub(crate) mod unscoped;
}
