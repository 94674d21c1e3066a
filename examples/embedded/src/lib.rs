//! A private Postgres for tests and for a demo server.
//!
//! [`Cluster::start`] finds the binaries (or fetches them), makes a data folder once, starts the
//! server on a unix socket, and shares it between every process that asks for the same name.
//! [`Cluster::template`] runs the migrations once; [`Template::database`] hands each test a copy
//! that is dropped with its value.
//!
//! It is not a way to keep production data, it opens no network port, and it runs on Linux only.
//!
//! ```no_run
//! use weft_embedded::{Cluster, Options};
//!
//! const SCHEMA: &str = "CREATE TABLE notes (id int PRIMARY KEY)";
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let cluster = Cluster::start(Options::new(env!("CARGO_MANIFEST_DIR")))?;
//! cluster.ensure_role("app", "LOGIN NOSUPERUSER NOBYPASSRLS")?;
//! let template = cluster.template("notes", SCHEMA, |database| Ok(database.execute(SCHEMA)?))?;
//! let test = template.database()?;
//! assert!(test.url("app").starts_with("postgres://app@"));
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

mod binaries;
mod cluster;
mod database;
mod error;
mod fetch;
mod folders;
mod options;
mod owner;
mod server;
mod simple_query;
#[cfg(feature = "store")]
pub mod store;
mod template;

pub use binaries::{Binaries, Search};
pub use cluster::Cluster;
pub use database::Database;
pub use error::Error;
pub use options::{Options, Profile};
pub use simple_query::Row;
pub use template::{Template, TestDatabase};
