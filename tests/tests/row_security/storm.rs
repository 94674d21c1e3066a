//! Many organisations on few connections, while statements fail, run out of time and are dropped
//! in the middle: no context survives, and no statement runs under another's.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use diesel::result::Error;
use diesel::{ExpressionMethods, QueryDsl};
use diesel_async::pooled_connection::{AsyncDieselConnectionManager, deadpool};
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use uuid::Uuid;
use weft_tenancy::{AsyncOrgConn, Scope, Tenancy};
use weft_tests::schema::{customers, orders, rows};
use weft_tests::{Database, TENANCY};

/// The organisations of a storm: number and name.
pub(super) const ORGS: [(u128, &str); 6] = [
    (0xa, "acme"),
    (0xb, "bolt"),
    (0xc, "cord"),
    (0xd, "dune"),
    (0xe, "echo"),
    (0xf, "fern"),
];

/// A database with all of them, in which a statement has 300 milliseconds, which one that waits its turn
/// does not need.
pub(super) fn stage() -> Database {
    let db = Database::secured();
    for (id, name) in &ORGS[2..] {
        let own = rows(Uuid::from_u128(*id), name);
        db.admin(
            own.split_once("INSERT INTO gadgets")
                .map_or(&*own, |(before, _)| before),
        );
    }
    db.admin(&format!(
        "ALTER DATABASE \"{}\" SET statement_timeout = '300ms'",
        db.value("SELECT current_database()")
    ));
    db
}

/// A number generator whose seed a failure prints (SplitMix64).
pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Random {
        Random(seed)
    }

    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 33).unwrap() % bound
    }
}

pub(super) const DIVIDE: &str = "SELECT total / (total - total) FROM orders";
pub(super) const TOO_LONG: &str = "SELECT count(*) FROM generate_series(1, 100000000) AS g WHERE g > (SELECT count(*) FROM orders)";

/// What a storm reads with: the hook and the policies, or the policies alone.
pub(super) fn layers() -> [Tenancy; 2] {
    [TENANCY.clone(), TENANCY.insecure_without_conditions()]
}

async fn drop_after(times: usize, future: impl Future<Output: Send>) {
    let mut future = pin!(future);
    for _ in 0..times {
        if poll_fn(|task| Poll::Ready(future.as_mut().poll(task)))
            .await
            .is_ready()
        {
            return;
        }
        tokio::time::sleep(Duration::from_micros(200)).await;
    }
}

/// One of the first `kinds` things that a request might do; what it sees must be its own
/// organisation's. After the seventh the connection is the pool's to close.
pub(super) async fn act<C>(
    conn: &mut AsyncOrgConn<C>,
    prefix: &str,
    random: &mut Random,
    kinds: usize,
) -> Result<(), Error>
where
    C: std::ops::DerefMut<Target = AsyncPgConnection> + Send,
{
    let rename = format!("{prefix}-{}", random.below(1_000));
    let update = diesel::update(customers::table.find(1)).set(customers::name.eq(rename));
    match random.below(kinds) {
        0 => drop(update.execute(conn).await?),
        1 => assert!(diesel::sql_query(DIVIDE).execute(conn).await.is_err()),
        2 => assert!(diesel::sql_query(TOO_LONG).execute(conn).await.is_err()),
        3 => drop_after(random.below(12), update.execute(conn)).await,
        4 => {
            let shops = orders::table.select(orders::shop_id).distinct();
            conn.transaction(async |conn| {
                let two: Vec<i64> = shops.load(&mut conn.narrowed([2_i64])).await?;
                assert_eq!(two, [2]);
                assert_eq!(shops.load::<i64>(conn).await?.len(), 3);
                update.execute(conn).await?;
                Ok::<_, Error>(())
            })
            .await?;
        }
        5 => {
            let undone = conn.transaction(async |conn| {
                update.execute(conn).await?;
                diesel::sql_query(DIVIDE).execute(conn).await?;
                Ok::<_, Error>(())
            });
            assert!(undone.await.is_err());
        }
        _ => {
            let dropped = conn.transaction(async |conn| {
                update.execute(conn).await?;
                std::future::pending::<()>().await;
                Ok::<_, Error>(())
            });
            drop_after(random.below(12), dropped).await;
            return Ok(());
        }
    }
    let names: Vec<String> = customers::table.select(customers::name).load(conn).await?;
    assert_eq!(names.len(), 3, "{prefix}: {names:?}");
    assert!(
        names.iter().all(|name| name.starts_with(prefix)),
        "{prefix}: {names:?}"
    );
    Ok(())
}

/// Every customer still bears its organisation's name, and nobody is left in a transaction.
pub(super) fn is_calm(db: &Database) {
    for (id, name) in ORGS {
        let of_org = format!(
            "SELECT count(*) FROM customers WHERE org_id = '{}' AND name LIKE '{name}-%'",
            Uuid::from_u128(id)
        );
        assert_eq!(db.value(&of_org), "3", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_context_survives_on_a_small_pool() {
    let db = std::sync::Arc::new(stage());
    let seed = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    println!("seed {seed}");
    let manager = AsyncDieselConnectionManager::<AsyncPgConnection>::new(db.url("app"));
    let pool = deadpool::Pool::builder(manager)
        .max_size(3)
        .build()
        .unwrap();
    let tasks: Vec<_> = (0..24_u64)
        .map(|task| {
            let (db, pool) = (db.clone(), pool.clone());
            tokio::spawn(async move {
                let mut random = Random::seeded(seed.wrapping_mul(1_000) + task);
                let (id, prefix) = ORGS[random.below(ORGS.len())];
                let layers = layers();
                for _ in 0..12 {
                    let tenancy = &layers[random.below(2)];
                    let scope = Scope::org(Uuid::from_u128(id));
                    let mut conn = db.scoped_async(pool.get().await.unwrap(), tenancy, scope);
                    act(&mut conn, prefix, &mut random, 7).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    is_calm(&db);
}
