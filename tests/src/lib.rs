//! What the cross-crate tests share: a database with two organisations whose rows have the same
//! ids, and the three login roles.

pub mod database;
pub mod schema;

pub use database::Database;
pub use schema::TENANCY;
