use std::marker::PhantomData;
use std::ops::DerefMut;
use std::sync::Arc;

use diesel::connection::{
    AnsiTransactionManager, CacheSize, Connection, ConnectionSealed, Instrumentation,
    LoadConnection, SimpleConnection, TransactionManager, TransactionManagerStatus,
};
use diesel::expression::{MixedAggregates, QueryMetadata, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::query_builder::{AsQuery, Query, QueryFragment, QueryId};
use diesel::query_dsl::{LoadQuery, UpdateAndFetchResults};
use diesel::{ConnectionError, ConnectionResult, QueryResult};

use crate::context::Context;
use crate::fence::{Binds, Fence};
use crate::guard::Guarded;
use crate::inner::{PgInner, depth};
use crate::session::{Session, pin};
use crate::statement::{Collected, Types, collect, render};
use crate::transaction::{OrgTransactionManager, TransactionBuilder, end};
use crate::{Explained, Key, Refusal, RefusalKind, RowSecurity, Scope, Tenancy, trace};

/// A Diesel connection that sees one organisation.
///
/// It wraps what a pool hands out, or a `Box` or `&mut` of a connection, and is a
/// [`diesel::Connection`] itself: queries, joins, associations, `save_changes`, `sql_query`,
/// transactions and savepoints work as ever, and each statement is guarded on its way.
///
/// ```
/// use diesel::prelude::*;
/// use weft_tenancy::{OrgConn, Scope};
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
/// # use weft_tenancy::PgInner;
/// # fn example<T: PgInner>(pooled: Box<T>) -> QueryResult<()> {
/// let mut conn = OrgConn::new(pooled, &TENANCY, Scope::org(7_i64));
/// // The organisation's notes, and nobody else's:
/// let texts: Vec<String> = notes::table.select(notes::text).load(&mut conn)?;
/// // Its cell is filled when it is left out:
/// diesel::insert_into(notes::table)
///     .values((notes::id.eq(1_i64), notes::text.eq("hello")))
///     .execute(&mut conn)?;
/// # Ok(()) }
/// ```
///
/// # Security
/// There is no way from here to the connection inside: no `Deref`, no batches (`batch_execute` is
/// always refused), no `COPY`, no row-by-row loading, no notifications. These do not compile:
///
/// ```compile_fail,E0614
/// # use weft_tenancy::{OrgConn, PgInner};
/// fn inner<T: PgInner>(conn: &mut OrgConn<Box<T>>) -> &mut T {
///     &mut **conn
/// }
/// ```
///
/// ```compile_fail,E0616
/// # use weft_tenancy::{OrgConn, PgInner};
/// fn inner<T: PgInner>(conn: OrgConn<Box<T>>) -> Box<T> {
///     conn.inner
/// }
/// ```
///
/// Without [`with_row_security`](OrgConn::with_row_security) the session's settings are set once for
/// each scope value, not in each transaction: connect directly or through a pooler in session mode.
///
/// What a tenant's condition is evaluated on is Postgres's choice; only row-level security keeps
/// an error that a foreign row causes from being raised. Do not show a server's error text.
pub struct OrgConn<C> {
    inner: C,
    fence: Fence,
    session: Arc<Session>,
    context: Option<Context>,
    floor: u32,
}

impl<C> OrgConn<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    /// A connection within `scope`. Nothing is sent yet: what is wrong with the scope or with the
    /// connection is the error of the first statement.
    pub fn new(mut inner: C, tenancy: &Tenancy, scope: Scope) -> OrgConn<C> {
        let floor = depth(&mut *inner).unwrap_or(0);
        OrgConn {
            inner,
            fence: Fence::new(tenancy, scope),
            session: Arc::default(),
            context: None,
            floor,
        }
    }

    /// The same under row-level security: every statement runs in a transaction that has set the
    /// scope's context, one of its own where none is open.
    ///
    /// A row that a statement of its own returns is committed when it is seen.
    #[must_use]
    pub fn with_row_security(self, security: &RowSecurity) -> OrgConn<C> {
        let context = Context::new(security, self.fence.tenancy(), self.fence.scope());
        OrgConn {
            context: Some(context),
            ..self
        }
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
    ) -> OrgConn<&mut C::Target> {
        let fence = self.fence.narrowed_to(shops);
        self.within(fence)
    }

    /// The same connection with soft-deleted rows in sight, for as long as it is borrowed.
    pub fn showing_deleted(&mut self) -> OrgConn<&mut C::Target> {
        let fence = self.fence.showing_deleted();
        self.within(fence)
    }

    fn within(&mut self, fence: Fence) -> OrgConn<&mut C::Target> {
        let floor = depth(&mut *self.inner).unwrap_or(self.floor);
        let context = self.context.as_ref();
        OrgConn {
            inner: &mut *self.inner,
            context: context.map(|context| context.of(fence.scope())),
            fence,
            session: Arc::clone(&self.session),
            floor,
        }
    }

    /// A transaction with an isolation level, read-only or deferrable.
    pub fn build_transaction(&mut self) -> TransactionBuilder<'_, OrgConn<C>> {
        TransactionBuilder::new(self)
    }

    /// The guarded text of `query` and the server's plan for it. Nothing is executed.
    ///
    /// # Errors
    /// As executing it: a [`Refusal`], or what the server says of it.
    ///
    /// # Security
    /// For developers: a plan shows estimates, which come from all tenants' rows.
    pub fn explain<Q>(&mut self, query: Q) -> QueryResult<Explained>
    where
        Q: AsQuery,
        Q::Query: QueryFragment<Pg>,
    {
        self.run(&query.as_query(), Explained::load)
    }

    /// Guards `source`, checks what this call brings, readies the session and sends the statement.
    fn run<ST, R>(
        &mut self,
        source: &impl QueryFragment<Pg>,
        send: impl FnOnce(&mut C::Target, Collected<ST>) -> QueryResult<R>,
    ) -> QueryResult<R> {
        let sql = render(source)?;
        let mut types = Types::default();
        let binds = collect(source, &mut types)?;
        let guarded = self.fence.admit(&sql, &binds)?;
        let depth = self.ready()?;
        let (fence, conn) = (&self.fence, &mut *self.inner);
        let sent = |conn: &mut C::Target| {
            let statement = finish(conn, fence, source, guarded, (binds, types))?;
            send(conn, statement)
        };
        match &self.context {
            Some(context) if depth == 0 => {
                context.open(conn, "BEGIN")?;
                end::<_, AnsiTransactionManager, _, _>(conn, sent)
            }
            Some(context) if self.session.context() != context.number() => {
                self.session.set_context(0);
                context.change().take(conn)?;
                self.session.set_context(context.number());
                sent(conn)
            }
            _ => sent(conn),
        }
    }

    /// The depth of the open transaction, on a connection that is sound and, where settings do not
    /// travel with BEGIN, pinned.
    fn ready(&mut self) -> QueryResult<u32> {
        let depth = depth(&mut *self.inner).inspect_err(trace::refused)?;
        if self.context.as_ref().is_none_or(Context::pins_session) {
            pin(&mut *self.inner, self.fence.tenancy(), &self.session)?;
        }
        Ok(depth)
    }

    /// Begins with `sql` outside a transaction, with a savepoint inside one.
    pub(crate) fn begin(&mut self, sql: &str) -> QueryResult<()> {
        if self.ready()? > 0 {
            return AnsiTransactionManager::begin_transaction(&mut *self.inner);
        }
        // Whatever was open when the scope was put on is gone.
        self.floor = 0;
        let Some(context) = &self.context else {
            return AnsiTransactionManager::begin_transaction_sql(&mut *self.inner, sql);
        };
        context.open(&mut *self.inner, sql)?;
        self.session.set_context(context.number());
        Ok(())
    }

    /// The inner connection, to end a transaction or savepoint that was begun through this one.
    pub(crate) fn ending(&mut self, ending: Ending) -> QueryResult<&mut C::Target> {
        let depth = depth(&mut *self.inner).unwrap_or(0);
        if depth > 0 && depth <= self.floor {
            return Err(not_begun_here().into());
        }
        // ROLLBACK TO restores the context that the savepoint had; RELEASE keeps the newest.
        if depth <= 1 || ending == Ending::Rollback {
            self.forget_context();
        }
        Ok(&mut *self.inner)
    }

    /// Lets the next statement set its context again: a RELEASE that fails becomes a ROLLBACK TO.
    pub(crate) fn forget_context(&self) {
        self.session.set_context(0);
    }

    pub(crate) fn status(&mut self) -> &mut TransactionManagerStatus {
        AnsiTransactionManager::transaction_manager_status_mut(&mut *self.inner)
    }
}

