//! What the cross-crate tests share: a database with two organisations whose rows have the same
//! ids, and the three login roles.
//!
//! # What does not compile through a scope
//!
//! `COPY` in either direction:
//!
//! ```compile_fail,E0277
//! # use diesel::PgConnection;
//! # use weft_tenancy::OrgConn;
//! # use weft_tests::schema::customers;
//! fn copy(conn: &mut OrgConn<Box<PgConnection>>) -> diesel::QueryResult<()> {
//!     let _rows = diesel::copy_to(customers::table).load_raw(conn)?;
//!     Ok(())
//! }
//! ```
//!
//! ```compile_fail,E0277
//! # use diesel::PgConnection;
//! # use diesel::pg::CopyFormat;
//! # use weft_tenancy::OrgConn;
//! # use weft_tests::schema::customers;
//! # use diesel::ExecuteCopyFromDsl;
//! fn copy(conn: &mut OrgConn<Box<PgConnection>>) -> diesel::QueryResult<usize> {
//!     diesel::copy_from(customers::table)
//!         .from_raw_data(customers::table, |_| Ok::<_, diesel::result::Error>(()))
//!         .execute(conn)
//! }
//! ```
//!
//! Loading row by row, notifications, and Diesel's own transaction builder:
//!
//! ```compile_fail,E0277
//! # use diesel::{PgConnection, RunQueryDsl};
//! # use diesel::pg::PgRowByRowLoadingMode;
//! # use weft_tenancy::OrgConn;
//! # use weft_tests::schema::plans;
//! fn rows(conn: &mut OrgConn<Box<PgConnection>>) {
//!     let _rows = plans::table.load_iter::<(String, i32), PgRowByRowLoadingMode>(conn);
//! }
//! ```
//!
//! ```compile_fail,E0599
//! # use diesel::PgConnection;
//! # use weft_tenancy::OrgConn;
//! fn notifications(conn: &mut OrgConn<Box<PgConnection>>) {
//!     let _iter = conn.notifications_iter();
//! }
//! ```
//!
//! A scope on a scope, and an unscoped road out of one:
//!
//! ```compile_fail,E0277
//! # use diesel::PgConnection;
//! # use weft_tenancy::{OrgConn, Scope};
//! # use weft_tests::{TENANCY, schema::B};
//! fn other(conn: &mut OrgConn<Box<PgConnection>>) {
//!     let _other = OrgConn::new(conn, &TENANCY, Scope::org(B));
//! }
//! ```
//!
//! ```compile_fail,E0277
//! # use diesel::PgConnection;
//! # use weft_tenancy::{OrgConn, UnscopedConn};
//! fn out(conn: &mut OrgConn<Box<PgConnection>>) {
//!     let _out = UnscopedConn::new(conn);
//! }
//! ```
//!
//! ```compile_fail,E0271
//! # use diesel_async::AsyncPgConnection;
//! # use weft_tenancy::{AsyncOrgConn, AsyncUnscopedConn};
//! fn out(conn: &mut AsyncOrgConn<Box<AsyncPgConnection>>) {
//!     let _out = AsyncUnscopedConn::new(conn);
//! }
//! ```

pub mod auth;
pub mod database;
pub mod differential;
pub mod random;
pub mod schema;
pub mod tap;

pub use database::Database;
pub use schema::TENANCY;
pub use tap::Tap;
