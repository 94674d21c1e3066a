//! One view of a scope: begun with the first statement, over when it is dropped, and no way to write.

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use weft_tenancy::{RefusalKind, Scope};
use weft_tests::schema::{A, B, customers, orders};
use weft_tests::{Database, TENANCY, Tap};

use super::cancel::{drop_after, names, settles};

async fn counted(conn: &mut impl AsyncConnection<Backend = diesel::pg::Pg>) -> i64 {
    customers::table.count().get_result(conn).await.unwrap()
}

/// With row-level security, and with it where nothing shares a pipeline.
fn secured() -> [Database; 2] {
    let sequential = Database::secured();
    let row_security = sequential.row_security().unwrap().clone();
    let sequential = sequential.with(row_security.without_pipelining());
    [Database::secured(), sequential]
}

fn databases() -> impl Iterator<Item = Database> {
    [Database::new()].into_iter().chain(secured())
}

#[tokio::test]
async fn it_begins_in_the_round_trip_of_its_first_statement() {
    let db = Database::secured();
    let tap = Tap::new(&db.url("app"));
    let mut inner = AsyncPgConnection::establish(tap.url()).await.unwrap();
    for turn in 0..3 {
        let conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
        let mut moment = conn.snapshot();
        tap.take();
        for statement in 0..3 {
            assert_eq!(counted(&mut moment).await, 3);
            let traffic = tap.take();
            if turn == 0 {
                continue;
            }
            assert_eq!(traffic.round_trips, 1, "{traffic:?}");
            let begins =
                "Query BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL ";
            let begun = traffic.sent.iter().filter(|sent| sent.starts_with(begins));
            assert_eq!(begun.count(), usize::from(statement == 0), "{traffic:?}");
        }
        drop(moment);
        settles(&db).await;
        assert_eq!(tap.take().sent, ["Query ROLLBACK"]);
    }
}

#[tokio::test]
async fn all_it_says_is_of_one_moment() {
    for db in databases() {
        let mut moment = db.org_async(Scope::org(A)).await.snapshot();
        assert_eq!(counted(&mut moment).await, 3);
        let mut other = db.org_async(Scope::org(A)).await;
        let renamed = diesel::update(customers::table).set(customers::name.eq("changed"));
        assert_eq!(renamed.execute(&mut other).await.unwrap(), 3);
        let name = customers::table.find(1).select(customers::name);
        let seen: String = name.first(&mut moment).await.unwrap();
        assert_eq!(seen, "acme-1");
        drop(moment);
        let seen: String = name.first(&mut other).await.unwrap();
        assert_eq!(seen, "changed");
    }
}

#[tokio::test]
async fn it_writes_nothing() {
    for db in databases() {
        let mut moment = db.org_async(Scope::org(A)).await.snapshot();
        let renamed = diesel::update(customers::table).set(customers::name.eq("changed"));
        let error = renamed.execute(&mut moment).await.unwrap_err();
        assert!(error.to_string().contains("read-only"), "{error}");
    }
}

#[tokio::test]
async fn it_sees_its_scope_and_shops_alone() {
    for db in databases() {
        let mut moment = db.org_async(Scope::org(A)).await.snapshot();
        let shops = orders::table.select(orders::shop_id).distinct();
        // The narrowed one begins it.
        let mut narrow = moment.narrowed([2_i64]);
        assert_eq!(shops.load::<i64>(&mut narrow).await.unwrap(), [2]);
        drop(narrow);
        assert_eq!(shops.load::<i64>(&mut moment).await.unwrap().len(), 3);
        let other = orders::table.filter(orders::org_id.eq(B)).count();
        assert_eq!(other.get_result::<i64>(&mut moment).await.unwrap(), 0);
    }
}

/// With the hook's own conditions taken out, row-level security alone has to hold.
#[tokio::test]
async fn it_has_the_context_of_its_scope() {
    let db = Database::secured();
    let bare = TENANCY.insecure_without_conditions();
    let mut inner = db.connect_async("app").await;
    for (org, first) in [(A, "acme-1"), (B, "bolt-1"), (A, "acme-1")] {
        let conn = db.scoped_async(&mut inner, &bare, Scope::org(org));
        let mut moment = conn.snapshot();
        for _ in 0..2 {
            let all = customers::table
                .select(customers::name)
                .order(customers::id);
            let seen: Vec<String> = all.load(&mut moment).await.unwrap();
            assert_eq!((seen.len(), &*seen[0]), (3, first));
        }
    }
}

