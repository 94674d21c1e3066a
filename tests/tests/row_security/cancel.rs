//! A future that is dropped half-way leaves no transaction, no context and no half of its work.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use weft_tenancy::Scope;
use weft_tests::schema::{A, B, OrderStatus, customers, orders};
use weft_tests::{Database, TENANCY};

/// Polls `future` at most `times` times, and drops it.
pub(super) async fn drop_after(times: usize, future: impl Future<Output: Send>) {
    let mut future = pin!(future);
    for _ in 0..times {
        let polled = poll_fn(|task| Poll::Ready(future.as_mut().poll(task))).await;
        if polled.is_ready() {
            return;
        }
        tokio::time::sleep(Duration::from_micros(300)).await;
    }
}

/// Waits until no session of `app` is left inside a transaction.
pub(super) async fn settles(db: &Database) {
    let open = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'app'
         AND datname = current_database() AND xact_start IS NOT NULL";
    for _ in 0..400 {
        if db.value(open) == "0" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a transaction is left open");
}

pub(super) async fn names(
    conn: &mut AsyncPgConnection,
    db: &Database,
    scope: Scope,
) -> Vec<String> {
    let mut conn = db.scoped_async(conn, &TENANCY.insecure_without_conditions(), scope);
    customers::table
        .select(customers::name)
        .order(customers::id)
        .load(&mut conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn wherever_it_is_dropped_the_next_scope_begins_anew() {
    let db = Database::secured();
    for piped in [true, false] {
        let row_security = db.row_security().unwrap().clone();
        let row_security = match piped {
            true => row_security,
            false => row_security.without_pipelining(),
        };
        let db = Database::secured().with(row_security);
        for warm in [false, true] {
            let mut inner = db.connect_async("app").await;
            for times in 0..14 {
                if warm {
                    names(&mut inner, &db, Scope::org(A)).await;
                }
                let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
                let name = format!("dropped-{times}");
                let update = diesel::update(customers::table.find(1)).set(customers::name.eq(name));
                drop_after(times, update.execute(&mut conn)).await;
                settles(&db).await;
                let found = names(&mut inner, &db, Scope::org(B)).await;
                assert_eq!(found, ["bolt-1", "bolt-2", "bolt-3"], "after {times} polls");
            }
            // The last ones ran to their end.
            assert_eq!(names(&mut inner, &db, Scope::org(A)).await[0], "dropped-13");
        }
    }
}

#[tokio::test]
async fn the_same_with_a_custom_type_and_with_rows() {
    let db = Database::secured();
    let mut inner = db.connect_async("app").await;
    for times in 0..14 {
        let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
        let open = orders::table
            .filter(orders::status.eq(OrderStatus::Open))
            .select(orders::id);
        drop_after(times, open.load::<i64>(&mut conn)).await;
        settles(&db).await;
        let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(B).narrowed_to([1_i64]));
        let shops: Vec<i64> = orders::table
            .select(orders::shop_id)
            .load(&mut conn)
            .await
            .unwrap();
        assert_eq!(shops, [1, 1]);
    }
}

#[tokio::test]
async fn a_dropped_change_of_context_is_made_again() {
    use diesel_async::AsyncConnection;

    let db = Database::secured();
    let bare = TENANCY.insecure_without_conditions();
    let mut inner = db.connect_async("app").await;
    for times in 0..8 {
        let mut conn = db.scoped_async(&mut inner, &bare, Scope::org(A));
        conn.transaction(async |conn| {
            let mut narrow = conn.narrowed([2_i64]);
            let ids = orders::table.select(orders::shop_id).distinct();
            drop_after(times, ids.load::<i64>(&mut narrow)).await;
            assert_eq!(ids.load::<i64>(&mut narrow).await?, [2]);
            drop(narrow);
            assert_eq!(ids.load::<i64>(conn).await?.len(), 3);
            Ok::<_, diesel::result::Error>(())
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn a_pool_closes_a_connection_whose_transaction_was_dropped() {
    use diesel_async::AsyncConnection;

    let db = Database::secured();
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(db.url("app"));
    let pool = deadpool::Pool::builder(manager)
        .max_size(1)
        .build()
        .unwrap();
    for times in 0..12 {
        let mut conn = db.scoped_async(pool.get().await.unwrap(), &TENANCY, Scope::org(A));
        let work = conn.transaction(async |conn| {
            let update = diesel::update(customers::table).set(customers::name.eq("lost"));
            update.execute(conn).await?;
            std::future::pending::<()>().await;
            Ok::<_, diesel::result::Error>(())
        });
        drop_after(times, work).await;
        drop(conn);
        let mut pooled = pool.get().await.unwrap();
        let found = names(&mut pooled, &db, Scope::org(B)).await;
        assert_eq!(found, ["bolt-1", "bolt-2", "bolt-3"], "after {times} polls");
        let found = names(&mut pooled, &db, Scope::org(A)).await;
        assert_eq!(found, ["acme-1", "acme-2", "acme-3"], "after {times} polls");
    }
}
