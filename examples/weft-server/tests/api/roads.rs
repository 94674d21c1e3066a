//! What each login role may do, said by Postgres.

use diesel::sql_query;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl, SimpleAsyncConnection};

use weft_server::{config, roads::Roads};

use crate::stage::{Stage, on_stage};

async fn refuses(stage: &Stage, role: &str, sql: &str) {
    let mut conn = AsyncPgConnection::establish(&stage.database.url(role))
        .await
        .unwrap();
    let error = conn.batch_execute(sql).await.expect_err(sql).to_string();
    assert!(
        error.contains("permission denied"),
        "{role}: {sql}: {error}"
    );
}

#[test]
fn each_role_keeps_to_its_road() {
    on_stage(async |stage| {
        for (role, statements) in [
            (
                "weft_app",
                [
                    "SELECT FROM auth_accounts",
                    "SELECT FROM auth_api_tokens",
                    "SELECT FROM weft_unscoped_audit",
                    "INSERT INTO plans DEFAULT VALUES",
                    "DELETE FROM organizations",
                    "UPDATE organizations SET workos_organization = 'x'",
                    "DELETE FROM orders",
                ]
                .as_slice(),
            ),
            (
                "weft_auth",
                &[
                    "SELECT FROM customers",
                    "SELECT id FROM orders",
                    "SELECT address FROM memberships",
                    "UPDATE memberships SET role = 'owner'",
                    "INSERT INTO membership_shops DEFAULT VALUES",
                    "SELECT created_at FROM organizations",
                    "SELECT price FROM plans",
                    "UPDATE auth_api_tokens SET audience = audience",
                    "DELETE FROM auth_audit",
                ],
            ),
            (
                "weft_unscoped",
                &[
                    "SELECT FROM weft_unscoped_audit",
                    "DELETE FROM weft_unscoped_audit",
                    "UPDATE weft_unscoped_audit SET reason = 'x'",
                    "SELECT FROM auth_accounts",
                    "SELECT FROM orders",
                ],
            ),
        ] {
            for sql in statements {
                refuses(stage, role, sql).await;
            }
            for sql in [
                "TRUNCATE orders",
                "SET ROLE weft_unscoped; SELECT FROM orders",
                "CREATE TABLE x ()",
            ] {
                refuses(stage, role, sql).await;
            }
        }
    });
}

#[test]
fn no_role_is_above_the_rules() {
    on_stage(async |stage| {
        let rows = |sql: &str| stage.database.query(sql).unwrap().len();
        assert_eq!(
            rows("SELECT FROM pg_roles WHERE rolname LIKE 'weft\\_%' AND rolcanlogin"),
            3
        );
        assert_eq!(
            rows(
                "SELECT FROM pg_roles WHERE rolname LIKE 'weft\\_%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)"
            ),
            0
        );
        assert_eq!(
            rows(
                "SELECT FROM pg_class JOIN pg_roles r ON r.oid = relowner WHERE rolname LIKE 'weft\\_%'"
            ),
            0
        );
        assert_eq!(
            rows(
                "SELECT FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE rolname LIKE 'weft\\_%'"
            ),
            0
        );
        assert_eq!(
            rows(
                "SELECT FROM information_schema.table_privileges WHERE grantee LIKE 'weft\\_%' AND privilege_type IN ('TRUNCATE', 'REFERENCES', 'TRIGGER')"
            ),
            0
        );
    });
}

#[test]
fn seeding_was_recorded_with_its_reason() {
    on_stage(async |stage| {
        let sql = "SELECT reason, actor, role FROM weft_unscoped_audit";
        let records = stage.database.query(sql).unwrap();
        assert!(!records.is_empty());
        for record in records {
            assert_eq!(record[1].as_deref(), Some("weft-server"));
            assert_eq!(record[2].as_deref(), Some("weft_unscoped"));
        }
    });
}

#[test]
fn a_scope_does_not_reach_what_is_private() {
    on_stage(async |stage| {
        let scope = weft_tenancy::Scope::org(stage.a.id);
        let mut conn = stage.roads.app.within(scope).await.unwrap();
        let error = sql_query("SELECT id FROM auth_accounts")
            .execute(&mut conn)
            .await
            .unwrap_err();
        let refusal = weft_tenancy::Refusal::of(&error).expect("refused by the hook");
        assert_eq!(refusal.kind(), weft_tenancy::RefusalKind::PrivateTable);
    });
}

#[test]
fn the_roads_stay_closed_without_row_level_security() {
    on_stage(async |stage| {
        let addresses = config::addresses(&stage.database);
        for (defect, words) in [
            (
                "ALTER TABLE messages NO FORCE ROW LEVEL SECURITY",
                "on messages refused (row-security): row security is not forced",
            ),
            (
                "DROP POLICY weft_shop ON customers",
                "on customers refused (row-security)",
            ),
        ] {
            assert!(Roads::open(&addresses).await.is_ok());
            let database: &weft_embedded::Database = &stage.database;
            database.execute(defect).unwrap();
            let error = Roads::open(&addresses)
                .await
                .err()
                .expect(defect)
                .to_string();
            assert!(error.contains(words), "{error}");
            let again = weft_server::migrate::migrations()
                .into_iter()
                .find(|(name, _)| name.ends_with("row_security"));
            database.execute(&again.unwrap().1).unwrap();
        }
    });
}
