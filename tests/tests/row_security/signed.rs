//! A context that injected SQL cannot change.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryDsl, QueryableByName};
use weft_tenancy::{ContextKey, Policies, RowSecurity, Scope, Tenancy};
use weft_tests::database::roles;
use weft_tests::schema::{A, B, customers, orders};
use weft_tests::{Database, TENANCY, Tap};

static BARE: LazyLock<Tenancy> = LazyLock::new(|| TENANCY.insecure_without_conditions());

fn key() -> ContextKey {
    ContextKey::new("2026-11", &[7; 32]).unwrap()
}

/// A database whose policies believe signed contexts alone, and scopes that sign theirs.
fn signed() -> Database {
    let db = Database::secured();
    db.admin(&Policies::new(&TENANCY, &roles()).signed().to_string());
    db.admin(&key().sql());
    let row_security = RowSecurity::check(&mut db.connect("app"), &TENANCY).unwrap();
    db.with(row_security.with_key(key()).unwrap())
}

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

/// How many orders a transaction sees that sets `context` for itself.
fn seen(conn: &mut PgConnection, context: &str) -> i64 {
    use diesel::RunQueryDsl;

    conn.transaction(|conn| {
        diesel::sql_query("SELECT set_config('weft.context', $1, true)")
            .bind::<diesel::sql_types::Text, _>(context)
            .execute(conn)?;
        diesel::sql_query("SELECT count(*) FROM orders").get_result::<Counted>(conn)
    })
    .unwrap()
    .count
}

#[test]
fn scopes_see_their_rows_on_both_connections() {
    let db = signed();
    {
        use diesel::RunQueryDsl;
        let mut conn = db.scoped(Box::new(db.connect("app")), &BARE, Scope::org(A));
        assert_eq!(customers::table.count().get_result(&mut conn), Ok(3_i64));
        let shops = conn.transaction(|conn| {
            let all: i64 = orders::table.count().get_result(conn)?;
            let one: i64 = orders::table
                .count()
                .get_result(&mut conn.narrowed([1_i64]))?;
            let none: i64 = orders::table
                .count()
                .get_result(&mut conn.narrowed([] as [i64; 0]))?;
            Ok::<_, diesel::result::Error>((all, one, none))
        });
        assert_eq!(shops, Ok((5, 2, 0)));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        use diesel_async::RunQueryDsl;
        let conn = Box::new(db.connect_async("app").await);
        let mut conn = db.scoped_async(conn, &BARE, Scope::org(B));
        for _ in 0..2 {
            let counted: i64 = customers::table
                .count()
                .get_result(&mut conn)
                .await
                .unwrap();
            assert_eq!(counted, 3);
        }
    });
}

#[test]
fn what_is_not_signed_in_time_with_a_known_key_shows_nothing() {
    let db = signed();
    let mut conn = db.connect("app");
    let now = SystemTime::now();
    let (a, b) = (A.to_string(), B.to_string());
    let good = key().sign(&a, "*", now);
    assert_eq!(seen(&mut conn, &good), 6);
    assert_eq!(seen(&mut conn, &key().sign(&a, "{1,2}", now)), 4);
    assert_eq!(seen(&mut conn, &key().sign(&a, "{}", now)), 0);

    let other = ContextKey::new("2026-11", &[8; 32]).unwrap();
    let unknown = ContextKey::new("2027-01", &[7; 32]).unwrap();
    let (head, signature) = good.rsplit_once('|').unwrap();
    for (context, why) in [
        (String::new(), "empty"),
        (a.clone(), "no context"),
        (good.replace(&a, &b), "another organisation"),
        (format!("{head}|"), "no signature"),
        (head.to_owned(), "a part missing"),
        (format!("{good}|"), "a part too many"),
        (
            format!("{head}|{}", signature.to_uppercase()),
            "another spelling",
        ),
        (good.replace("v1", "v2"), "another version"),
        (other.sign(&a, "*", now), "another key"),
        (unknown.sign(&a, "*", now), "an unknown key"),
        (
            key().sign(&a, "*", now - Duration::from_secs(301)),
            "expired",
        ),
        ("v1|2026-11|x|y|z|w".to_owned(), "junk"),
        ("||||||||".to_owned(), "only bars"),
    ] {
        assert_eq!(seen(&mut conn, &context), 0, "{why}");
    }
    // Plain settings are not believed.
    conn.batch_execute(&format!("SET weft.org_id = '{a}'; SET weft.shop_ids = '*'"))
        .unwrap();
    assert_eq!(seen(&mut conn, ""), 0);
}

