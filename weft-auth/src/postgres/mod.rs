//! The stores as tables of Postgres (feature `diesel`).
//!
//! [`PgStore`] implements all of [`store`](crate::store) on whatever [lends](Lend) connections, be they
//! Diesel's or diesel-async's: each method is one [`Statement`]. This crate depends on Diesel alone, and
//! on no pool, no runtime and no client library.
//!
//! Of a pool of asynchronous connections:
//!
//! ```
//! use diesel::QueryResult;
//! use diesel_async::pooled_connection::deadpool::{Pool, PoolError};
//! use diesel_async::{AsyncPgConnection, RunQueryDsl};
//! use weft_auth::postgres::{Lend, Row, Statement};
//!
//! #[derive(Clone)]
//! struct Auth(Pool<AsyncPgConnection>);
//!
//! impl Lend for Auth {
//!     type Error = PoolError;
//!
//!     async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, PoolError> {
//!         let mut conn = self.0.get().await?;
//!         Ok(statement.load(&mut conn).await)
//!     }
//! }
//! ```
//!
//! Of synchronous ones, where the caller is on a thread that may block:
//!
//! ```
//! # use diesel::connection::LoadConnection;
//! # use diesel::pg::Pg;
//! # use diesel::r2d2::R2D2Connection;
//! use diesel::r2d2::{ConnectionManager, Pool, PoolError};
//! use diesel::{QueryResult, RunQueryDsl};
//! use weft_auth::postgres::{Lend, Row, Statement};
//!
//! # // Generic, so that this needs no libpq.
//! # struct Auth<Connection: R2D2Connection + Send + 'static>(Pool<ConnectionManager<Connection>>);
//! # /*
//! #[derive(Clone)]
//! struct Auth(Pool<ConnectionManager<PgConnection>>);
//! # */
//!
//! # impl<C: R2D2Connection + LoadConnection<Backend = Pg> + Send> Lend for Auth<C> {
//! # /*
//! impl Lend for Auth {
//! # */
//!     type Error = PoolError;
//!
//!     async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, PoolError> {
//!         let mut conn = self.0.get()?;
//!         Ok(statement.load(&mut conn))
//!     }
//! }
//! ```
//!
//! [`TABLES_SQL`] makes the tables and [`grants`] what one role needs to run on them. They are out of
//! reach of every tenant's scope:
//!
//! ```text
//! use weft_auth::postgres::tables::*;
//!
//! weft_tenancy::tenancy! {
//!     pub TENANCY: Uuid;
//!     // …
//!     private auth_accounts;
//!     private auth_api_tokens;
//!     private auth_audit;
//!     private auth_audit_head;
//!     private auth_challenges;
//!     private auth_connections;
//!     private auth_domains;
//!     private auth_failures;
//!     private auth_flows;
//!     private auth_identities;
//!     private auth_links;
//!     private auth_outbox;
//!     private auth_rates;
//!     private auth_recovery_codes;
//!     private auth_sessions;
//!     private auth_totps;
//! }
//! ```
//!
//! # Security
//! Of tokens, browsers' secrets, codes and recovery codes there are digests, of a password there is the
//! hash, secrets of apps are sealed by the caller, and the tokens of links that wait in the outbox and the
//! verifiers of flows by the store. Who reads the database signs in with nothing that he finds there; who writes to it can make a
//! session, so grant it to one role on a road of its own.
//!
//! - Mailboxes are in clear, in `auth_accounts`, `auth_identities`, `auth_links` and `auth_outbox`.
//! - A session of a suspended account is not found, nor one that began with a password that was replaced,
//!   even if it began while that was done: both begin an epoch, and a session is of the one before.
//! - Statements are made for `READ COMMITTED`. Where the default of the role is another, concurrent ones
//!   fail; nothing is used twice.

mod accounts;
mod api_tokens;
mod audit;
mod counters;
#[cfg(feature = "sso")]
mod directory;
mod error;
#[cfg(feature = "sso")]
mod flows;
#[cfg(feature = "sso")]
mod identities;
mod links;
mod moment;
mod outbox;
mod row;
mod second_factors;
mod sessions;
mod statement;
pub mod tables;

use std::fmt;
use std::sync::Arc;

use diesel::deserialize::QueryableByName;
use diesel::pg::Pg;
use diesel::result::QueryResult;

use crate::store::Store;
use crate::totp::seal::Keyring;
use row::{Count, Of, Read, There};

pub use error::PgError;
pub use outbox::Waiting;
pub use statement::Statement;
pub use tables::{TABLES_SQL, grants};

/// What a statement returns rows of; everything is that Diesel can read by name.
pub trait Row: QueryableByName<Pg> + Send + 'static {}

impl<R: QueryableByName<Pg> + Send + 'static> Row for R {}

/// Lends a connection to one statement.
///
/// # Security
/// The connection must not be in a transaction: what a statement wrote is committed when this returns.
/// Lend the connection of a request's own transaction, and its rollback takes back what was counted
/// (CVE-2026-35597) and gives back what was used up.
pub trait Lend: Send + Sync {
    /// Why there was no connection.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Runs the statement by `load`, once: if it failed, nobody knows whether it was committed.
    fn load<R: Row>(
        &self,
        statement: Statement,
    ) -> impl Future<Output = Result<QueryResult<Vec<R>>, Self::Error>> + Send;
}

/// The tables of [`TABLES_SQL`], through connections that are lent.
#[derive(Clone)]
pub struct PgStore<L> {
    lend: L,
    keys: Arc<Keyring>,
}

type PgResult<T, L> = Result<T, PgError<<L as Lend>::Error>>;

impl<L: Lend> PgStore<L> {
    /// The tables, with the keys under which tokens of links wait in the outbox, and verifiers of flows for
    /// browsers to come back.
    pub fn new(lend: L, keys: Keyring) -> PgStore<L> {
        let keys = Arc::new(keys);
        PgStore { lend, keys }
    }

    async fn all<T: Read>(&self, statement: Statement) -> PgResult<Vec<T>, L> {
        let rows = self.lend.load::<Of<T>>(statement).await;
        let rows = rows.map_err(PgError::Lend)?.map_err(PgError::Database)?;
        Ok(rows.into_iter().map(|Of(value)| value).collect())
    }

    async fn first<T: Read>(&self, statement: Statement) -> PgResult<Option<T>, L> {
        Ok(self.all(statement).await?.into_iter().next())
    }

    async fn one<T: Read>(&self, statement: Statement) -> PgResult<T, L> {
        let first = self.first(statement).await?;
        first.ok_or(PgError::Database(diesel::result::Error::NotFound))
    }

    /// Whether it returned a row, which it does if it did something.
    async fn any(&self, statement: Statement) -> PgResult<bool, L> {
        let first = self.first::<There>(statement).await?;
        Ok(first.is_some())
    }

    async fn count(&self, statement: Statement) -> PgResult<u64, L> {
        let Count(count) = self.one(statement).await?;
        Ok(count)
    }
}

impl<L: Lend> Store for PgStore<L> {
    type Error = PgError<L::Error>;
}

impl<L> fmt::Debug for PgStore<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PgStore").finish_non_exhaustive()
    }
}
