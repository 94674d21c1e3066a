use std::ops::DerefMut;
use std::panic::Location;

use diesel::connection::{CacheSize, Instrumentation, TransactionManagerStatus};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::{ConnectionError, ConnectionResult, QueryResult};
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection,
    SimpleAsyncConnection, TransactionManager,
};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::audit::Record;
use super::control::{count, refused};
use crate::async_transaction::depth;
use crate::inner::broken;
use crate::statement::render;
use crate::{AsyncOrgConn, AsyncWork, Scope, Tenancy, trace};

/// [`UnscopedConn`](crate::UnscopedConn), awaited.
pub struct AsyncUnscopedConn<C> {
    unscoped: AsyncUnscoped<C>,
}

impl<C> AsyncUnscopedConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// A connection that nothing has been asked of yet.
    pub fn new(inner: C) -> AsyncUnscopedConn<C> {
        AsyncUnscopedConn {
            unscoped: AsyncUnscoped {
                inner,
                statements: 0,
            },
        }
    }

    /// Runs `work` in a transaction, unguarded, after a record of `reason`, `actor` and the
    /// caller's line was committed: [`UnscopedConn::unscoped`](crate::UnscopedConn::unscoped).
    ///
    /// # Errors
    /// As there.
    #[track_caller]
    pub fn unscoped<'c, R, E, F>(
        &'c mut self,
        reason: &'c str,
        actor: &'c str,
        work: F,
    ) -> impl Future<Output = Result<R, E>> + Send + 'c
    where
        for<'r> F: AsyncFnOnce(&'r mut AsyncUnscoped<C>) -> Result<R, E>
            + AsyncWork<&'r mut AsyncUnscoped<C>, Result<R, E>, Future: Send>
            + Send
            + 'c,
        E: From<Error> + Send + 'c,
        R: Send + 'c,
    {
        let at = Location::caller();
        async move {
            let conn = &mut self.unscoped;
            let open = depth(&mut conn.inner)
                .ok_or_else(broken)
                .inspect_err(trace::refused);
            let record = Record::new(reason, actor, at, open.map_err(Error::from)?);
            let record = record.map_err(Error::from)?;
            let inserted = conn.inner.execute_returning_count(record.clone()).await;
            record.kept(inserted).map_err(Error::from)?;
            conn.statements = 0;
            AnsiTransactionManager::begin_transaction(&mut *conn.inner).await?;
            let result = work(conn).await;
            record.closed(conn.statements);
            let conn = &mut *conn.inner;
            match result {
                Ok(value) => {
                    AnsiTransactionManager::commit_transaction(conn).await?;
                    Ok(value)
                }
                Err(error) => match AnsiTransactionManager::rollback_transaction(conn).await {
                    Ok(()) | Err(Error::BrokenTransactionManager) => Err(error),
                    Err(rollback) => Err(rollback.into()),
                },
            }
        }
    }
}

/// The connection inside [`AsyncUnscopedConn::unscoped`]: [`Unscoped`](crate::Unscoped), awaited.
pub struct AsyncUnscoped<C> {
    inner: C,
    statements: u64,
}

impl<C> AsyncUnscoped<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// A scope within this transaction: what runs in it is guarded as anywhere.
    pub fn scoped(
        &mut self,
        tenancy: &Tenancy,
        scope: Scope,
    ) -> AsyncOrgConn<&mut AsyncPgConnection> {
        AsyncOrgConn::new(&mut *self.inner, tenancy, scope)
    }

    fn count(&mut self, source: &impl QueryFragment<Pg>) -> QueryResult<()> {
        Ok(count(&render(source)?, &mut self.statements)?)
    }
}

impl<C> SimpleAsyncConnection for AsyncUnscoped<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// Always refused: a batch could end the transaction.
    async fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Err(refused("batches are not counted one by one").into())
    }
}

impl<C> AsyncConnectionCore for AsyncUnscoped<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type ExecuteFuture<'conn, 'query> =
        <AsyncPgConnection as AsyncConnectionCore>::ExecuteFuture<'conn, 'query>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Self::Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Stream<'conn, 'query>;
    type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        let query = source.as_query();
        match self.count(&query) {
            Ok(()) => AsyncConnectionCore::load(&mut *self.inner, query),
            Err(error) => ready(Err(error)).boxed(),
        }
    }

    fn execute_returning_count<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> Self::ExecuteFuture<'conn, 'query>
    where
        T: QueryFragment<Pg> + QueryId + 'query,
    {
        match self.count(&source) {
            Ok(()) => AsyncConnectionCore::execute_returning_count(&mut *self.inner, source),
            Err(error) => ready(Err(error)).boxed(),
        }
    }
}

impl<C> AsyncConnection for AsyncUnscoped<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type TransactionManager = AsyncUnscopedTransactionManager;

    /// Always an error: unscoped access begins with a record.
    async fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "unscoped access begins with a record".to_owned(),
        ))
    }

    fn transaction_state(&mut self) -> &mut AnsiTransactionManager {
        self.inner.transaction_state()
    }

    fn instrumentation(&mut self) -> &mut dyn Instrumentation {
        self.inner.instrumentation()
    }

    fn set_instrumentation(&mut self, instrumentation: impl Instrumentation) {
        self.inner.set_instrumentation(instrumentation);
    }

    fn set_prepared_statement_cache_size(&mut self, size: CacheSize) {
        self.inner.set_prepared_statement_cache_size(size);
    }
}

/// Savepoints inside the closure's transaction, which itself is out of reach.
#[derive(Debug, Clone, Copy)]
pub struct AsyncUnscopedTransactionManager;

impl AsyncUnscopedTransactionManager {
    /// The connection, to end a savepoint.
    fn ending<C>(conn: &mut AsyncUnscoped<C>) -> QueryResult<&mut AsyncPgConnection>
    where
        C: DerefMut<Target = AsyncPgConnection>,
    {
        match depth(&mut conn.inner) {
            Some(0 | 1) => Err(refused("transaction control is the closure's own").into()),
            Some(_) => Ok(&mut *conn.inner),
            None => Err(broken().into()),
        }
    }
}

impl<C> TransactionManager<AsyncUnscoped<C>> for AsyncUnscopedTransactionManager
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type TransactionStateData = AnsiTransactionManager;

    async fn begin_transaction(conn: &mut AsyncUnscoped<C>) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(&mut *conn.inner).await
    }

    async fn rollback_transaction(conn: &mut AsyncUnscoped<C>) -> QueryResult<()> {
        AnsiTransactionManager::rollback_transaction(Self::ending(conn)?).await
    }

    async fn commit_transaction(conn: &mut AsyncUnscoped<C>) -> QueryResult<()> {
        AnsiTransactionManager::commit_transaction(Self::ending(conn)?).await
    }

    fn transaction_manager_status_mut(
        conn: &mut AsyncUnscoped<C>,
    ) -> &mut TransactionManagerStatus {
        AnsiTransactionManager::transaction_manager_status_mut(&mut *conn.inner)
    }
}
