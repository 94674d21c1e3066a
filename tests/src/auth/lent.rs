//! Connections that are lent to the store.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{CacheSize, SimpleConnection};
use diesel::r2d2::{self, ConnectionManager};
use diesel::{Connection, PgConnection, QueryResult};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_auth::postgres::{Lend, Row, Statement};

/// A pool of synchronous connections.
#[derive(Clone)]
pub struct SyncPool(r2d2::Pool<ConnectionManager<PgConnection>>);

/// A pool of asynchronous connections.
#[derive(Clone)]
pub struct AsyncPool(deadpool::Pool<AsyncPgConnection>);

/// One synchronous connection.
#[derive(Clone)]
pub struct One(Arc<Mutex<PgConnection>>);

/// One asynchronous connection.
#[derive(Clone)]
pub struct AsyncOne(Arc<tokio::sync::Mutex<AsyncPgConnection>>);

impl SyncPool {
    /// A pool of 16, opened when they are needed.
    pub fn new(url: &str) -> SyncPool {
        let builder = r2d2::Pool::builder().max_size(16).min_idle(Some(0));
        SyncPool(builder.build_unchecked(ConnectionManager::new(url)))
    }
}

impl AsyncPool {
    /// A pool of 16.
    #[allow(clippy::expect_used)]
    pub fn new(url: &str) -> AsyncPool {
        let manager = AsyncDieselConnectionManager::new(url);
        let pool = deadpool::Pool::builder(manager).max_size(16).build();
        AsyncPool(pool.expect("a pool"))
    }
}

impl One {
    /// A connection to `url` that caches no statement.
    #[allow(clippy::expect_used)]
    pub fn new(url: &str) -> One {
        let mut conn = PgConnection::establish(url).expect("a connection");
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        One(Arc::new(Mutex::new(conn)))
    }

    /// Runs statements on the connection.
    #[allow(clippy::expect_used)]
    pub fn execute(&self, sql: &str) {
        let mut conn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        conn.batch_execute(sql).expect("a statement");
    }
}

impl AsyncOne {
    /// A connection to `url` that caches no statement.
    #[allow(clippy::expect_used)]
    pub async fn new(url: &str) -> AsyncOne {
        let conn = AsyncPgConnection::establish(url).await;
        let mut conn = conn.expect("a connection");
        conn.set_prepared_statement_cache_size(CacheSize::Disabled);
        AsyncOne(Arc::new(tokio::sync::Mutex::new(conn)))
    }
}

impl Lend for SyncPool {
    type Error = r2d2::PoolError;

    async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, Self::Error> {
        let mut conn = self.0.get()?;
        Ok(diesel::RunQueryDsl::load(statement, &mut conn))
    }
}

impl Lend for AsyncPool {
    type Error = deadpool::PoolError;

    async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, Self::Error> {
        let mut conn = self.0.get().await?;
        Ok(diesel_async::RunQueryDsl::load(statement, &mut conn).await)
    }
}

impl Lend for One {
    type Error = Infallible;

    async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, Infallible> {
        let mut conn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(diesel::RunQueryDsl::load(statement, &mut *conn))
    }
}

impl Lend for AsyncOne {
    type Error = Infallible;

    async fn load<R: Row>(&self, statement: Statement) -> Result<QueryResult<Vec<R>>, Infallible> {
        let mut conn = self.0.lock().await;
        Ok(diesel_async::RunQueryDsl::load(statement, &mut *conn).await)
    }
}
