use std::marker::PhantomData;
use std::ops::DerefMut;
use std::sync::Arc;

use diesel::connection::{
    CacheSize, Instrumentation, TransactionDepthChange, TransactionManagerStatus,
};
use diesel::deserialize::FromSqlRow;
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, IntoUpdateTarget, QueryFragment, QueryId};
use diesel::result::Error;
use diesel::sql_types::Text;
use diesel::{AsChangeset, ConnectionResult, Identifiable, QueryResult};
use diesel_async::methods::LoadQuery;
use diesel_async::{
    AnsiTransactionManager, AsyncConnection, AsyncConnectionCore, AsyncPgConnection, RunQueryDsl,
    SimpleAsyncConnection, TransactionManager, UpdateAndFetchResults,
};
use futures_util::future::{BoxFuture, ready};
use futures_util::stream::iter;
use futures_util::{FutureExt, StreamExt, TryFutureExt, TryStreamExt};

use crate::async_transaction::{AsyncOrgTransactionManager, depth, is_broken};
use crate::conn::{Ending, cannot_establish, no_batches, not_begun_here};
use crate::context::Context;
use crate::explain::EXPLAIN;
use crate::fence::Fence;
use crate::flight::{alone, change, first, roll_back, take};
use crate::inner::broken;
use crate::session::{Moment, Session, pin_async};
use crate::statement::{Sourced, Types, collect, render};
use crate::transaction::TransactionBuilder;
use crate::{
    AsyncSnapshot, Explained, Key, Refusal, RefusalKind, RowSecurity, Scope, Tenancy, trace,
};

/// A diesel-async connection that sees one organisation: [`OrgConn`](crate::OrgConn), awaited.
///
/// ```
/// use diesel::prelude::*;
/// use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
/// use weft_tenancy::{AsyncOrgConn, Scope};
///
/// diesel::table! { organizations (id) { id -> BigInt, } }
/// diesel::table! { notes (org_id, id) { org_id -> BigInt, id -> BigInt, text -> Text, } }
///
/// weft_tenancy::tenancy! {
///     TENANCY: i64;
///     root organizations(id);
///     org notes(org_id);
/// }
///
/// # async fn example(pooled: Box<AsyncPgConnection>) -> QueryResult<()> {
/// let mut conn = AsyncOrgConn::new(pooled, &TENANCY, Scope::org(7_i64));
/// conn.transaction(async |conn| {
///     diesel::update(notes::table.find((7_i64, 1_i64)))
///         .set(notes::text.eq("done"))
///         .execute(conn)
///         .await
/// })
/// .await?;
/// # Ok(()) }
/// ```
///
/// # Pipelining
/// As with [`AsyncPgConnection`], futures over `&conn` joined together go out at once. The session
/// must be ready for it: call [`prepare`](AsyncOrgConn::prepare) first. Under row-level security
/// this is for statements within one transaction; a statement by itself shares a pipeline with the
/// BEGIN, context and COMMIT of its own.
///
/// # Security
/// As [`OrgConn`](crate::OrgConn). There is no `Deref`:
///
/// ```compile_fail,E0614
/// # use weft_tenancy::AsyncOrgConn;
/// # use diesel_async::AsyncPgConnection;
/// fn inner(conn: &mut AsyncOrgConn<Box<AsyncPgConnection>>) -> &mut AsyncPgConnection {
///     &mut **conn
/// }
/// ```
pub struct AsyncOrgConn<C> {
    inner: C,
    fence: Arc<Fence>,
    session: Arc<Session>,
    context: Option<Context>,
    floor: u32,
}

