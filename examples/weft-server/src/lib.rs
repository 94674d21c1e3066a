//! A shared inbox for commerce, served by weft.
//!
//! [`app()`] is the router; [`roads`] are the three ways to the database; [`extract`] turns a
//! bearer token into a scope. A handler gets tenants' rows through
//! [`AsyncOrgConn`](weft_tenancy::AsyncOrgConn) and nothing else.

pub mod accounts;
pub mod app;
pub mod attachments;
pub mod bootstrap;
pub mod client;
pub mod config;
pub mod describe;
pub mod error;
pub mod events;
pub mod extract;
pub mod founding;
pub mod import;
pub mod keys;
pub mod layers;
pub mod leftovers;
pub mod mail;
pub mod migrate;
pub mod object_store;
pub mod openapi;
pub mod page;
pub mod pages;
pub mod record;
pub mod redirect;
pub mod roads;
pub mod routes;
pub mod schema;
pub mod seed;
pub mod serve;
pub mod shopify;
pub mod single_sign_on;
pub mod site;
pub mod slack;
pub mod state_folder;
pub mod stripe;
pub mod tls;
pub mod token;
mod turns;
pub mod value;
pub mod violations;
pub mod webhooks;

pub use app::{AppState, app};
