//! The database that the questions are asked of: a hundred organisations with a thousand orders each.

use tokio::runtime::Runtime;
use weft_embedded::{Cluster, Options, TestDatabase};
use weft_tenancy::{Policies, Roles};

diesel::table! {
    /// The tenants.
    organizations (id) { id -> BigInt, }
}
diesel::table! {
    /// What they own.
    orders (org_id, id) {
        /// Whose it is.
        org_id -> BigInt,
        /// Its number, which each organisation has.
        id -> BigInt,
        /// What it is called.
        name -> Text,
        /// What it comes to.
        total -> BigInt,
    }
}

weft_tenancy::tenancy! {
    /// Both of them.
    pub TENANCY: i64;
    root organizations(id);
    org orders(org_id);
}

const TABLES: &str = "
    CREATE TABLE organizations (id bigint PRIMARY KEY);
    CREATE TABLE orders (org_id bigint NOT NULL, id bigint NOT NULL, name text NOT NULL,
        total bigint NOT NULL, PRIMARY KEY (org_id, id));
    GRANT SELECT, INSERT, UPDATE, DELETE ON orders, organizations TO app;
    INSERT INTO orders SELECT o, i, 'order ' || i, i
        FROM generate_series(1, 100) o, generate_series(1, 1000) i;
";

/// The database after `more` was run in it; row-level security is in force for the role `app`, and
/// the superuser `postgres` passes by it.
#[allow(clippy::expect_used)]
pub fn database(more: &str) -> TestDatabase {
    let cluster = Cluster::start(Options::new("weft-benches")).expect("a Postgres");
    cluster
        .ensure_role("app", "LOGIN NOSUPERUSER NOBYPASSRLS")
        .expect("a role");
    let text = format!("{TABLES}{}", Policies::new(&TENANCY, &Roles::new("app")));
    let template = cluster.template("orders", &text, |database| Ok(database.execute(&text)?));
    let database = template.expect("a template").database().expect("a copy");
    database.execute(more).expect("what was to be run in it");
    database.execute("VACUUM ANALYZE").expect("statistics");
    database
}

/// A runtime of this thread alone, whose processor time is then the client's.
#[allow(clippy::expect_used)]
pub fn tokio_runtime() -> Runtime {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all().build().expect("a runtime")
}