impl<C> AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// A connection within `scope`. Nothing is sent yet: what is wrong with the scope or with the
    /// connection is the error of the first statement.
    pub fn new(mut inner: C, tenancy: &Tenancy, scope: Scope) -> AsyncOrgConn<C> {
        let floor = depth(&mut inner).unwrap_or(0);
        AsyncOrgConn {
            inner,
            fence: Arc::new(Fence::new(tenancy, scope)),
            session: Arc::default(),
            context: None,
            floor,
        }
    }

    /// The same under row-level security: every statement runs in a transaction that has set the
    /// scope's context, one of its own where none is open.
    ///
    /// A statement of its own takes one round trip once its text is known to the session; its rows
    /// are held until they are committed. A future that is dropped half-way is rolled back.
    #[must_use]
    pub fn with_row_security(self, security: &RowSecurity) -> AsyncOrgConn<C> {
        let context = Context::new(security, self.fence.tenancy(), self.fence.scope());
        AsyncOrgConn {
            context: Some(context),
            ..self
        }
    }

    /// The same for reading alone: all statements see one moment, in one transaction.
    pub fn snapshot(mut self) -> AsyncSnapshot<C> {
        let is_free = self.session.is_at(Moment::None) && depth(&mut self.inner) == Some(0);
        if is_free {
            self.session.set_moment(Moment::Due);
        }
        AsyncSnapshot::new(self, is_free)
    }

    /// The scope.
    pub fn scope(&self) -> &Scope {
        self.fence.scope()
    }

    /// The same connection with only `shops` of the scope left, for as long as it is borrowed.
    ///
    /// Transactions that this connection has open are open in the narrowed one.
    pub fn narrowed<K: Into<Key>>(
        &mut self,
        shops: impl IntoIterator<Item = K>,
    ) -> AsyncOrgConn<&mut AsyncPgConnection> {
        let fence = self.fence.narrowed_to(shops);
        self.within(fence)
    }

    /// The same connection with soft-deleted rows in sight, for as long as it is borrowed.
    pub fn showing_deleted(&mut self) -> AsyncOrgConn<&mut AsyncPgConnection> {
        let fence = self.fence.showing_deleted();
        self.within(fence)
    }

    fn within(&mut self, fence: Fence) -> AsyncOrgConn<&mut AsyncPgConnection> {
        let floor = depth(&mut self.inner).unwrap_or(self.floor);
        let context = self.context.as_ref();
        AsyncOrgConn {
            inner: &mut *self.inner,
            context: context.map(|context| context.of(fence.scope())),
            fence: Arc::new(fence),
            session: Arc::clone(&self.session),
            floor,
        }
    }

    /// Readies the session, or gives the open transaction this scope's context, as the first
    /// statement would: one round trip. After it, queries may be pipelined over `&conn`.
    ///
    /// # Errors
    /// A [`Refusal`] when the session cannot be vouched for; what the server says.
    pub async fn prepare(&mut self) -> QueryResult<()> {
        let depth = self.ready().await?;
        match &self.context {
            Some(context) if depth > 0 => {
                change(&self.inner, context, &self.session, ready(Ok(()))).await
            }
            _ => Ok(()),
        }
    }

    /// A transaction with an isolation level, read-only or deferrable.
    pub fn build_transaction(&mut self) -> TransactionBuilder<'_, AsyncOrgConn<C>> {
        TransactionBuilder::new(self)
    }

    /// The guarded text of `query` and the server's plan for it. Nothing is executed.
    ///
    /// # Errors
    /// As executing it: a [`Refusal`], or what the server says of it.
    ///
    /// # Security
    /// For developers: a plan shows estimates, which come from all tenants' rows.
    pub fn explain<'conn, Q>(&'conn mut self, query: Q) -> BoxFuture<'conn, QueryResult<Explained>>
    where
        Q: AsQuery,
        Q::Query: QueryFragment<Pg> + Send + 'conn,
    {
        let planned = self.statement::<Text, _>(EXPLAIN, query.as_query());
        let (statement, settled) = match planned {
            Ok(planned) => planned,
            Err(error) => return ready(Err(error)).boxed(),
        };
        let sql = statement.guarded.sql().to_owned();
        let rows = self.loaded(statement, settled);
        async move {
            let rows: Vec<_> = rows.await?.try_collect().await?;
            let lines = rows.iter().map(|row| {
                <String as FromSqlRow<Text, Pg>>::build_from_row(row)
                    .map_err(Error::DeserializationError)
            });
            let lines: Vec<_> = lines.collect::<QueryResult<_>>()?;
            Ok(Explained::new(&sql, &lines))
        }
        .boxed()
    }

    /// Sends a statement that returns rows.
    fn loaded<'conn, ST, Q>(
        &'conn mut self,
        statement: Sourced<ST, Q>,
        settled: bool,
    ) -> BoxFuture<'conn, QueryResult<Stream<'conn, 'conn>>>
    where
        Q: QueryFragment<Pg>,
    {
        let place = match self.place() {
            Ok(place) => place,
            Err(error) => return ready(Err(error)).boxed(),
        };
        let mut conn: &'conn AsyncPgConnection = &self.inner;
        // Takes all it needs of the statement now, and sends nothing until it is polled.
        let sent = AsyncConnectionCore::load(&mut conn, statement);
        if self.context.is_some() && place == Place::Alone {
            let rows = sent.and_then(|rows| rows.try_collect::<Vec<_>>()).boxed();
            let rows = self.send(place, settled, rows);
            return rows
                .map_ok(|rows| iter(rows.into_iter().map(Ok)).boxed())
                .boxed();
        }
        self.send(place, settled, sent)
    }

    /// Puts before `sent`, which runs in that place, what must be sent before it.
    fn send<'conn, R: Send + 'conn>(
        &'conn self,
        place: Place,
        settled: bool,
        sent: BoxFuture<'conn, QueryResult<R>>,
    ) -> BoxFuture<'conn, QueryResult<R>> {
        let (conn, session) = (&*self.inner, &*self.session);
        let sent = match (place, &self.context) {
            (Place::First, context) => first(conn, context.as_ref(), session, sent).boxed(),
            (Place::Alone, Some(context)) => alone(conn, context, settled, sent).boxed(),
            (Place::Within, Some(context)) if session.context() != context.number() => {
                change(conn, context, session, sent).boxed()
            }
            _ => sent,
        };
        match self.needs_pins() && !session.is_pinned() {
            true => pinned_first(conn, self.fence.tenancy(), session, sent).boxed(),
            false => sent,
        }
    }

    /// Whether settings do not travel with BEGIN.
    fn needs_pins(&self) -> bool {
        self.context.as_ref().is_none_or(Context::pins_session)
    }

    /// The depth of the open transaction, on a connection that is sound and pinned if need be. A
    /// snapshot that is due is open then.
    async fn ready(&mut self) -> QueryResult<u32> {
        if self.place()? == Place::First {
            let nothing = ready(Ok(())).boxed();
            self.send(Place::First, true, nothing).await?;
        } else if self.needs_pins() {
            pin_async(&self.inner, self.fence.tenancy(), &self.session).await?;
        }
        self.depth()
    }

    /// Where the next statement runs. If it is the first of a snapshot, it is the one from here on.
    fn place(&mut self) -> QueryResult<Place> {
        if self.depth()? > 0 {
            return Ok(Place::Within);
        }
        if !self.session.is_at(Moment::Due) {
            return Ok(Place::Alone);
        }
        // Diesel is told before the message goes out: a pool must not take for idle what may be open.
        let change = TransactionDepthChange::IncreaseDepth;
        if let TransactionManagerStatus::Valid(status) = self.status() {
            status.change_transaction_depth(change)?;
        }
        self.session.set_moment(Moment::Beginning);
        Ok(Place::First)
    }

    fn depth(&mut self) -> QueryResult<u32> {
        let depth = depth(&mut self.inner).filter(|_| !self.session.is_at(Moment::Beginning));
        Ok(depth.ok_or_else(broken).inspect_err(trace::refused)?)
    }

    /// Whether a transaction is open, or is to be opened by the next statement.
    pub(crate) fn in_transaction(&mut self) -> QueryResult<bool> {
        Ok(self.session.is_at(Moment::Due) || self.status().transaction_depth()?.is_some())
    }

    /// Ends the snapshot, and does not wait for it. Where the state of its transaction is unknown, the
    /// mark of that stays.
    pub(crate) fn end_snapshot(&mut self) {
        let was_begun = self.session.has_snapshot();
        self.session.set_moment(Moment::None);
        self.forget_context();
        if !was_begun || depth(&mut self.inner).is_none() {
            return;
        }
        roll_back(&self.inner);
        let change = TransactionDepthChange::DecreaseDepth;
        if let TransactionManagerStatus::Valid(status) = self.status() {
            while status.change_transaction_depth(change).is_ok() {}
        }
    }

    /// Begins with `sql` outside a transaction, with a savepoint inside one.
    pub(crate) async fn begin(&mut self, sql: &str) -> QueryResult<()> {
        if self.ready().await? > 0 {
            return AnsiTransactionManager::begin_transaction(&mut *self.inner).await;
        }
        // Whatever was open when the scope was put on is gone.
        self.floor = 0;
        let Some(context) = &self.context else {
            return AnsiTransactionManager::begin_transaction_sql(&mut *self.inner, sql).await;
        };
        let (message, step) = context.begin(sql);
        let conn = &mut *self.inner;
        if let Err(error) = AnsiTransactionManager::begin_transaction_sql(conn, &message).await {
            // BEGIN itself may have succeeded, and what stands behind it failed.
            let _ = SimpleAsyncConnection::batch_execute(conn, "ROLLBACK").await;
            return Err(error);
        }
        if let Some(step) = step
            && let Err(error) = take(&self.inner, step).await
        {
            let _ = AnsiTransactionManager::rollback_transaction(&mut *self.inner).await;
            return Err(error);
        }
        self.session.set_context(context.number());
        Ok(())
    }

    /// The inner connection, to end a transaction or savepoint that was begun through this one.
    pub(crate) fn ending(&mut self, ending: Ending) -> QueryResult<&mut AsyncPgConnection> {
        let depth = self.depth()?;
        let snapshot = u32::from(self.session.has_snapshot());
        if depth > 0 && depth <= self.floor.max(snapshot) {
            return Err(not_begun_here().into());
        }
        // ROLLBACK TO restores the context that the savepoint had; RELEASE keeps the newest.
        if depth <= 1 || ending == Ending::Rollback {
            self.forget_context();
        }
        Ok(&mut *self.inner)
    }

    /// Lets the next statement set its context again: a RELEASE that fails becomes a ROLLBACK TO.
    fn forget_context(&self) {
        self.session.set_context(0);
    }

    /// Cleans up after a COMMIT or RELEASE that failed. A COMMIT that was not even run left its
    /// transaction open, and diesel-async takes it for ended.
    pub(crate) async fn not_committed(&mut self) {
        self.forget_context();
        if depth(&mut self.inner) == Some(0) {
            let _ = SimpleAsyncConnection::batch_execute(&mut *self.inner, "ROLLBACK").await;
        }
    }

    pub(crate) fn status(&mut self) -> &mut TransactionManagerStatus {
        AnsiTransactionManager::transaction_manager_status_mut(&mut *self.inner)
    }

    pub(crate) fn is_broken(&mut self) -> bool {
        is_broken(&mut self.inner)
    }
}

