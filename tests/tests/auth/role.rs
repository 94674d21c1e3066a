//! The role of the store: what it is granted is what it needs, and the others reach nothing.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use weft_auth::postgres::tables::{
    auth_accounts, auth_audit, auth_audit_head, auth_challenges, auth_domains, auth_failures,
    auth_links, auth_outbox, auth_rates, auth_recovery_codes, auth_sessions, auth_totps,
};
use weft_auth::postgres::{TABLES_SQL, grants};
use weft_auth::store::AccountStore;
use weft_embedded::Template;
use weft_tenancy::doctor::{Catalog, Doctor};
use weft_tenancy::{AUDIT_TABLE_SQL, Policies, Roles};
use weft_tests::auth::Tables;
use weft_tests::database::cluster;

use super::stage::run;

diesel::table! { organizations (id) { id -> Uuid, } }

weft_tenancy::tenancy! {
    pub(crate) TENANCY: Uuid;
    root organizations(id);
    private auth_accounts;
    private auth_audit;
    private auth_audit_head;
    private auth_challenges;
    private auth_domains;
    private auth_failures;
    private auth_links;
    private auth_outbox;
    private auth_rates;
    private auth_recovery_codes;
    private auth_sessions;
    private auth_totps;
}

#[test]
fn the_doctor_of_tenancy_finds_nothing_in_the_tables() {
    let roles = Roles::new("app")
        .with_auth("auth", [] as [&str; 0])
        .with_unscoped("unscoped");
    let text = [
        AUDIT_TABLE_SQL,
        "CREATE TABLE organizations (id uuid PRIMARY KEY);
         GRANT SELECT ON organizations TO app;
         GRANT INSERT ON weft_unscoped_audit TO unscoped;",
        TABLES_SQL,
        &grants("auth"),
        &Policies::new(&TENANCY, &roles).to_string(),
    ]
    .concat();
    let template: Template = cluster()
        .template(
            "auth doctor",
            &text,
            |database| Ok(database.execute(&text)?),
        )
        .unwrap();
    let database = template.database().unwrap();
    database
        .execute(&format!(
            "REVOKE TEMPORARY ON DATABASE \"{}\" FROM PUBLIC",
            database.name()
        ))
        .unwrap();
    let mut conn = PgConnection::establish(&database.url("postgres")).unwrap();
    let catalog = Catalog::load(&mut conn).unwrap();
    let report = Doctor::new(&TENANCY, &roles).examine(&catalog);
    assert!(report.is_healthy(), "{report}");
}

#[test]
fn no_other_role_reaches_the_tables() {
    let tables = Tables::new();
    for role in ["app", "unscoped"] {
        let mut conn = PgConnection::establish(&tables.url(role)).unwrap();
        let all = tables
            .value("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(all.split(',').count(), 12);
        for table in all.split(',') {
            let read = conn.batch_execute(&format!("SELECT FROM {table}"));
            assert!(read.is_err(), "{role} reads {table}");
        }
    }
}

#[test]
fn the_role_mends_no_audit_log_and_deletes_no_account() {
    let tables = Tables::new();
    let bypasses = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'auth'";
    assert_eq!(tables.value(bypasses), "f");
    let mut conn = PgConnection::establish(&tables.url("auth")).unwrap();
    for sql in [
        "UPDATE auth_audit SET body = ''",
        "DELETE FROM auth_audit",
        "TRUNCATE auth_audit",
        "DELETE FROM auth_audit_head",
        "INSERT INTO auth_audit_head (single, number, hash) VALUES (false, 0, '')",
        "DELETE FROM auth_accounts",
        "UPDATE auth_recovery_codes SET code_set = 0",
        "CREATE TABLE mine ()",
    ] {
        assert!(conn.batch_execute(sql).is_err(), "{sql}");
    }
}

/// Each privilege that is granted is needed: without it the suite or a flow fails. Here one of each table
/// is taken away.
#[test]
fn without_a_grant_the_store_fails_and_says_nothing_of_whom() {
    let tables = Tables::new();
    tables.admin("REVOKE INSERT ON auth_accounts FROM auth");
    let store = tables.pooled();
    let error = run(store.create_account(&super::stage::account("ada@example.com"))).unwrap_err();
    let told = format!(
        "{error} {error:?} {}",
        std::error::Error::source(&error).unwrap()
    );
    assert!(
        told.contains("permission denied for table auth_accounts"),
        "{told}"
    );
    assert!(!told.contains("ada") && !told.contains("a hash"), "{told}");
}
