//! The form that Citus forwards to its workers: each setting a message of its own. A row in the
//! catalog stands for the extension; what a coordinator makes of it needs one.

use diesel::{Connection, PgConnection, QueryDsl};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_tenancy::{Refusal, RefusalKind, RowSecurity, Scope};
use weft_tests::schema::{A, customers};
use weft_tests::{Database, TENANCY, Tap};

fn coordinator() -> Database {
    let db = Database::secured();
    db.admin(
        "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
         VALUES (99999, 'citus', 10, 11, false, '13.2')",
    );
    db
}

#[test]
fn a_role_whose_settings_are_not_forwarded_is_refused() {
    let db = coordinator();
    let error = RowSecurity::check(&mut db.connect("app"), &TENANCY).unwrap_err();
    let refusal = Refusal::of(&error).unwrap();
    assert_eq!(refusal.kind(), RefusalKind::RowSecurity);
    assert!(refusal.to_string().contains("citus.propagate_set_commands"));
}

/// What goes over the wire for a statement of its own and for a transaction.
fn expected(sent: &[String]) {
    let simple: Vec<&str> = sent
        .iter()
        .filter_map(|message| message.strip_prefix("Query "))
        .collect();
    let begun = [
        "BEGIN".to_owned(),
        format!("SET LOCAL weft.org_id = '{A}'"),
        "SET LOCAL weft.shop_ids = '*'".to_owned(),
        "COMMIT".to_owned(),
    ];
    assert_eq!(simple, [&begun[..], &begun[..]].concat(), "{sent:?}");
}

fn forwarded(db: &Database) -> String {
    format!(
        "{}?options=-c%20citus.propagate_set_commands%3Dlocal",
        db.url("app")
    )
}

#[test]
fn each_setting_is_a_message_of_its_own() {
    use diesel::RunQueryDsl;

    let db = coordinator();
    let tap = Tap::new(&forwarded(&db));
    let mut inner = PgConnection::establish(tap.url()).unwrap();
    let row_security = RowSecurity::check(&mut inner, &TENANCY).unwrap();
    let db = db.with(row_security);
    let mut conn = db.scoped(&mut inner, &TENANCY, Scope::org(A));
    tap.take();
    assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
    let counted = conn.transaction(|conn| customers::table.count().get_result(conn));
    assert_eq!(counted, Ok(3_i64));
    expected(&tap.take().sent);
}

#[tokio::test]
async fn each_setting_is_a_message_of_its_own_asynchronously() {
    use diesel_async::RunQueryDsl;

    let db = coordinator();
    let tap = Tap::new(&forwarded(&db));
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    let row_security = RowSecurity::check_async(&mut inner, &TENANCY)
        .await
        .unwrap();
    let db = db.with(row_security);
    let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
    tap.take();
    let counted: i64 = customers::table
        .count()
        .get_result(&mut conn)
        .await
        .unwrap();
    assert_eq!(counted, 3);
    let counted = conn
        .transaction(async |conn| customers::table.count().get_result(conn).await)
        .await;
    assert_eq!(counted, Ok(3_i64));
    expected(&tap.take().sent);
}
