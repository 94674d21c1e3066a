//! A shared inbox for commerce, served by weft.
//!
//! [`app()`] is the router; [`roads`] are the three ways to the database; [`extract`] turns a
//! bearer token into a scope. A handler gets tenants' rows through
//! [`AsyncOrgConn`](weft_tenancy::AsyncOrgConn) and nothing else.

pub mod app;
pub mod config;
pub mod describe;
pub mod error;
pub mod extract;
pub mod import;
pub mod layers;
pub mod migrate;
pub mod openapi;
pub mod page;
pub mod redirect;
pub mod roads;
pub mod routes;
pub mod schema;
pub mod seed;
pub mod serve;
pub mod shopify;
pub mod state_folder;
pub mod tls;
pub mod token;
pub mod value;

pub use app::{AppState, app};
