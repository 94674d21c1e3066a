//! What a session must be for the guard's reading of a text to be the server's.
//!
//! Without row-level security, once for each [`OrgConn`](crate::OrgConn), before its first statement
//! or transaction, one message sets `standard_conforming_strings`, `client_encoding` and
//! `search_path` (the declared schemas, then `pg_temp`, so that no temporary table shadows a declared
//! one). On the first use of a session every declared name is also resolved by the server and
//! compared with the declaration; the setting `weft.resolved` remembers that it was.
//!
//! Statements of a scope cannot change settings, and a scope never ends a transaction that it did
//! not begin, so what is set here cannot be undone while the scope lives. With row-level security the
//! same settings travel with BEGIN instead: see `context.rs`.

use std::hash::{DefaultHasher, Hash, Hasher};
#[cfg(feature = "async")]
use std::sync::atomic::AtomicU8;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel::{OptionalExtension, QueryResult, RunQueryDsl};

use crate::guard::quote;
use crate::inner::PgInner;
use crate::{Refusal, RefusalKind, Tenancy, trace};

/// What is known of the session; shared by a scope and those narrowed from it.
#[derive(Default)]
pub(crate) struct Session {
    pinned: AtomicBool,
    context: AtomicU64,
    #[cfg(feature = "async")]
    snapshot: AtomicU8,
}

/// How far a snapshot is.
#[cfg(feature = "async")]
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Moment {
    /// There is to be none.
    None = 0,
    /// The first statement begins it.
    Due,
    /// Its BEGIN is on the way, or failed, or nobody waited for the answer.
    Beginning,
    Open,
}

impl Session {
    pub(crate) fn is_pinned(&self) -> bool {
        self.pinned.load(Ordering::Acquire)
    }

    fn pinned(&self) {
        self.pinned.store(true, Ordering::Release);
    }

    /// The number of the context that the open transaction has; zero when there is none, or when
    /// it cannot be told.
    pub(crate) fn context(&self) -> u64 {
        self.context.load(Ordering::Acquire)
    }

    pub(crate) fn set_context(&self, number: u64) {
        self.context.store(number, Ordering::Release);
    }

    #[cfg(feature = "async")]
    pub(crate) fn is_at(&self, moment: Moment) -> bool {
        self.snapshot.load(Ordering::Acquire) == moment as u8
    }

    #[cfg(feature = "async")]
    pub(crate) fn has_snapshot(&self) -> bool {
        self.snapshot.load(Ordering::Acquire) > Moment::Due as u8
    }

    #[cfg(feature = "async")]
    pub(crate) fn set_moment(&self, moment: Moment) {
        self.snapshot.store(moment as u8, Ordering::Release);
    }
}

/// The settings and names of one declaration.
#[derive(Debug)]
pub(crate) struct Settings {
    search_path: String,
    local: String,
    digest: String,
    schemas: Vec<String>,
    names: Vec<String>,
}

impl Settings {
    pub(crate) fn new(tenancy: &Tenancy) -> Settings {
        let mut path: Vec<String> = tenancy.schemas().iter().map(|name| quote(name)).collect();
        path.push("pg_temp".to_owned());
        let search_path = path.join(", ");
        let (mut schemas, mut names) = (Vec::new(), Vec::new());
        for table in tenancy.tables() {
            // Of equal names in several schemas, the one that a bare name means.
            if tenancy.table(None, table.name()) == Some(table) {
                schemas.push(table.schema().to_owned());
                names.push(table.name().to_owned());
            }
        }
        let mut hasher = DefaultHasher::new();
        (&search_path, &schemas, &names).hash(&mut hasher);
        let local = format!(
            "SET LOCAL standard_conforming_strings = on; SET LOCAL client_encoding = 'UTF8'; \
             SET LOCAL search_path = {search_path}"
        );
        Settings {
            search_path,
            local,
            digest: format!("{:016x}", hasher.finish()),
            schemas,
            names,
        }
    }

    /// The declared schemas, then `pg_temp`.
    pub(crate) fn search_path(&self) -> &str {
        &self.search_path
    }

    /// The message that gives one transaction these settings.
    pub(crate) fn local(&self) -> &str {
        &self.local
    }

