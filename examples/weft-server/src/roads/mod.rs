//! The three roads to the database, each with a login role and a pool of its own.
//!
//! The pools are private: a scope comes out of [`AppRoad`], what is private out of [`AuthRoad`],
//! and [`UnscopedRoad`] keeps a record.

mod app;
mod auth;
mod lease;
mod unscoped;

use std::time::Duration;

use deadpool::managed::{Hook, HookError};
use diesel_async::{
    AsyncPgConnection, RunQueryDsl,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig, PoolError, RecyclingMethod, deadpool::Pool,
    },
};

use weft_tenancy::{Refusal, RowSecurity, Tenancy};

use crate::schema::TENANCY;

pub use app::{AppRoad, OrgConnection};
pub(crate) use auth::Connected;
pub use auth::{AuthRoad, Identity, Organization};
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
    /// Pools for `addresses`, once row-level security is found to hold the first of the roles.
    ///
    /// # Errors
    /// When the database cannot be reached, and when a table is without row-level security: this
    /// server does not run on one layer.
    pub async fn open(addresses: &Addresses) -> Result<Roads, NotOpened> {
        let app = pool(&addresses.app, 16)?;
        let row_security = {
            let mut conn = pooled(&app, "app").await?;
            RowSecurity::check_async(&mut conn, &TENANCY).await?
        };
        Ok(Roads {
            app: AppRoad::new(app, &TENANCY, Some(row_security)),
            auth: AuthRoad::new(pool(&addresses.auth, 8)?, &addresses.auth),
            unscoped: UnscopedRoad::new(pool(&addresses.unscoped, 2)?),
        })
    }

    /// The same roads with other layers under the first.
    ///
    /// # Security
    /// For tests that take a layer out, and for nothing else.
    ///
    /// # Errors
    /// When a pool cannot be made.
    pub fn insecure_with_layers(
        self,
        addresses: &Addresses,
        tenancy: &Tenancy,
        row_security: Option<RowSecurity>,
    ) -> Result<Roads, RoadClosed> {
        Ok(Roads {
            app: AppRoad::new(pool(&addresses.app, 16)?, tenancy, row_security),
            ..self
        })
    }
}

/// Why the roads could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum NotOpened {
    /// No connection could be had.
    Closed(RoadClosed),
    /// A table is not under row-level security, or the role is not under it.
    Insecure(Refusal),
    /// The database gave an error.
    Database(diesel::result::Error),
}

impl From<RoadClosed> for NotOpened {
    fn from(closed: RoadClosed) -> NotOpened {
        NotOpened::Closed(closed)
    }
}

impl From<diesel::result::Error> for NotOpened {
    fn from(error: diesel::result::Error) -> NotOpened {
        match Refusal::of(&error) {
            Some(refusal) => NotOpened::Insecure(refusal.clone()),
            None => NotOpened::Database(error),
        }
    }
}

impl std::fmt::Display for NotOpened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            NotOpened::Closed(closed) => closed.fmt(f),
            NotOpened::Insecure(refusal) => {
                write!(f, "not started without row-level security: {refusal}")
            }
            NotOpened::Database(error) => write!(f, "the database: {error}"),
        }
    }
}

impl std::error::Error for NotOpened {}

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
    // Its end is noticed while a connection is on the shelf, unless nobody tells of it.
    let mut config = ManagerConfig::default();
    config.recycling_method = RecyclingMethod::Fast;
    let manager = AsyncDieselConnectionManager::new_with_config(address, config);
    Pool::builder(manager)
        .pre_recycle(Hook::async_fn(|conn, metrics| {
            Box::pin(answers(conn, metrics.last_used()))
        }))
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

/// Asks a connection that was not used for a while whether it is alive.
async fn answers(
    conn: &mut AsyncPgConnection,
    unused: Duration,
) -> Result<(), HookError<PoolError>> {
    if unused >= FRESH {
        let asked = diesel::sql_query("SELECT 1").execute(conn).await;
        asked.map_err(|error| HookError::message(error.to_string()))?;
    }
    Ok(())
}

async fn pooled(pool: &Pool<AsyncPgConnection>, road: &'static str) -> Result<Lease, RoadClosed> {
    pool.get().await.map(Lease::new).map_err(|error| {
        tracing::error!(road, %error, "no connection");
        RoadClosed
    })
}

const FRESH: Duration = Duration::from_secs(10);
const WAIT: Duration = Duration::from_secs(5);