#[test]
fn a_retired_key_is_not_believed() {
    let db = signed();
    let mut conn = db.connect("app");
    let context = key().sign(&A.to_string(), "*", SystemTime::now());
    db.admin("UPDATE weft.context_keys SET not_after = now() + interval '1 hour'");
    assert_eq!(seen(&mut conn, &context), 6);
    db.admin("UPDATE weft.context_keys SET not_after = now() - interval '1 second'");
    assert_eq!(seen(&mut conn, &context), 0);
}

#[test]
fn the_role_reaches_neither_the_key_nor_what_checks_it() {
    use diesel::RunQueryDsl;

    let db = signed();
    let mut conn = db.connect("app");
    for text in [
        "SELECT 1 FROM weft.context_keys",
        "SELECT weft.signed_context()",
        "INSERT INTO weft.context_keys VALUES ('mine', '', '')",
    ] {
        let error = diesel::sql_query(text).execute(&mut conn).unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}

#[test]
fn privileges_that_new_tables_bring_do_not_open_the_key() {
    use diesel::RunQueryDsl;

    let db = Database::secured();
    db.admin("ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC, app");
    let text = Policies::new(&TENANCY, &roles()).signed().to_string();
    db.admin(&text);
    db.admin(&key().sql());
    db.admin("GRANT SELECT, INSERT, UPDATE, DELETE ON weft.context_keys TO app");
    let mut conn = db.connect("app");
    let counted: Counted = diesel::sql_query("SELECT count(*) FROM weft.context_keys")
        .get_result(&mut conn)
        .unwrap();
    assert_eq!(counted.count, 0);
    for text in [
        "UPDATE weft.context_keys SET not_after = now() RETURNING id",
        "DELETE FROM weft.context_keys RETURNING id",
    ] {
        assert_eq!(diesel::sql_query(text).execute(&mut conn), Ok(0), "{text}");
    }
    let forged = "INSERT INTO weft.context_keys SELECT 'mine', decode(repeat('00', 64), 'hex'), decode(repeat('00', 64), 'hex')";
    assert!(diesel::sql_query(forged).execute(&mut conn).is_err());
    let context = key().sign(&A.to_string(), "*", SystemTime::now());
    assert_eq!(seen(&mut conn, &context), 6);
    // Run again, the text takes back what the table brought.
    db.admin(&text);
    for text in [
        "SELECT FROM weft.context_keys",
        "TRUNCATE weft.context_keys",
    ] {
        let error = diesel::sql_query(text).execute(&mut conn).unwrap_err();
        assert!(error.to_string().contains("permission denied"), "{error}");
    }
}

#[test]
fn a_context_without_an_end_is_believed() {
    let db = signed();
    let key = key().with_lifetime(Duration::MAX);
    let context = key.sign(&A.to_string(), "*", SystemTime::now());
    assert_eq!(seen(&mut db.connect("app"), &context), 6);
}

#[test]
fn it_is_checked_once_for_each_policy_and_not_for_each_row() {
    use diesel::RunQueryDsl;

    let db = signed();
    db.admin(&format!(
        "INSERT INTO customers SELECT '{A}', i, 'many' FROM generate_series(10, 2009) AS i"
    ));
    db.admin(&format!(
        "ALTER DATABASE \"{}\" SET track_functions = 'all'",
        db.value("SELECT current_database()")
    ));
    let mut conn = db.scoped(Box::new(db.connect("app")), &BARE, Scope::org(A));
    let counted: i64 = customers::table.count().get_result(&mut conn).unwrap();
    assert_eq!(counted, 2_003);
    drop(conn);
    let calls = "SELECT coalesce(max(calls), 0) FROM pg_stat_user_functions
                 WHERE funcname = 'signed_org'";
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while db.value(calls) == "0" && std::time::Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(db.value(calls), "1");
}

#[test]
fn a_signed_context_is_a_bind_and_no_text() {
    use diesel::RunQueryDsl;

    let db = signed();
    let tap = Tap::new(&db.url("app"));
    let mut inner = PgConnection::establish(tap.url()).unwrap();
    tap.take();
    let mut conn = db.scoped(&mut inner, &BARE, Scope::org(A));
    conn.transaction(|conn| customers::table.count().get_result::<i64>(conn))
        .unwrap();
    let sent = tap.take().sent;
    assert!(sent.iter().any(|message| message.contains("weft.context")));
    assert!(
        !sent.iter().any(|message| message.contains(&A.to_string())),
        "{sent:?}"
    );
}