pub(crate) fn no_batches() -> Refusal {
    let refusal = Refusal::new(RefusalKind::Control, "batches do not pass through a scope");
    trace::refused(&refusal);
    refusal
}

pub(crate) fn not_begun_here() -> Refusal {
    let detail = "the transaction was begun outside this scope";
    let refusal = Refusal::new(RefusalKind::Control, detail);
    trace::refused(&refusal);
    refusal
}

pub(crate) fn cannot_establish() -> ConnectionError {
    ConnectionError::BadConnection("a scope is put on a connection that exists".to_owned())
}

/// How a transaction or savepoint ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    Commit,
    Rollback,
}

/// The statement to send, once the server has told the numbers of its custom types.
fn finish<ST>(
    conn: &mut impl PgInner,
    fence: &Fence,
    source: &impl QueryFragment<Pg>,
    guarded: Arc<Guarded>,
    (mut binds, mut types): (Binds, Types),
) -> QueryResult<Collected<ST>> {
    for _ in 0..MAX_READINGS {
        if !types.resolve(conn) {
            fence.check(&guarded, &binds).inspect_err(trace::refused)?;
            fence
                .append(&guarded, &mut binds)
                .inspect_err(trace::refused)?;
            return Ok(Collected {
                prefix: "",
                guarded,
                cacheable: source.is_safe_to_cache_prepared(&Pg)?,
                binds,
                returns: PhantomData,
            });
        }
        let count = binds.binds.len();
        binds = collect(source, &mut types)?;
        if binds.binds.len() != count {
            break;
        }
    }
    let detail = "the binds changed between two readings";
    Err(Refusal::new(RefusalKind::Unproved, detail)).inspect_err(trace::refused)?
}