impl<C> AsyncOrgConn<C> {
    /// Guards `source` and checks what this call brings; whether all its types are known too.
    fn statement<ST, Q>(
        &self,
        prefix: &'static str,
        source: Q,
    ) -> QueryResult<(Sourced<ST, Q>, bool)>
    where
        Q: QueryFragment<Pg>,
    {
        let sql = render(&source)?;
        let mut types = Types::default();
        let binds = collect(&source, &mut types)?;
        let guarded = self.fence.admit(&sql, &binds)?;
        let (fence, binds) = (Arc::clone(&self.fence), binds.binds.len());
        let statement = Sourced {
            prefix,
            guarded,
            fence,
            binds,
            source,
            returns: PhantomData,
        };
        Ok((statement, !types.lacks_any()))
    }
}

/// Where a statement runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In no transaction but its own.
    Alone,
    /// In the snapshot that it begins.
    First,
    /// In the transaction that is open.
    Within,
}

/// What runs on a shared connection, once the session is pinned.
async fn pinned_first<R>(
    conn: &AsyncPgConnection,
    tenancy: &Tenancy,
    session: &Session,
    sent: BoxFuture<'_, QueryResult<R>>,
) -> QueryResult<R> {
    pin_async(conn, tenancy, session).await?;
    sent.await
}

