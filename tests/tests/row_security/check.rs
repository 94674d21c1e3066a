//! Row-level security is taken for granted only where it was found in force.

use diesel::{Connection, PgConnection};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_tenancy::{Refusal, RefusalKind, RowSecurity};
use weft_tests::{Database, TENANCY};

/// The kind of refusal as `role`, the table it names and its words, the same on both connections.
fn refused(db: &Database, role: &str) -> (RefusalKind, Option<String>, String) {
    let url = db.url(role);
    let mut conn = PgConnection::establish(&url).unwrap();
    let error = RowSecurity::check(&mut conn, &TENANCY).unwrap_err();
    let refusal = Refusal::of(&error).unwrap().clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut conn = AsyncPgConnection::establish(&url).await.unwrap();
        let error = RowSecurity::check_async(&mut conn, &TENANCY).await;
        assert_eq!(Refusal::of(&error.unwrap_err()), Some(&refusal));
    });
    let table = refusal.table().map(str::to_owned);
    (refusal.kind(), table, refusal.to_string())
}

#[test]
fn a_table_that_it_does_not_hold_is_named() {
    for (defect, table, words) in [
        (
            "ALTER TABLE orders DISABLE ROW LEVEL SECURITY",
            "orders",
            "is off",
        ),
        (
            "ALTER TABLE reports.totals NO FORCE ROW LEVEL SECURITY",
            "reports.totals",
            "not forced",
        ),
        ("DROP POLICY weft_org ON gadgets", "gadgets", "weft_org"),
        ("DROP POLICY weft_shop ON orders", "orders", "weft_shop"),
        (
            "DROP POLICY weft_org ON organizations;
             CREATE POLICY weft_org ON organizations TO app USING (true)",
            "organizations",
            "weft_org",
        ),
        (
            "ALTER POLICY weft_org ON customers TO unscoped",
            "customers",
            "weft_org",
        ),
        (
            "DROP POLICY weft_org ON customers; CREATE POLICY weft_org ON customers
               AS RESTRICTIVE FOR SELECT TO app USING (true)",
            "customers",
            "weft_org",
        ),
        ("ALTER TABLE customers OWNER TO app", "customers", "owns"),
        (
            "ALTER POLICY weft_org ON customers USING (true)",
            "customers",
            "weft_org",
        ),
        (
            "ALTER POLICY weft_shop ON orders USING (shop_id > 0)",
            "orders",
            "weft_shop",
        ),
        (
            "ALTER POLICY weft_org ON orders WITH CHECK (true)",
            "orders",
            "weft_org",
        ),
        ("DROP TABLE gadgets", "gadgets", "not there"),
        (
            "DROP TABLE gadgets; CREATE VIEW gadgets AS SELECT 1",
            "gadgets",
            "no table",
        ),
    ] {
        let db = Database::secured();
        db.admin(defect);
        let (kind, on, message) = refused(&db, "app");
        assert_eq!(kind, RefusalKind::RowSecurity, "{defect}");
        assert_eq!(on.as_deref(), Some(table), "{defect}");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_role_that_it_does_not_hold_is_refused() {
    let db = Database::secured();
    db.admin(
        "DO $$ BEGIN CREATE ROLE weft_bypass LOGIN BYPASSRLS;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$",
    );
    for role in ["postgres", "weft_bypass"] {
        let (kind, _, message) = refused(&db, role);
        assert_eq!(kind, RefusalKind::RowSecurity);
        assert!(message.contains("superuser or bypasses"), "{message}");
    }
    // What it may become counts, and what it was before SET ROLE.
    db.admin(
        "DO $$ BEGIN CREATE ROLE weft_member LOGIN NOINHERIT;
         EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
         GRANT weft_bypass TO weft_member",
    );
    db.admin(&format!(
        "ALTER ROLE postgres IN DATABASE \"{}\" SET role = 'app'",
        db.value("SELECT current_database()")
    ));
    for role in ["weft_member", "postgres"] {
        let (_, _, message) = refused(&db, role);
        assert!(message.contains("superuser or bypasses"), "{message}");
    }
    // A role that no policy is for sees nothing, and is told so.
    assert_eq!(refused(&db, "auth").0, RefusalKind::RowSecurity);
}

#[test]
fn a_bare_name_that_means_another_table_is_refused() {
    let db = Database::secured();
    db.admin("CREATE TABLE public.totals (org_id uuid)");
    let (kind, table, _) = refused(&db, "app");
    assert_eq!(kind, RefusalKind::SearchPath);
    assert_eq!(table.as_deref(), Some("reports.totals"));
}

#[test]
fn a_database_without_it_is_refused() {
    assert_eq!(refused(&Database::new(), "app").0, RefusalKind::RowSecurity);
}