/// How often the binds of one call are read: one reading finds out what custom types it has, the
/// next knows them.
const MAX_READINGS: u32 = 4;

impl<C> ConnectionSealed for OrgConn<C> {}

impl<C> SimpleConnection for OrgConn<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    /// Always refused: a batch is neither read nor guarded.
    fn batch_execute(&mut self, _: &str) -> QueryResult<()> {
        Err(no_batches().into())
    }
}

impl<C> Connection for OrgConn<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    type Backend = Pg;
    type TransactionManager = OrgTransactionManager;

    /// Always an error: a scope is put on a connection that exists.
    fn establish(_: &str) -> ConnectionResult<Self> {
        Err(cannot_establish())
    }

    fn execute_returning_count<T>(&mut self, source: &T) -> QueryResult<usize>
    where
        T: QueryFragment<Pg> + QueryId,
    {
        self.run(source, |conn, statement: Collected<()>| {
            conn.execute_returning_count(&statement)
        })
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

impl<C> LoadConnection for OrgConn<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
{
    type Cursor<'conn, 'query>
        = <C::Target as PgInner>::Rows
    where
        Self: 'conn;
    type Row<'conn, 'query>
        = <C::Target as PgInner>::Row
    where
        Self: 'conn;

    fn load<'conn, 'query, T>(
        &'conn mut self,
        source: T,
    ) -> QueryResult<Self::Cursor<'conn, 'query>>
    where
        T: Query + QueryFragment<Pg> + QueryId + 'query,
        Pg: QueryMetadata<T::SqlType>,
    {
        self.run(&source, |conn, statement: Collected<T::SqlType>| {
            LoadConnection::load(conn, statement)
        })
    }
}

impl<'b, C, Changes, Output> UpdateAndFetchResults<Changes, Output> for OrgConn<C>
where
    C: DerefMut + Send,
    C::Target: PgInner,
    Changes: Copy
        + diesel::AsChangeset<Target = <Changes as diesel::associations::HasTable>::Table>
        + diesel::query_builder::IntoUpdateTarget,
    diesel::dsl::Update<Changes, Changes>: LoadQuery<'b, OrgConn<C>, Output>,
    <Changes::Table as diesel::Table>::AllColumns: ValidGrouping<()>,
    <<Changes::Table as diesel::Table>::AllColumns as ValidGrouping<()>>::IsAggregate:
        MixedAggregates<is_aggregate::No, Output = is_aggregate::No>,
{
    fn update_and_fetch(&mut self, changeset: Changes) -> QueryResult<Output> {
        diesel::RunQueryDsl::get_result(diesel::update(changeset).set(changeset), self)
    }
}
