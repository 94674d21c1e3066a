//! Postgres's own grammar as the judge of the guard.
//!
//! `weft-tenancy` reads SQL with a parser written in Rust, rewrites it and proves its own work with
//! the same parser. This package looks at both texts through `pg_query`, which is Postgres's grammar
//! itself, and shares no code with the guard:
//!
//! - [`tree`]: the real parse tree, by reflection, so that no construct is overlooked.
//! - [`verify`]: every tenant table has its filter where Postgres will apply it.
//! - [`strip`]: without its guards the statement is the caller's.
//! - [`judge`]: one statement before both.
//! - [`reading`]: what Postgres reads and writes, to hold the guard's own reading against.
//!
//! It does not execute anything: that the filters keep rows apart is what the tests of the workspace
//! show on a live server.

pub mod alone;
mod condition;
pub mod declaration;
pub mod declared;
pub mod generate;
pub mod hash;
pub mod judge;
mod known;
pub mod named;
pub mod random;
pub mod reading;
pub mod shares;
mod sight;
pub mod strip;
pub mod tree;
pub mod verdicts;
pub mod verify;

pub use condition::Binds;
