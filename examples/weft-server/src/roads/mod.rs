//! The three roads to the database, each with a login role and a pool of its own.
//!
//! The pools are private: a scope comes out of [`AppRoad`], what is private out of [`AuthRoad`],
//! and [`UnscopedRoad`] keeps a record.

mod app;
mod auth;
mod lease;
mod unscoped;

use std::time::Duration;

use diesel_async::{
    AsyncPgConnection,
    pooled_connection::{AsyncDieselConnectionManager, deadpool::Pool},
};

pub use app::{AppRoad, OrgConnection};
pub use auth::{AuthRoad, Identity};
pub use lease::Lease;
pub use unscoped::{UnscopedConnection, UnscopedRoad};

/// Where the three roads lead.
#[derive(Clone)]
pub struct Addresses {
    /// As role `weft_app`.
    pub app: String,
    /// As role `weft_auth`.
    pub auth: String,
    /// As role `weft_unscoped`.
    pub unscoped: String,
}

/// The roads, ready to be taken. Cloning is cheap.
#[derive(Clone)]
pub struct Roads {
    /// Tenants' tables, through scopes.
    pub app: AppRoad,
    /// Users and tokens.
    pub auth: AuthRoad,
    /// Across organisations, on record.
    pub unscoped: UnscopedRoad,
}

impl Roads {
    /// Pools for `addresses`. Nothing is opened yet.
    ///
    /// # Errors
    /// When a pool cannot be made.
    pub fn new(addresses: &Addresses) -> Result<Roads, RoadClosed> {
        Ok(Roads {
            app: AppRoad::new(pool(&addresses.app, 16)?),
            auth: AuthRoad::new(pool(&addresses.auth, 8)?),
            unscoped: UnscopedRoad::new(pool(&addresses.unscoped, 2)?),
        })
    }
}

/// No connection could be had. The reason is in the log: it may name hosts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoadClosed;

impl std::fmt::Display for RoadClosed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the database cannot be reached")
    }
}

impl std::error::Error for RoadClosed {}

fn pool(address: &str, size: usize) -> Result<Pool<AsyncPgConnection>, RoadClosed> {
    Pool::builder(AsyncDieselConnectionManager::new(address))
        .max_size(size)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .recycle_timeout(Some(WAIT))
        .runtime(deadpool::Runtime::Tokio1)
        .build()
        .map_err(|error| {
            tracing::error!(%error, "a pool could not be built");
            RoadClosed
        })
}

async fn pooled(pool: &Pool<AsyncPgConnection>, road: &'static str) -> Result<Lease, RoadClosed> {
    pool.get().await.map(Lease::new).map_err(|error| {
        tracing::error!(road, %error, "no connection");
        RoadClosed
    })
}

const WAIT: Duration = Duration::from_secs(5);
