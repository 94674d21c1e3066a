//! What travels with BEGIN when row-level security is on: whose rows the policies let through, and
//! what [`session`](crate::session) would set without it.
//!
//! Everything here is local to one transaction, so nothing of it outlives a scope in a pool or
//! behind a pooler. The values are integers, UUIDs and signed text: none needs quoting.

use std::sync::atomic::{AtomicU64, Ordering};
#[cfg(feature = "signed")]
use std::time::SystemTime;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::pg::Pg;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::Text;
use diesel::{QueryResult, RunQueryDsl};

use crate::inner::PgInner;
use crate::row_security::{Form, RowSecurity};
use crate::{Scope, Tenancy};

/// One scope as the policies know it.
pub(crate) struct Context {
    number: u64,
    security: RowSecurity,
    org: String,
    shops: String,
    tenancy: Tenancy,
}

/// What follows BEGIN, or changes the context of an open transaction.
pub(crate) enum Step<'c> {
    /// One prepared query.
    Query(Set<'c>),
    /// Messages, each sent alone.
    Messages(Vec<String>),
}

impl Context {
    pub(crate) fn new(security: &RowSecurity, tenancy: &Tenancy, scope: &Scope) -> Context {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let shops = scope.shops().map(|shops| {
            let shops: Vec<String> = shops.iter().map(ToString::to_string).collect();
            format!("{{{}}}", shops.join(","))
        });
        Context {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            security: security.clone(),
            org: scope.org_key().to_string(),
            shops: shops.unwrap_or_else(|| "*".to_owned()),
            tenancy: tenancy.clone(),
        }
    }

    /// The same for another scope; the very same for this one.
    pub(crate) fn of(&self, scope: &Scope) -> Context {
        let other = Context::new(&self.security, &self.tenancy, scope);
        match other.org == self.org && other.shops == self.shops {
            true => Context {
                number: self.number,
                ..other
            },
            false => other,
        }
    }

    /// Told apart from every other context of this process; never zero.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Whether the session is to be pinned once, because settings do not travel with BEGIN.
    pub(crate) fn pins_session(&self) -> bool {
        matches!(self.security.form(), Form::Citus)
    }

    /// Whether BEGIN, context, statement and COMMIT may go out at once, as prepared statements.
    #[cfg(feature = "async")]
    pub(crate) fn pipelines(&self) -> bool {
        self.security.pipelines() && !matches!(self.security.form(), Form::Citus)
    }

    /// The message that begins a transaction, and the step that must follow it.
    pub(crate) fn begin(&self, begin: &str) -> (String, Option<Step<'_>>) {
        let settings = format!("{begin}; {}", self.tenancy.settings().local());
        match self.security.form() {
            Form::Batched => {
                let [org, shops] = self.messages();
                (format!("{settings}; {org}; {shops}"), None)
            }
            #[cfg(feature = "signed")]
            Form::Signed(_) => (settings, Some(self.change())),
            Form::Citus => (begin.to_owned(), Some(self.change())),
        }
    }

    /// The step that gives an open transaction this context.
    pub(crate) fn change(&self) -> Step<'_> {
        match self.security.form() {
            Form::Citus => Step::Messages(self.messages().into()),
            _ => Step::Query(Set {
                search_path: self.tenancy.settings().search_path(),
                values: self.values(),
            }),
        }
    }

    fn values(&self) -> Vec<(&'static str, String)> {
        match self.security.form() {
            #[cfg(feature = "signed")]
            Form::Signed(key) => vec![(
                "weft.context",
                key.sign(&self.org, &self.shops, SystemTime::now()),
            )],
            _ => vec![
                ("weft.org_id", self.org.clone()),
                ("weft.shop_ids", self.shops.clone()),
            ],
        }
    }

    fn messages(&self) -> [String; 2] {
        [
            format!("SET LOCAL weft.org_id = '{}'", self.org),
            format!("SET LOCAL weft.shop_ids = '{}'", self.shops),
        ]
    }

    /// Begins a transaction on `conn` with `begin`.
    pub(crate) fn open(&self, conn: &mut impl PgInner, begin: &str) -> QueryResult<()> {
        let (message, step) = self.begin(begin);
        AnsiTransactionManager::begin_transaction_sql(conn, &message).inspect_err(|_| {
            // BEGIN itself may have succeeded, and what stands behind it failed.
            let _ = SimpleConnection::batch_execute(conn, "ROLLBACK");
        })?;
        let Some(step) = step else { return Ok(()) };
        step.take(conn).inspect_err(|_| {
            let _ = AnsiTransactionManager::rollback_transaction(conn);
        })
    }
}

impl Step<'_> {
    /// Takes the step.
    pub(crate) fn take(self, conn: &mut impl PgInner) -> QueryResult<()> {
        match self {
            Step::Query(set) => RunQueryDsl::execute(set, conn).map(drop),
            Step::Messages(messages) => messages
                .iter()
                .try_for_each(|message| SimpleConnection::batch_execute(conn, message)),
        }
    }
}

/// Sets a context and what else travels with it, as binds: the text is every tenant's.
pub(crate) struct Set<'c> {
    search_path: &'c str,
    values: Vec<(&'static str, String)>,
}

impl QueryFragment<Pg> for Set<'_> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "SELECT pg_catalog.set_config('standard_conforming_strings', 'on', true), \
             pg_catalog.set_config('client_encoding', 'UTF8', true), \
             pg_catalog.set_config('search_path', ",
        );
        pass.push_bind_param::<Text, _>(self.search_path)?;
        for (setting, value) in &self.values {
            pass.push_sql(", true), pg_catalog.set_config('");
            pass.push_sql(setting);
            pass.push_sql("', ");
            pass.push_bind_param::<Text, _>(value)?;
        }
        pass.push_sql(", true)");
        Ok(())
    }
}

/// Without a static id: its text depends on the form of the context.
impl QueryId for Set<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Conn> RunQueryDsl<Conn> for Set<'_> {}

/// `BEGIN` and `COMMIT` as prepared statements, which can share a pipeline.
#[cfg(feature = "async")]
pub(crate) enum Control {
    Begin,
    Commit,
}

#[cfg(feature = "async")]
impl QueryFragment<Pg> for Control {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(match self {
            Control::Begin => "BEGIN",
            Control::Commit => "COMMIT",
        });
        Ok(())
    }
}

#[cfg(feature = "async")]
impl QueryId for Control {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}
