//! A database of one test's own, copied from a template.

use std::ops::DerefMut;
use std::sync::OnceLock;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_embedded::{Cluster, Options, Row, Template, TestDatabase};
use weft_tenancy::{
    AUDIT_TABLE_SQL, AsyncOrgConn, OrgConn, Policies, Roles, RowSecurity, Scope, Tenancy,
};

use crate::TENANCY;
use crate::schema::{A, B, TABLES, rows};

/// Dropped with its value.
pub struct Database {
    database: TestDatabase,
    row_security: Option<RowSecurity>,
}

impl Database {
    /// A copy of the template, without row-level security.
    #[allow(clippy::new_without_default, clippy::expect_used)]
    pub fn new() -> Database {
        Database {
            database: template(false).database().expect("a copy of the template"),
            row_security: None,
        }
    }

    /// A copy with row-level security in force, which the scopes of [`org`](Database::org) use.
    #[allow(clippy::expect_used)]
    pub fn secured() -> Database {
        let database = template(true).database().expect("a copy of the template");
        let mut conn = PgConnection::establish(&database.url("app")).expect("a connection");
        let row_security = RowSecurity::check(&mut conn, &TENANCY).expect("row-level security");
        Database {
            database,
            row_security: Some(row_security),
        }
    }

    /// The same with scopes that use `row_security`.
    pub fn with(self, row_security: RowSecurity) -> Database {
        Database {
            row_security: Some(row_security),
            ..self
        }
    }

    /// What its scopes use, if it is secured.
    pub fn row_security(&self) -> Option<&RowSecurity> {
        self.row_security.as_ref()
    }

    /// The address for `role`: `app`, `auth`, `unscoped` or `postgres`.
    pub fn url(&self, role: &str) -> String {
        self.database.url(role)
    }

    /// Runs statements as the superuser.
    #[allow(clippy::expect_used)]
    pub fn admin(&self, sql: &str) {
        self.database
            .execute(sql)
            .expect("the superuser's statement");
    }

    /// The rows as the superuser sees them.
    #[allow(clippy::expect_used)]
    pub fn rows(&self, sql: &str) -> Vec<Row> {
        self.database.query(sql).expect("the superuser's query")
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
        self.scoped(Box::new(self.connect("app")), &TENANCY, scope)
    }

    /// `app` in `scope`, asynchronous.
    pub async fn org_async(&self, scope: Scope) -> AsyncOrgConn<Box<AsyncPgConnection>> {
        self.scoped_async(Box::new(self.connect_async("app").await), &TENANCY, scope)
    }

    /// `inner` in `scope`, under row-level security where this database has it.
    pub fn scoped<C>(&self, inner: C, tenancy: &Tenancy, scope: Scope) -> OrgConn<C>
    where
        C: DerefMut<Target = PgConnection> + Send,
    {
        let conn = OrgConn::new(inner, tenancy, scope);
        match &self.row_security {
            Some(row_security) => conn.with_row_security(row_security),
            None => conn,
        }
    }

    /// The same, asynchronous.
    pub fn scoped_async<C>(&self, inner: C, tenancy: &Tenancy, scope: Scope) -> AsyncOrgConn<C>
    where
        C: DerefMut<Target = AsyncPgConnection> + Send,
    {
        let conn = AsyncOrgConn::new(inner, tenancy, scope);
        match &self.row_security {
            Some(row_security) => conn.with_row_security(row_security),
            None => conn,
        }
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
fn template(secured: bool) -> &'static Template {
    static TEMPLATES: [OnceLock<Template>; 2] = [OnceLock::new(), OnceLock::new()];
    TEMPLATES[usize::from(secured)].get_or_init(|| {
        let mut text = [AUDIT_TABLE_SQL, TABLES, &rows(A, "acme"), &rows(B, "bolt")].concat();
        let mut name = "hook";
        if secured {
            name = "secured";
            text += &Policies::new(&TENANCY, &roles()).to_string();
        }
        cluster()
            .template(name, &text, |database| Ok(database.execute(&text)?))
            .expect("a template")
    })
}

/// The roles of the three roads.
pub fn roles() -> Roles {
    Roles::new("app")
        .with_auth("auth", [] as [&str; 0])
        .with_unscoped("unscoped")
}

/// The server of the tests, with the three login roles.
#[allow(clippy::expect_used)]
pub fn cluster() -> Cluster {
    let cluster = Cluster::start(Options::new(env!("CARGO_MANIFEST_DIR"))).expect("a server");
    for role in ["app", "auth", "unscoped"] {
        cluster
            .ensure_role(role, "LOGIN NOSUPERUSER NOBYPASSRLS")
            .expect("a role");
    }
    cluster
}