#[tokio::test]
async fn what_is_begun_within_is_a_savepoint() {
    for db in databases() {
        let mut moment = db.org_async(Scope::org(A)).await.snapshot();
        let inside = async |conn: &mut _| Ok::<_, Error>(counted(conn).await);
        let mut built = moment.build_transaction();
        let built = built.run(async |_| Ok::<_, Error>(())).await;
        assert!(matches!(built, Err(Error::AlreadyInTransaction)));
        assert_eq!(moment.transaction(inside).await.unwrap(), 3);
        let failed =
            moment.transaction(async |conn| diesel::delete(orders::table).execute(conn).await);
        assert!(failed.await.is_err());
        assert_eq!(counted(&mut moment).await, 3);
    }
}

#[tokio::test]
async fn a_transaction_that_is_open_is_its_own_moment_and_stays_open() {
    for db in secured() {
        let mut inner = db.connect_async("app").await;
        let mut conn = db.scoped_async(&mut inner, &TENANCY, Scope::org(A));
        conn.transaction(async |conn| {
            let renamed = diesel::update(customers::table).set(customers::name.eq("changed"));
            renamed.execute(conn).await?;
            let mut moment = conn.showing_deleted().snapshot();
            let name = customers::table.find(1).select(customers::name);
            let seen: String = name.first(&mut moment).await?;
            assert_eq!(seen, "changed");
            drop(moment);
            assert_eq!(counted(conn).await, 3);
            Ok::<_, Error>(())
        })
        .await
        .unwrap();
        assert_eq!(names(&mut inner, &db, Scope::org(A)).await[0], "changed");
    }
}

#[tokio::test]
async fn after_it_the_connection_is_as_it_was_before() {
    for db in databases() {
        let mut conn = db.org_async(Scope::org(A)).await;
        let mut moment = conn.narrowed([2_i64]).snapshot();
        let mut inner = moment.showing_deleted().snapshot();
        assert_eq!(counted(&mut inner).await, 3);
        drop(inner);
        // It was not the inner one's to end.
        assert!(
            moment
                .transaction(async |_| Ok::<_, Error>(()))
                .await
                .is_ok()
        );
        let deleted = diesel::delete(orders::table).execute(&mut moment).await;
        assert!(deleted.unwrap_err().to_string().contains("read-only"));
        drop(moment);
        let renamed = diesel::update(customers::table).set(customers::name.eq("changed"));
        assert_eq!(renamed.execute(&mut conn).await.unwrap(), 3);
        settles(&db).await;
        let mut built = conn.build_transaction();
        let shops = orders::table.select(orders::shop_id).distinct();
        let seen = built.run(async |conn| shops.load::<i64>(conn).await).await;
        assert_eq!(seen.unwrap().len(), 3);
    }
}

#[tokio::test]
async fn nothing_is_asked_of_one_whose_beginning_was_dropped() {
    for db in databases() {
        let mut moment = db.org_async(Scope::org(A)).await.snapshot();
        let count = customers::table.count();
        drop_after(0, count.get_result::<i64>(&mut moment)).await;
        let refused = refused!(count.get_result::<i64>(&mut moment).await);
        assert_eq!(refused, RefusalKind::Connection);
        let refused = refused!(moment.prepare().await);
        assert_eq!(refused, RefusalKind::Connection);
    }
}

#[tokio::test]
async fn wherever_it_is_dropped_its_connection_serves_the_next_scope() {
    for db in secured() {
        let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(db.url("app"));
        let pool = deadpool::Pool::builder(manager)
            .max_size(1)
            .build()
            .unwrap();
        let pid = diesel::select(diesel::dsl::sql::<diesel::sql_types::Integer>(
            "pg_backend_pid()",
        ));
        let mut pooled = pool.get().await.unwrap();
        let first: i32 = pid.clone().get_result(&mut pooled).await.unwrap();
        drop(pooled);
        for times in 0..14 {
            let conn = db.scoped_async(pool.get().await.unwrap(), &TENANCY, Scope::org(A));
            let mut moment = conn.snapshot();
            let work = async {
                counted(&mut moment).await;
                counted(&mut moment).await
            };
            drop_after(times, work).await;
            drop(moment);
            settles(&db).await;
            let mut pooled = pool.get().await.unwrap();
            let found = names(&mut pooled, &db, Scope::org(B)).await;
            assert_eq!(found, ["bolt-1", "bolt-2", "bolt-3"], "after {times} polls");
            let now: i32 = pid.clone().get_result(&mut pooled).await.unwrap();
            assert_eq!(now, first, "after {times} polls");
        }
    }
}
