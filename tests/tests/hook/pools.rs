//! No scope, no transaction and no half-sent command stays behind in a pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::AsyncPgConnection;
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, bb8, deadpool};
use weft_tenancy::{AsyncOrgConn, OrgConn, Scope};
use weft_tests::schema::{A, B, customers};
use weft_tests::{Database, TENANCY};

type R2d2 = diesel::r2d2::Pool<diesel::r2d2::ConnectionManager<diesel::PgConnection>>;

fn r2d2(db: &Database) -> R2d2 {
    let manager = diesel::r2d2::ConnectionManager::new(db.url("app"));
    diesel::r2d2::Pool::builder()
        .max_size(1)
        .build(manager)
        .unwrap()
}

fn deadpool(db: &Database) -> deadpool::Pool<AsyncPgConnection> {
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(db.url("app"));
    deadpool::Pool::builder(manager)
        .max_size(1)
        .build()
        .unwrap()
}

async fn bb8(db: &Database) -> bb8::Pool<AsyncPgConnection> {
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(db.url("app"));
    bb8::Pool::builder()
        .max_size(1)
        .build(manager)
        .await
        .unwrap()
}

/// The sessions of `app` that are inside a transaction.
fn in_transaction(db: &Database) -> String {
    db.value(
        "SELECT count(*) FROM pg_stat_activity
         WHERE usename = 'app' AND datname = current_database() AND xact_start IS NOT NULL
           AND state LIKE 'idle in%'",
    )
}

fn first_name() -> String {
    format!("SELECT name FROM customers WHERE org_id = '{A}' AND id = 1")
}

#[test]
fn r2d2_hands_out_scopes_one_after_another() {
    use diesel::{Connection, RunQueryDsl};

    let db = Database::new();
    let pool = r2d2(&db);
    for (org, prefix) in [(A, "acme"), (B, "bolt"), (A, "acme")] {
        let mut conn = OrgConn::new(pool.get().unwrap(), &TENANCY, Scope::org(org));
        let name: String = conn
            .transaction(|conn| customers::table.find(1).select(customers::name).first(conn))
            .unwrap();
        assert_eq!(name, format!("{prefix}-1"));
    }
    assert_eq!(pool.state().connections, 1);
}

#[test]
fn r2d2_drops_a_connection_left_in_a_transaction() {
    use diesel::{Connection, RunQueryDsl};

    let db = Database::new();
    let pool = r2d2(&db);
    let mut conn = OrgConn::new(pool.get().unwrap(), &TENANCY, Scope::org(A));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        conn.transaction(|conn| -> Result<(), Error> {
            diesel::update(customers::table)
                .set(customers::name.eq("lost"))
                .execute(conn)?;
            panic!("in the middle")
        })
    }));
    assert!(panicked.is_err());
    drop(conn);
    let mut next = OrgConn::new(pool.get().unwrap(), &TENANCY, Scope::org(A));
    let name: String = customers::table
        .find(1)
        .select(customers::name)
        .first(&mut next)
        .unwrap();
    assert_eq!(name, "acme-1");
    assert_eq!(in_transaction(&db), "0");
}

/// A pool whose connections are handed out inside a test transaction, as Diesel's own customizer
/// makes it: scopes work in it, one after another, and none can end it.
#[test]
fn r2d2_with_test_transactions() {
    use diesel::{Connection, RunQueryDsl};

    let db = Database::new();
    let manager = diesel::r2d2::ConnectionManager::<diesel::PgConnection>::new(db.url("app"));
    let pool = diesel::r2d2::Pool::builder()
        .max_size(1)
        .connection_customizer(Box::new(diesel::r2d2::TestCustomizer))
        .build(manager)
        .unwrap();
    for name in ["one", "two"] {
        let mut conn = OrgConn::new(pool.get().unwrap(), &TENANCY, Scope::org(A));
        conn.transaction(|conn| {
            diesel::update(customers::table.find(1))
                .set(customers::name.eq(name))
                .execute(conn)
        })
        .unwrap();
    }
    let mut conn = OrgConn::new(pool.get().unwrap(), &TENANCY, Scope::org(A));
    let name: String = customers::table
        .find(1)
        .select(customers::name)
        .first(&mut conn)
        .unwrap();
    assert_eq!(name, "two");
    drop(pool);
    drop(conn);
    assert_eq!(db.value(&first_name()), "acme-1");
}

/// Drops a transaction's future at one point after another, until it runs to its end; each time the
/// pool must hand out a session that is in no transaction and kept nothing.
macro_rules! dropped_anywhere {
    ($db:ident, $get:expr) => {
        use diesel_async::{AsyncConnection, RunQueryDsl};

        let mut finished = false;
        for step in 0..200_u32 {
            let mut conn = AsyncOrgConn::new($get, &TENANCY, Scope::org(A));
            let transaction = conn.transaction(async |conn| {
                let rename = diesel::update(customers::table).set(customers::name.eq("lost"));
                rename.execute(conn).await?;
                conn.transaction(async |conn| {
                    customers::table.count().get_result::<i64>(conn).await
                })
                .await?;
                Err::<(), _>(Error::RollbackTransaction)
            });
            let ended = polled(transaction, step).await;
            drop(conn);
            finished = ended.is_some();
            let mut next = AsyncOrgConn::new($get, &TENANCY, Scope::org(B));
            let name: String = next
                .transaction(async |conn| {
                    customers::table
                        .find(1)
                        .select(customers::name)
                        .first(conn)
                        .await
                })
                .await
                .unwrap();
            assert_eq!(name, "bolt-1", "dropped after {step} polls");
            drop(next);
            if finished {
                break;
            }
        }
        assert!(finished);
        assert_eq!(in_transaction(&$db), "0");
        assert_eq!($db.value(&first_name()), "acme-1");
    };
}

