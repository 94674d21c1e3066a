//! What goes over the wire: no more round trips than without, and nothing out of order.

use std::sync::atomic::{AtomicBool, Ordering};

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl, QueryableByName};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use weft_tenancy::{AsyncOrgConn, OrgConn, Refusal, RefusalKind, Scope};
use weft_tests::schema::{A, B, OrderStatus, customers, orders, plans};
use weft_tests::tap::Traffic;
use weft_tests::{Database, TENANCY, Tap};

/// How many prepared statements were run.
fn binds(traffic: &Traffic) -> usize {
    let sent = traffic.sent.iter();
    sent.filter(|message| *message == "Bind").count()
}

#[test]
fn a_scoped_transaction_is_ready_as_often_as_a_plain_one() {
    use diesel::{Connection, PgConnection, RunQueryDsl};

    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    let mut inner = PgConnection::establish(tap.url()).unwrap();
    let mut rounds = Vec::new();
    for _ in 0..2 {
        tap.take();
        inner
            .transaction(|conn| {
                let by_hand = customers::table.filter(customers::org_id.eq(A));
                by_hand.count().get_result::<i64>(conn)
            })
            .unwrap();
        let plain = tap.take();
        let mut conn = db.scoped(&mut inner, &TENANCY, Scope::org(A));
        let counted: i64 = conn
            .transaction(|conn| customers::table.count().get_result(conn))
            .unwrap();
        assert_eq!(counted, 3);
        rounds.push((plain, tap.take()));
    }
    // The first round prepared the two texts.
    for (plain, scoped) in rounds {
        assert_eq!(plain.ready, scoped.ready);
        assert_eq!(plain.round_trips, scoped.round_trips);
        assert!(
            scoped.sent[0].starts_with("Query BEGIN; SET LOCAL "),
            "{scoped:?}"
        );
    }
}

#[tokio::test]
async fn an_asynchronous_one_as_well() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    plans::table
        .count()
        .get_result::<i64>(&mut inner)
        .await
        .unwrap();
    for _ in 0..2 {
        tap.take();
        inner
            .transaction(async |conn| {
                let by_hand = customers::table.filter(customers::org_id.eq(A));
                by_hand.count().get_result::<i64>(conn).await
            })
            .await
            .unwrap();
        let plain = tap.take();
        let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
        conn.transaction(async |conn| {
            let counted: i64 = customers::table.count().get_result(conn).await?;
            assert_eq!(counted, 3);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
        let scoped = tap.take();
        assert_eq!(
            (plain.ready, plain.round_trips),
            (scoped.ready, scoped.round_trips)
        );
    }
}

#[tokio::test]
async fn a_statement_of_its_own_takes_one_round_trip() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    for (turn, org) in [A, B, A].into_iter().enumerate() {
        let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(org));
        tap.take();
        let counted: i64 = customers::table
            .count()
            .get_result(&mut conn)
            .await
            .unwrap();
        let read = tap.take();
        let deleted = diesel::delete(orders::table.find(1))
            .execute(&mut conn)
            .await;
        let written = tap.take();
        assert_eq!((counted, deleted), (3, Ok(usize::from(turn < 2))));
        if turn > 0 {
            for traffic in [read, written] {
                assert_eq!(traffic.round_trips, 1, "{traffic:?}");
                assert_eq!(binds(&traffic), 4, "{traffic:?}");
            }
        }
    }
}

/// A text that must be prepared first, one that is never kept, and one whose custom type must be
/// looked up: each runs between BEGIN with its context and COMMIT, or it would see no rows.
#[tokio::test]
async fn nothing_passes_a_statement_that_is_not_prepared() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    for turn in 0..2 {
        let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
        for _ in 0..2 {
            let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
            let paid: i64 = orders::table
                .filter(orders::status.eq(OrderStatus::Paid))
                .count()
                .get_result(&mut conn)
                .await
                .unwrap();
            assert_eq!(paid, 2);
            let text = format!("UPDATE customers SET name = 'uncached {turn}'");
            let changed = diesel::sql_query(text).execute(&mut conn).await;
            assert_eq!(changed, Ok(3));
            let some: Vec<i64> = customers::table
                .filter(customers::id.eq_any([1, 2]))
                .select(customers::id)
                .load(&mut conn)
                .await
                .unwrap();
            assert_eq!(some.len(), 2);
        }
    }
}

#[tokio::test]
async fn a_large_result_does_not_block_the_commit_behind_it() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    db.admin(&format!(
        "INSERT INTO customers SELECT '{A}', i, repeat('x', 1000) FROM generate_series(10, 5009) AS i"
    ));
    let mut conn = db.org_async(Scope::org(A)).await;
    for _ in 0..2 {
        let names: Vec<String> = customers::table
            .select(customers::name)
            .load(&mut conn)
            .await
            .unwrap();
        assert_eq!(names.len(), 5_003);
    }
}

