//! The attacks of DESIGN.md, by their numbers, on a real Postgres and both connections.
//!
//! What a statement returns and leaves in the scope of A is compared with what it does unguarded
//! where there is no other organisation; the rows of B stay as they are. The session and the
//! transaction (19, 20, 26) are tried at length in the binaries `hook` and `row_security`.

#![allow(clippy::unwrap_used, clippy::panic)]

#[path = "hook/both.rs"]
#[macro_use]
mod both;

#[path = "guard/ask.rs"]
#[macro_use]
mod ask;

mod guard {
    pub(crate) mod calls;
    pub(crate) mod functions;
    pub(crate) mod leaks;
    pub(crate) mod limits;
    pub(crate) mod lists;
    pub(crate) mod meaning;
    pub(crate) mod names;
    pub(crate) mod place;
    pub(crate) mod session;
    pub(crate) mod world;
    pub(crate) mod writes;
}