/// Polls `future` at most `times`, and drops it.
async fn polled<F: Future>(future: F, times: u32) -> Option<F::Output> {
    let mut future = Box::pin(future);
    let mut polls = 0;
    std::future::poll_fn(move |cx| {
        if polls > times {
            return std::task::Poll::Ready(None);
        }
        polls += 1;
        let polled = future.as_mut().poll(cx).map(Some);
        if polled.is_pending() && polls > times {
            return std::task::Poll::Ready(None);
        }
        polled
    })
    .await
}

#[tokio::test]
async fn deadpool_recycles_no_transaction_of_a_dropped_future() {
    let db = Database::new();
    let pool = deadpool(&db);
    dropped_anywhere!(db, pool.get().await.unwrap());
}

#[tokio::test]
async fn bb8_recycles_no_transaction_of_a_dropped_future() {
    let db = Database::new();
    let pool = bb8(&db).await;
    dropped_anywhere!(db, pool.get().await.unwrap());
}

#[tokio::test]
async fn a_timeout_inside_a_transaction_closes_the_connection() {
    use diesel_async::{AsyncConnection, RunQueryDsl};

    let db = Database::new();
    let pool = deadpool(&db);
    let mut conn = AsyncOrgConn::new(pool.get().await.unwrap(), &TENANCY, Scope::org(A));
    let transaction = conn.transaction(async |conn| {
        diesel::update(customers::table)
            .set(customers::name.eq("lost"))
            .execute(conn)
            .await?;
        tokio::time::sleep(Duration::from_secs(600)).await;
        Ok::<_, Error>(())
    });
    let timed_out = tokio::time::timeout(Duration::from_millis(300), transaction).await;
    assert!(timed_out.is_err());
    drop(conn);
    let mut next = AsyncOrgConn::new(pool.get().await.unwrap(), &TENANCY, Scope::org(A));
    let name: String = customers::table
        .find(1)
        .select(customers::name)
        .first(&mut next)
        .await
        .unwrap();
    assert_eq!(name, "acme-1");
}

/// A backend killed while its connection lies in the pool, and one killed in use.
#[tokio::test]
async fn a_terminated_backend_is_replaced() {
    use diesel_async::RunQueryDsl;

    let db = Database::new();
    let pool = deadpool(&db);
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE usename = 'app' AND datname = current_database()";
    let count = async |conn: &mut AsyncOrgConn<deadpool::Object<AsyncPgConnection>>| {
        customers::table.count().get_result::<i64>(conn).await
    };
    let scoped = async || AsyncOrgConn::new(pool.get().await.unwrap(), &TENANCY, Scope::org(A));
    let mut conn = scoped().await;
    assert_eq!(count(&mut conn).await, Ok(3));
    db.admin(kill);
    assert!(count(&mut conn).await.is_err());
    drop(conn);
    let mut conn = scoped().await;
    assert_eq!(count(&mut conn).await, Ok(3));
    drop(conn);
    db.admin(kill);
    let mut conn = scoped().await;
    assert_eq!(count(&mut conn).await, Ok(3));
}

/// Many tasks in scopes of their own on few connections, giving way to each other everywhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_scopes_never_mix() {
    use diesel_async::{AsyncConnection, RunQueryDsl};
    use weft_tests::schema::orders;

    let db = Database::new();
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(db.url("app"));
    let pool = deadpool::Pool::builder(manager)
        .max_size(2)
        .build()
        .unwrap();
    let scopes = [
        (Scope::org(A), "acme", vec![1, 2, 3, 4, 5]),
        (Scope::org(B), "bolt", vec![1, 2, 3, 4, 5]),
        (Scope::org(A).narrowed_to([1_i64]), "acme", vec![1, 4]),
        (Scope::org(B).narrowed_to([2_i64, 3]), "bolt", vec![2, 3, 5]),
    ];
    let tasks = (0..8).map(|task| {
        let (pool, (scope, note, ids)) = (pool.clone(), scopes[task % 4].clone());
        tokio::spawn(async move {
            for turn in 0..40 {
                let mut conn =
                    AsyncOrgConn::new(pool.get().await.unwrap(), &TENANCY, scope.clone());
                let seen = async |conn: &mut AsyncOrgConn<_>| {
                    let rows = orders::table
                        .select((orders::id, orders::note))
                        .order(orders::id);
                    let rows: Vec<(i64, Option<String>)> = rows.load(conn).await?;
                    tokio::task::yield_now().await;
                    Ok::<_, Error>(rows)
                };
                let rows = match (task + turn) % 2 {
                    0 => seen(&mut conn).await.unwrap(),
                    _ => conn
                        .transaction(async |conn| seen(conn).await)
                        .await
                        .unwrap(),
                };
                assert!(
                    rows.iter()
                        .all(|(_, theirs)| theirs.as_deref() == Some(note))
                );
                assert_eq!(rows.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), ids);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}
