//! The second layer: row-level security as every scope uses it, what it does by itself, and what
//! remains of it on a connection.

#![allow(clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

#[path = "hook/both.rs"]
#[macro_use]
mod both;

mod row_security {
    pub(crate) mod cancel;
    pub(crate) mod check;
    pub(crate) mod citus;
    pub(crate) mod context;
    pub(crate) mod policies;
    pub(crate) mod pooler;
    pub(crate) mod signed;
    pub(crate) mod snapshot;
    pub(crate) mod storm;
    pub(crate) mod wire;
}
