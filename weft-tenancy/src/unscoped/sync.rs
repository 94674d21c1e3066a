use std::ops::DerefMut;
use std::panic::Location;

use diesel::QueryResult;
use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation,
    LoadConnection, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::expression::QueryMetadata;
use diesel::pg::Pg;
use diesel::query_builder::{Query, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::{ConnectionError, ConnectionResult};

use super::audit::Record;
use super::control::{count, refused};
use crate::inner::depth;
use crate::statement::render;
use crate::transaction::end;
use crate::{OrgConn, PgInner, Scope, Tenancy, trace};

/// A connection of the service itself, which reaches tables only through
/// [`unscoped`](UnscopedConn::unscoped).
///
/// Give it a pool and a login role of its own.
pub struct UnscopedConn<C> {
    unscoped: Unscoped<C>,
}

impl<C> UnscopedConn<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    /// A connection that nothing has been asked of yet.
    pub fn new(inner: C) -> UnscopedConn<C> {
        UnscopedConn {
            unscoped: Unscoped {
                inner,
                statements: 0,
            },
        }
    }

    /// Runs `work` in a transaction, unguarded, after a record of `reason`, `actor` and the
    /// caller's line was committed to the table of [`AUDIT_TABLE_SQL`](crate::AUDIT_TABLE_SQL).
    ///
    /// The transaction is committed when `work` returns `Ok` and rolled back otherwise; the record
    /// stays.
    ///
    /// ```
    /// # use diesel::prelude::*;
    /// # use weft_tenancy::{PgInner, UnscopedConn};
    /// # diesel::table! { organizations (id) { id -> BigInt, } }
    /// # fn example<T: PgInner>(pooled: Box<T>) -> QueryResult<()> {
    /// let mut conn = UnscopedConn::new(pooled);
    /// let all: i64 = conn.unscoped("monthly invoice run", "job:invoices", |conn| {
    ///     organizations::table.count().get_result(conn)
    /// })?;
    /// # let _ = all; Ok(()) }
    /// ```
    ///
    /// # Errors
    /// A [`Refusal`](crate::Refusal) of kind [`Audit`](crate::RefusalKind::Audit) without a reason
    /// or an actor, inside an open transaction, or when the record cannot be written: then `work`
    /// is not called. What `work` returns, and what beginning and ending a transaction return.
    #[track_caller]
    pub fn unscoped<R, E>(
        &mut self,
        reason: &str,
        actor: &str,
        work: impl FnOnce(&mut Unscoped<C>) -> Result<R, E>,
    ) -> Result<R, E>
    where
        E: From<Error>,
    {
        let at = Location::caller();
        let conn = &mut self.unscoped;
        let open = depth(&mut *conn.inner)
            .inspect_err(trace::refused)
            .map_err(Error::from)?;
        let record = Record::new(reason, actor, at, open).map_err(Error::from)?;
        record
            .kept(conn.inner.execute_returning_count(&record))
            .map_err(Error::from)?;
        conn.statements = 0;
        AnsiTransactionManager::begin_transaction(&mut *conn.inner)?;
        let result = work(conn);
        record.closed(conn.statements);
        end::<_, AnsiTransactionManager, _, _>(&mut *conn.inner, |_| result)
    }
}

/// The connection inside [`UnscopedConn::unscoped`]: a Diesel connection without a guard.
///
/// Savepoints work as ever; the transaction itself can only be ended by leaving the closure, and
/// batches are refused because they could end it.
pub struct Unscoped<C> {
    inner: C,
    statements: u64,
}

impl<C> Unscoped<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    /// A scope within this transaction: what runs in it is guarded as anywhere.
    pub fn scoped(&mut self, tenancy: &Tenancy, scope: Scope) -> OrgConn<&mut C::Target> {
        OrgConn::new(&mut *self.inner, tenancy, scope)
    }

    fn count(&mut self, source: &impl QueryFragment<Pg>) -> QueryResult<()> {
        Ok(count(&render(source)?, &mut self.statements)?)
    }
}

impl<C> ConnectionSealed for Unscoped<C> {}

impl<C> SimpleConnection for Unscoped<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    /// Always refused: a batch could end the transaction.
    fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Err(refused("batches are not counted one by one").into())
    }
}

impl<C> Connection for Unscoped<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    type Backend = Pg;
    type TransactionManager = UnscopedTransactionManager;

    /// Always an error: unscoped access begins with a record.
    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(ConnectionError::BadConnection(
            "unscoped access begins with a record".to_owned(),
        ))
    }

    fn execute_returning_count<Q>(&mut self, source: &Q) -> QueryResult<usize>
    where
        Q: QueryFragment<Pg> + QueryId,
    {
        self.count(source)?;
        self.inner.execute_returning_count(source)
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

impl<C> LoadConnection for Unscoped<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    type Cursor<'conn, 'query>
        = <C::Target as LoadConnection>::Cursor<'conn, 'query>
    where
        Self: 'conn;
    type Row<'conn, 'query>
        = <C::Target as LoadConnection>::Row<'conn, 'query>
    where
        Self: 'conn;

    fn load<'conn, 'query, Q>(
        &'conn mut self,
        source: Q,
    ) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        Q: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<Q::SqlType>,
    {
        self.count(&source)?;
        LoadConnection::load(&mut *self.inner, source)
    }
}

/// Savepoints inside the closure's transaction, which itself is out of reach.
#[derive(Debug, Clone, Copy)]
pub struct UnscopedTransactionManager;

impl UnscopedTransactionManager {
    /// The connection, to end a savepoint.
    fn ending<C>(conn: &mut Unscoped<C>) -> QueryResult<&mut C::Target>
    where
        C: DerefMut,
        C::Target: PgInner,
    {
        match depth(&mut *conn.inner) {
            Ok(0 | 1) => Err(refused("transaction control is the closure's own").into()),
            _ => Ok(&mut *conn.inner),
        }
    }
}

impl<C> TransactionManager<Unscoped<C>> for UnscopedTransactionManager
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    type TransactionStateData = AnsiTransactionManager;

    fn begin_transaction(conn: &mut Unscoped<C>) -> QueryResult<()> {
        AnsiTransactionManager::begin_transaction(&mut *conn.inner)
    }

    fn rollback_transaction(conn: &mut Unscoped<C>) -> QueryResult<()> {
        AnsiTransactionManager::rollback_transaction(Self::ending(conn)?)
    }

    fn commit_transaction(conn: &mut Unscoped<C>) -> QueryResult<()> {
        AnsiTransactionManager::commit_transaction(Self::ending(conn)?)
    }

    fn transaction_manager_status_mut(conn: &mut Unscoped<C>) -> &mut TransactionManagerStatus {
        AnsiTransactionManager::transaction_manager_status_mut(&mut *conn.inner)
    }
}
