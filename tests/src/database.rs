//! A database of one test's own, copied from a template.

use std::sync::OnceLock;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_embedded::{Cluster, Options, Row, Template, TestDatabase};
use weft_tenancy::{AUDIT_TABLE_SQL, AsyncOrgConn, OrgConn, Scope};

use crate::TENANCY;
use crate::schema::{A, B, TABLES, rows};

/// Dropped with its value.
pub struct Database(TestDatabase);

impl Database {
    /// A copy of the template.
    #[allow(clippy::new_without_default, clippy::expect_used)]
    pub fn new() -> Database {
        Database(template().database().expect("a copy of the template"))
    }

    /// The address for `role`: `app`, `auth`, `unscoped` or `postgres`.
    pub fn url(&self, role: &str) -> String {
        self.0.url(role)
    }

    /// Runs statements as the superuser.
    #[allow(clippy::expect_used)]
    pub fn admin(&self, sql: &str) {
        self.0.execute(sql).expect("the superuser's statement");
    }

    /// The rows as the superuser sees them.
    #[allow(clippy::expect_used)]
    pub fn rows(&self, sql: &str) -> Vec<Row> {
        self.0.query(sql).expect("the superuser's query")
    }

    /// One value as the superuser sees it.
    #[allow(clippy::expect_used)]
    pub fn value(&self, sql: &str) -> String {
        let value = self.rows(sql).into_iter().flatten().flatten().next();
        value.expect("one value")
    }

    /// What `sql`, unguarded, returns and leaves of A's rows in sight, where there is no other
    /// organisation and nothing is deleted. Nothing of it stays.
    #[allow(clippy::expect_used)]
    pub fn alone(&self, sql: &str) -> (Vec<Row>, String) {
        let mut rows = self.rows(&format!(
            "BEGIN;
             ALTER TABLE customers ALTER org_id SET DEFAULT '{A}';
             ALTER TABLE orders ALTER org_id SET DEFAULT '{A}';
             ALTER TABLE gadgets ALTER org_id SET DEFAULT '{A}';
             DELETE FROM orders WHERE org_id <> '{A}' OR deleted_at IS NOT NULL;
             DELETE FROM customers WHERE org_id <> '{A}';
             DELETE FROM gadgets WHERE org_id <> '{A}';
             DELETE FROM reports.totals WHERE org_id <> '{A}';
             DELETE FROM organizations WHERE id <> '{A}';
             SET LOCAL search_path = public, reports, auth;
             {sql}
             ;{};
             ROLLBACK",
            visible()
        ));
        let state = rows.pop().expect("the state comes last");
        (rows, state.into_iter().flatten().collect())
    }

    /// A's rows that are not deleted.
    pub fn state(&self) -> String {
        self.value(&visible())
    }

    /// Every row of every tenant table that belongs to `org`, as text.
    pub fn snapshot(&self, org: uuid::Uuid) -> String {
        self.value(&format!(
            "SELECT concat_ws(E'\\n',
               (SELECT string_agg(t::text, ',' ORDER BY t) FROM organizations t WHERE id = '{org}'),
               (SELECT string_agg(t::text, ',' ORDER BY t) FROM customers t WHERE org_id = '{org}'),
               (SELECT string_agg(t::text, ',' ORDER BY t) FROM orders t WHERE org_id = '{org}'),
               (SELECT string_agg(t::text, ',' ORDER BY t) FROM gadgets t WHERE org_id = '{org}'),
               (SELECT string_agg(t::text, ',' ORDER BY t) FROM reports.totals t
                WHERE org_id = '{org}'))"
        ))
    }

    /// A synchronous connection as `role`.
    #[allow(clippy::expect_used)]
    pub fn connect(&self, role: &str) -> PgConnection {
        PgConnection::establish(&self.url(role)).expect("a connection")
    }

    /// An asynchronous connection as `role`.
    #[allow(clippy::expect_used)]
    pub async fn connect_async(&self, role: &str) -> AsyncPgConnection {
        AsyncPgConnection::establish(&self.url(role))
            .await
            .expect("a connection")
    }

    /// `app` in `scope`.
    pub fn org(&self, scope: Scope) -> OrgConn<Box<PgConnection>> {
        OrgConn::new(Box::new(self.connect("app")), &TENANCY, scope)
    }

    /// `app` in `scope`, asynchronous.
    pub async fn org_async(&self, scope: Scope) -> AsyncOrgConn<Box<AsyncPgConnection>> {
        AsyncOrgConn::new(Box::new(self.connect_async("app").await), &TENANCY, scope)
    }
}

fn visible() -> String {
    format!(
        "SELECT concat_ws(E'\\n',
           (SELECT name FROM organizations WHERE id = '{A}'),
           (SELECT string_agg(t::text, ',' ORDER BY t) FROM customers t WHERE org_id = '{A}'),
           (SELECT string_agg(t::text, ',' ORDER BY t) FROM gadgets t WHERE org_id = '{A}'),
           (SELECT string_agg(t::text, ',' ORDER BY t) FROM reports.totals t WHERE org_id = '{A}'),
           (SELECT string_agg(t::text, ',' ORDER BY t) FROM orders t
            WHERE org_id = '{A}' AND deleted_at IS NULL))"
    )
}

#[allow(clippy::expect_used)]
fn template() -> &'static Template {
    static TEMPLATE: OnceLock<Template> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let text = [AUDIT_TABLE_SQL, TABLES, &rows(A, "acme"), &rows(B, "bolt")].concat();
        cluster()
            .template("hook", &text, |database| Ok(database.execute(&text)?))
            .expect("a template")
    })
}

/// The server of the tests, with the three login roles.
#[allow(clippy::expect_used)]
pub(crate) fn cluster() -> Cluster {
    let cluster = Cluster::start(Options::new(env!("CARGO_MANIFEST_DIR"))).expect("a server");
    for role in ["app", "auth", "unscoped"] {
        cluster
            .ensure_role(role, "LOGIN NOSUPERUSER NOBYPASSRLS")
            .expect("a role");
    }
    cluster
}