impl<C> SimpleAsyncConnection for AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    /// Always refused: a batch is neither read nor guarded.
    async fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Err(no_batches().into())
    }
}

type Stream<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Stream<'conn, 'query>;
type Row<'conn, 'query> = <AsyncPgConnection as AsyncConnectionCore>::Row<'conn, 'query>;

impl<C> AsyncConnectionCore for AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type ExecuteFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'conn, QueryResult<Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = Stream<'conn, 'query>;
    type Row<'conn, 'query> = Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        match self.statement::<T::SqlType, _>("", source.as_query()) {
            Ok((statement, settled)) => self.loaded(statement, settled),
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
        let statement = self.statement::<(), _>("", source);
        let sent = statement.and_then(|statement| Ok((statement, self.place()?)));
        let ((statement, settled), place) = match sent {
            Ok(sent) => sent,
            Err(error) => return ready(Err(error)).boxed(),
        };
        let mut conn: &'conn AsyncPgConnection = &self.inner;
        let sent = AsyncConnectionCore::execute_returning_count(&mut conn, statement);
        self.send(place, settled, sent)
    }
}

impl<C> AsyncConnection for AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
{
    type TransactionManager = AsyncOrgTransactionManager;

    /// Always an error: a scope is put on a connection that exists.
    async fn establish(_: &str) -> ConnectionResult<Self> {
        Err(cannot_establish())
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

impl<C> SimpleAsyncConnection for &AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send + Sync,
{
    /// Always refused: a batch is neither read nor guarded.
    async fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Err(no_batches().into())
    }
}

/// Several futures over one shared connection go out at once.
impl<'a, C> AsyncConnectionCore for &'a AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send + Sync,
{
    type ExecuteFuture<'conn, 'query> = BoxFuture<'a, QueryResult<usize>>;
    type LoadFuture<'conn, 'query> = BoxFuture<'a, QueryResult<Stream<'conn, 'query>>>;
    type Stream<'conn, 'query> = Stream<'conn, 'query>;
    type Row<'conn, 'query> = Row<'conn, 'query>;
    type Backend = Pg;