#[test]
fn a_synchronous_statement_of_its_own_takes_three() {
    use diesel::{Connection, PgConnection, RunQueryDsl};

    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    let mut inner = PgConnection::establish(tap.url()).unwrap();
    for _ in 0..2 {
        let mut conn = OrgConn::new(&mut inner, &TENANCY, Scope::org(A))
            .with_row_security(db.row_security().unwrap());
        tap.take();
        let counted: i64 = customers::table.count().get_result(&mut conn).unwrap();
        assert_eq!(counted, 3);
    }
    assert_eq!(tap.take().round_trips, 3);
}

#[tokio::test]
async fn a_pooler_in_transaction_mode_is_sent_no_prepared_control() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    let row_security = db.row_security().unwrap().clone().without_pipelining();
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    let mut conn =
        AsyncOrgConn::new(&mut inner, &TENANCY, Scope::org(A)).with_row_security(&row_security);
    plans::table
        .count()
        .get_result::<i64>(&mut conn)
        .await
        .unwrap();
    tap.take();
    let counted: i64 = customers::table
        .count()
        .get_result(&mut conn)
        .await
        .unwrap();
    assert_eq!(counted, 3);
    let sent = tap.take().sent;
    assert!(sent[0].starts_with("Query BEGIN; SET LOCAL"), "{sent:?}");
    assert_eq!(
        sent.last().map(String::as_str),
        Some("Query COMMIT"),
        "{sent:?}"
    );
}

#[tokio::test]
async fn pipelining_is_for_statements_of_one_transaction() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let mut conn = db.org_async(Scope::org(A)).await;
    conn.prepare().await.unwrap();
    let refused = customers::table
        .count()
        .get_result::<i64>(&mut &conn)
        .await
        .unwrap_err();
    let refusal = Refusal::of(&refused).unwrap();
    assert_eq!(refusal.kind(), RefusalKind::Connection);
    conn.transaction(async |conn| {
        macro_rules! counts {
            ($conn:expr) => {
                futures_util::future::try_join(
                    customers::table.count().get_result::<i64>(&mut &*$conn),
                    orders::table.count().get_result::<i64>(&mut &*$conn),
                )
                .await
            };
        }
        assert_eq!(counts!(conn)?, (3, 5));
        let narrow = &mut conn.narrowed([1_i64]);
        assert!(counts!(narrow).is_err());
        narrow.prepare().await?;
        assert_eq!(counts!(narrow)?, (3, 2));
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}

/// A tap that spoils the last letter of `text` the first time that it goes by.
fn spoiling(db: &Database, text: &'static [u8]) -> Tap {
    let spoiled = AtomicBool::new(false);
    Tap::editing(&db.url("app"), move |bytes| {
        let mut places = bytes.windows(text.len());
        if let Some(at) = places.position(|place| place == text)
            && !spoiled.swap(true, Ordering::Relaxed)
        {
            bytes[at + text.len() - 1] = b'9';
        }
    })
}

/// Fails behind a BEGIN that has succeeded.
const SETTING: &[u8] = b"SET LOCAL client_encoding = 'UTF8";

#[test]
fn a_begin_whose_settings_fail_leaves_no_transaction() {
    use diesel::{Connection, PgConnection, RunQueryDsl};

    let db = Database::secured();
    let tap = spoiling(&db, SETTING);
    let mut inner = PgConnection::establish(tap.url()).unwrap();
    let mut conn = db.scoped(&mut inner, &TENANCY, Scope::org(A));
    let count = |conn: &mut OrgConn<_>| customers::table.count().get_result::<i64>(conn);
    assert!(conn.transaction(count).is_err());
    assert_eq!(conn.transaction(count), Ok(3));
}

#[tokio::test]
async fn an_asynchronous_begin_whose_settings_fail_does_not_either() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let tap = spoiling(&db, SETTING);
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
    for counted in [None, Some(3)] {
        let count = conn.transaction(async |conn| {
            let count = customers::table.count();
            count.get_result::<i64>(conn).await
        });
        assert_eq!(count.await.ok(), counted);
    }
}

#[tokio::test]
async fn a_transaction_whose_commit_is_not_run_is_closed() {
    use diesel_async::RunQueryDsl;

    let db = Database::secured();
    let tap = spoiling(&db, b"COMMIT");
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
    for counted in [None, Some(3)] {
        let count = conn.transaction(async |conn| {
            let count = customers::table.count();
            count.get_result::<i64>(conn).await
        });
        assert_eq!(count.await.ok(), counted);
    }
}

#[derive(QueryableByName)]
struct Prepared {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

#[tokio::test]
async fn a_commit_that_is_not_run_leaves_no_transaction() {
    use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

    let db = Database::secured();
    let mut inner = db.connect_async("app").await;
    let count = customers::table.count();
    let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
    assert_eq!(count.get_result(&mut conn).await, Ok(3_i64));
    let text = "SELECT name FROM pg_prepared_statements WHERE statement = 'COMMIT'";
    let commit: Prepared = diesel::sql_query(text)
        .get_result(&mut inner)
        .await
        .unwrap();
    inner
        .batch_execute(&format!("DEALLOCATE {}", commit.name))
        .await
        .unwrap();
    let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
    assert!(count.get_result::<i64>(&mut conn).await.is_err());
    let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'
         AND datname = current_database() AND state <> 'idle'";
    assert_eq!(db.value(open), "0");
}
