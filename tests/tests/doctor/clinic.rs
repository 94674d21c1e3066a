//! A healthy database, made and made ill in one transaction that is rolled back: roles belong to the
//! whole server, and other tests run beside this one. Its first table makes the next patient wait.

use std::sync::OnceLock;

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use weft_embedded::{Cluster, Options};
use weft_tenancy::doctor::{Catalog, Doctor, Finding, Report};
use weft_tenancy::{AUDIT_TABLE_SQL, Policies, Roles, Tenancy};

pub(crate) const DECLARATION: &str = r#"
    key = "uuid"
    shop_key = "i64"
    shared = ["plans"]
    private = ["auth.users"]
    [root]
    organizations = "id"
    [org]
    memberships = "org_id"
    customers = "org_id"
    'reports.we"ird' = 'Org "Id'
    events = "org_id"
    [shop]
    shops = ["org_id", "id"]
    orders = ["org_id", "shop_id"]
    lines = ["org_id", "shop_id"]
    [soft_delete]
    orders = "deleted_at"
    [functions]
    my_rank = "pure ranking, reads no table"
"#;

const SCHEMA: &str = r#"
    DO $$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $$;
    CREATE SCHEMA auth;
    CREATE SCHEMA reports;
    CREATE TABLE plans (code text PRIMARY KEY, price integer NOT NULL);
    CREATE TABLE organizations (id uuid PRIMARY KEY, slug text NOT NULL UNIQUE, name text);
    CREATE TABLE auth.users (id uuid PRIMARY KEY, number bigint NOT NULL UNIQUE);
    CREATE TABLE memberships (
        org_id uuid NOT NULL REFERENCES organizations, id uuid NOT NULL,
        user_id uuid NOT NULL REFERENCES auth.users, PRIMARY KEY (org_id, id));
    CREATE TABLE customers (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL, email text,
        plan text REFERENCES plans, PRIMARY KEY (org_id, id), UNIQUE (org_id, email));
    CREATE TABLE shops (
        org_id uuid NOT NULL REFERENCES organizations, id bigint NOT NULL,
        PRIMARY KEY (org_id, id));
    CREATE TABLE orders (
        org_id uuid NOT NULL, id bigint NOT NULL, shop_id bigint NOT NULL DEFAULT 1,
        customer_id bigint, deleted_at timestamptz, PRIMARY KEY (org_id, id),
        UNIQUE (org_id, shop_id, id), FOREIGN KEY (org_id, shop_id) REFERENCES shops,
        FOREIGN KEY (org_id, customer_id) REFERENCES customers
            ON DELETE SET NULL (customer_id));
    CREATE TABLE lines (
        org_id uuid NOT NULL, id bigint NOT NULL, shop_id bigint NOT NULL, order_id bigint,
        PRIMARY KEY (org_id, id),
        CONSTRAINT lines_order FOREIGN KEY (org_id, shop_id, order_id)
            REFERENCES orders (org_id, shop_id, id) ON DELETE CASCADE);
    CREATE TABLE reports."we""ird" (
        "Org ""Id" uuid NOT NULL REFERENCES organizations, id bigint NOT NULL, "a ""b" text,
        PRIMARY KEY ("Org ""Id", id));
    CREATE TABLE events (org_id uuid NOT NULL, at date NOT NULL, what text,
        PRIMARY KEY (org_id, at)) PARTITION BY RANGE (at);
    CREATE TABLE events_2024 PARTITION OF events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    ALTER TABLE events_2024 ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
    CREATE FUNCTION my_rank(integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT $1';
    CREATE FUNCTION trigger_function() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    GRANT USAGE ON SCHEMA reports TO app, unscoped;
    GRANT USAGE ON SCHEMA auth TO auth;
    GRANT SELECT, INSERT, UPDATE, DELETE
        ON memberships, customers, shops, orders, lines, reports."we""ird", events
        TO app, unscoped;
    GRANT SELECT, UPDATE (name) ON organizations TO app;
    GRANT SELECT ON plans TO app;
    GRANT SELECT ON memberships TO auth;
    GRANT SELECT, INSERT ON auth.users TO auth;
    GRANT INSERT ON weft_unscoped_audit TO unscoped;
"#;

/// What stands before the policies of a signed context: the key's table and the functions.
pub(crate) fn signed_context() -> String {
    let text = Policies::new(&tenancy(), &roles()).signed().to_string();
    let (context, _) = text.split_once("ALTER TABLE \"public\"").unwrap();
    context.to_owned()
}

pub(crate) fn tenancy() -> Tenancy {
    Tenancy::from_toml(DECLARATION).unwrap()
}

pub(crate) fn roles() -> Roles {
    Roles::new("app")
        .with_auth("auth", ["memberships"])
        .with_unscoped("unscoped")
}

/// One database, under examination in one transaction.
pub(crate) struct Patient {
    conn: PgConnection,
    pub(crate) tenancy: Tenancy,
    pub(crate) roles: Roles,
    pub(crate) signed: bool,
}

impl Patient {
    pub(crate) fn new() -> Patient {
        let mut conn = PgConnection::establish(url()).unwrap();
        let (tenancy, roles) = (tenancy(), roles());
        let policies = Policies::new(&tenancy, &roles).to_string();
        let schema = ["BEGIN;", AUDIT_TABLE_SQL, SCHEMA, &policies].concat();
        conn.batch_execute(&schema).unwrap();
        Patient {
            conn,
            tenancy,
            roles,
            signed: false,
        }
    }

    pub(crate) fn run(&mut self, sql: &str) {
        let done = self.conn.batch_execute(sql);
        done.unwrap_or_else(|error| panic!("{error}\n{sql}"));
    }

    /// The error that `sql` ends with.
    pub(crate) fn fails(&mut self, sql: &str) -> String {
        self.conn.batch_execute(sql).unwrap_err().to_string()
    }

    pub(crate) fn value(&mut self, sql: &str) -> String {
        let value = diesel::sql_query(format!("SELECT ({sql})::text AS value"));
        value.get_result::<Value>(&mut self.conn).unwrap().value
    }

    pub(crate) fn catalog(&mut self) -> Catalog {
        Catalog::load(&mut self.conn).unwrap()
    }

    pub(crate) fn examine(&mut self) -> Report {
        let catalog = self.catalog();
        let mut doctor = Doctor::new(&self.tenancy, &self.roles);
        if self.signed {
            doctor = doctor.signed();
        }
        doctor.examine(&catalog)
    }

    /// Exactly `expected` is found; each remedy clears its own finding, and one after the other all.
    pub(crate) fn is_cured_of(&mut self, expected: &[&str]) {
        let mut expected: Vec<String> = expected.iter().map(|&name| name.to_owned()).collect();
        let findings = self.examine().findings;
        let mut names: Vec<String> = findings.iter().map(name).collect();
        expected.sort();
        names.sort();
        assert_eq!(names, expected);
        for finding in &findings {
            self.run("SAVEPOINT before");
            self.run(&finding.remedy);
            let left: Vec<String> = self.examine().findings.iter().map(name).collect();
            assert!(!left.contains(&name(finding)), "{finding}");
            self.run("ROLLBACK TO before");
        }
        self.mend();
    }

    /// One remedy after the other, as long as anything is found.
    pub(crate) fn mend(&mut self) {
        for _ in 0..20 {
            match self.examine().findings.first() {
                Some(finding) => self.run(&finding.remedy),
                None => return,
            }
        }
        panic!("remedies bring no end: {}", self.examine());
    }
}

#[derive(QueryableByName)]
struct Value {
    #[diesel(sql_type = diesel::sql_types::Text)]
    value: String,
}

/// The rule, then the object.
pub(crate) fn name(finding: &Finding) -> String {
    format!("{} {}", finding.rule, finding.object)
}

/// A test for each defect: its name, the SQL that plants it, and what is found then.
macro_rules! defects {
    ($($name:ident: $plant:expr => [$($found:literal),+ $(,)?];)+) => {
        $(#[test]
        fn $name() {
            let mut patient = $crate::clinic::Patient::new();
            patient.run($plant);
            patient.is_cured_of(&[$($found),+]);
        })+
    };
}

pub(crate) fn url() -> &'static str {
    static URL: OnceLock<(Cluster, String)> = OnceLock::new();
    let (_, url) = URL.get_or_init(|| {
        let cluster = Cluster::start(Options::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
        for role in ["app", "auth", "unscoped"] {
            let attributes = "LOGIN NOSUPERUSER NOBYPASSRLS";
            cluster.ensure_role(role, attributes).unwrap();
        }
        let url = cluster.ensure_database("doctor").unwrap().url("postgres");
        (cluster, url)
    });
    url
}