    /// The query for a declared name that stands for something else.
    pub(crate) fn resolve(&self) -> Resolve<'_> {
        Resolve { settings: self }
    }

    /// Whether names remain to be resolved, or an error if a setting did not take.
    fn settled(&self, row: Found) -> Result<bool, Refusal> {
        let (strings, encoding, path, resolved) = row;
        if strings == "on" && encoding == "UTF8" && path == self.search_path {
            return Ok(resolved.as_deref() == Some(&self.digest));
        }
        Err(Refusal::new(
            RefusalKind::Connection,
            "the session did not take a setting",
        ))
    }

    /// # Errors
    /// When `wrong` is such a name.
    pub(crate) fn agreed(&self, tenancy: &Tenancy, wrong: Option<String>) -> Result<(), Refusal> {
        let Some(name) = wrong else { return Ok(()) };
        let table = tenancy
            .table(None, &name)
            .map_or(name.as_str(), |table| table.display());
        let detail = "the bare name resolves to another relation";
        Err(Refusal::new(RefusalKind::SearchPath, detail).on(table))
    }
}

/// Pins the session of `conn`, unless it is.
pub(crate) fn pin(
    conn: &mut impl PgInner,
    tenancy: &Tenancy,
    session: &Session,
) -> QueryResult<()> {
    if session.is_pinned() {
        return Ok(());
    }
    let settings = tenancy.settings();
    let row = RunQueryDsl::get_result::<Found>(Pin { settings }, conn)?;
    if !settings.settled(row).inspect_err(trace::refused)? {
        let wrong = RunQueryDsl::get_result::<String>(settings.resolve(), conn).optional()?;
        settings
            .agreed(tenancy, wrong)
            .inspect_err(trace::refused)?;
        RunQueryDsl::get_result::<bool>(Remember { settings }, conn)?;
    }
    session.pinned();
    Ok(())
}

/// The same, on a shared connection.
#[cfg(feature = "async")]
pub(crate) async fn pin_async(
    mut conn: &diesel_async::AsyncPgConnection,
    tenancy: &Tenancy,
    session: &Session,
) -> QueryResult<()> {
    use diesel_async::RunQueryDsl;

    if session.is_pinned() {
        return Ok(());
    }
    let settings = tenancy.settings();
    let row = RunQueryDsl::get_result::<Found>(Pin { settings }, &mut conn).await?;
    if !settings.settled(row).inspect_err(trace::refused)? {
        let wrong = RunQueryDsl::get_result::<String>(settings.resolve(), &mut conn);
        let wrong = wrong.await.optional()?;
        settings
            .agreed(tenancy, wrong)
            .inspect_err(trace::refused)?;
        RunQueryDsl::get_result::<bool>(Remember { settings }, &mut conn).await?;
    }
    session.pinned();
    Ok(())
}

/// The three settings as they are now, and the digest of the names that were resolved.
type Found = (String, String, String, Option<String>);

/// Sets what the guard's reading rests on.
struct Pin<'c> {
    settings: &'c Settings,
}

/// Finds a bare name that is visible, and is not the declared relation. A schema that the role
/// may not use makes its tables invisible, which is no disagreement.
pub(crate) struct Resolve<'c> {
    settings: &'c Settings,
}

/// Notes on the session that its names were resolved.
struct Remember<'c> {
    settings: &'c Settings,
}

impl QueryFragment<Pg> for Pin<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "SELECT pg_catalog.set_config('standard_conforming_strings', 'on', false), \
             pg_catalog.set_config('client_encoding', 'UTF8', false), \
             pg_catalog.set_config('search_path', ",
        );
        pass.push_bind_param::<Text, _>(&self.settings.search_path)?;
        pass.push_sql(", false), pg_catalog.current_setting('weft.resolved', true)");
        Ok(())
    }
}

impl QueryFragment<Pg> for Resolve<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT declared.name FROM unnest(");
        pass.push_bind_param::<Array<Text>, _>(&self.settings.schemas)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Array<Text>, _>(&self.settings.names)?;
        pass.push_sql(
            ") AS declared(schema, name) JOIN pg_catalog.pg_class AS seen \
             ON seen.oid = to_regclass(quote_ident(declared.name)) \
             WHERE seen.relnamespace IS DISTINCT FROM (SELECT meant.oid \
             FROM pg_catalog.pg_namespace AS meant WHERE meant.nspname = declared.schema) \
             ORDER BY declared.name LIMIT 1",
        );
        Ok(())
    }
}

impl QueryFragment<Pg> for Remember<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("SELECT set_config('weft.resolved', ");
        pass.push_bind_param::<Text, _>(&self.settings.digest)?;
        pass.push_sql(", false) IS NOT NULL");
        Ok(())
    }
}

macro_rules! fixed_text {
    ($query:ident returns $sql_type:ty) => {
        impl Query for $query<'_> {
            type SqlType = $sql_type;
        }

        impl QueryId for $query<'_> {
            type QueryId = $query<'static>;
        }

        impl<Conn> RunQueryDsl<Conn> for $query<'_> {}
    };
}

fixed_text!(Pin returns (Text, Text, Text, Nullable<Text>));
fixed_text!(Resolve returns Text);
fixed_text!(Remember returns Bool);