    fn load<'conn, 'query, T>(&'conn mut self, source: T) -> Self::LoadFuture<'conn, 'query>
    where
        T: AsQuery + 'query,
        T::Query: QueryFragment<Pg> + QueryId + 'query,
    {
        match self.pipelined::<T::SqlType, _>(source.as_query()) {
            Ok((mut conn, statement)) => AsyncConnectionCore::load(&mut conn, statement),
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
        match self.pipelined::<(), _>(source) {
            Ok((mut conn, statement)) => {
                AsyncConnectionCore::execute_returning_count(&mut conn, statement)
            }
            Err(error) => ready(Err(error)).boxed(),
        }
    }
}

impl<C> AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection>,
{
    fn pipelined<ST, Q>(&self, source: Q) -> QueryResult<(&AsyncPgConnection, Sourced<ST, Q>)>
    where
        Q: QueryFragment<Pg>,
    {
        let is_ready = match &self.context {
            None => self.session.is_pinned(),
            Some(context) => self.session.context() == context.number(),
        };
        if !is_ready {
            let detail =
                "call `prepare` before pipelining, and under row-level security in a transaction";
            let refusal = Err(Refusal::new(RefusalKind::Connection, detail));
            refusal.inspect_err(trace::refused)?;
        }
        Ok((&*self.inner, self.statement("", source)?.0))
    }
}

impl<'b, C, Changes, Output, Tab, V> UpdateAndFetchResults<Changes, Output> for AsyncOrgConn<C>
where
    C: DerefMut<Target = AsyncPgConnection> + Send,
    Output: Send + 'static,
    Changes: Copy + AsChangeset<Target = Tab> + Send + Identifiable<Table = Tab>,
    Tab: diesel::Table + diesel::query_dsl::methods::FindDsl<Changes::Id> + 'b,
    diesel::dsl::Find<Tab, Changes::Id>: IntoUpdateTarget<Table = Tab, WhereClause = V>,
    diesel::query_builder::UpdateStatement<Tab, V, Changes::Changeset>: AsQuery,
    diesel::dsl::Update<Changes, Changes>: LoadQuery<'b, Self, Output>,
    V: Send + 'b,
    Changes::Changeset: Send + 'b,
    Tab::FromClause: Send,
{
    fn update_and_fetch<'conn, 'changes>(
        &'conn mut self,
        changeset: Changes,
    ) -> BoxFuture<'changes, QueryResult<Output>>
    where
        Changes: 'changes,
        'conn: 'changes,
        Self: 'changes,
    {
        async move { RunQueryDsl::get_result(diesel::update(changeset).set(changeset), self).await }
            .boxed()
    }
}
