//! Many at once: one effect, whatever races and dies.

use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::pooled_connection::AsyncDieselConnectionManager;
use diesel_async::pooled_connection::deadpool::Pool;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use futures_util::future::join_all;
use uuid::Uuid;
use weft_tenancy::Scope;
use weft_webhooks::inbox::{self, Delivery};

use super::store::{ENDPOINT, LEASE, ORGS, STORE, Store, at, effects, id, verified};

struct Racers {
    store: Store,
    pool: Pool<AsyncPgConnection>,
}

impl Racers {
    fn new() -> Arc<Racers> {
        let store = Store::new();
        let manager = AsyncDieselConnectionManager::new(store.url("app"));
        let pool = Pool::builder(manager).max_size(24).build().unwrap();
        Arc::new(Racers { store, pool })
    }

    /// How many of `count` concurrent runs were answered with a delivery.
    async fn race<F>(self: &Arc<Racers>, count: usize, run: impl Fn(Arc<Racers>) -> F) -> usize
    where
        F: Future<Output = Option<Delivery>> + Send + 'static,
    {
        let runs = (0..count).map(|_| tokio::spawn(run(Arc::clone(self))));
        let won = join_all(runs).await.into_iter().map(Result::unwrap);
        won.flatten().count()
    }

    /// Claims, and if that was given, has the effect and settles, as one request does.
    async fn receive(self: Arc<Racers>) -> Option<Delivery> {
        let pooled = self.pool.get().await.unwrap();
        let mut conn = self.store.scoped_async(pooled, &STORE, Scope::org(ORGS[0]));
        let verified = verified("{}");
        let claim = inbox::claim(&verified, ENDPOINT, id(), at(0), LEASE);
        let held: Delivery = claim.get_result(&mut conn).await.optional().unwrap()?;
        conn.transaction::<_, diesel::result::Error, _>(async |conn| {
            let row = (effects::id.eq(id()), effects::delivery_id.eq(held.id()));
            diesel::insert_into(effects::table)
                .values(row)
                .execute(conn)
                .await?;
            inbox::done(&held, at(1)).get_result::<Uuid>(conn).await
        })
        .await
        .unwrap();
        Some(held)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_concurrent_copies_have_one_effect() {
    let racers = Racers::new();
    assert_eq!(racers.race(1000, Racers::receive).await, 1);
    assert_eq!(racers.store.value("SELECT count(*) FROM effects"), "1");
    let state = "SELECT string_agg(state, ',') FROM webhook_deliveries";
    assert_eq!(racers.store.value(state), "done");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_abandoned_claim_goes_to_one_of_many_workers_and_copies() {
    let racers = Racers::new();
    let mut conn = racers.store.org_async(Scope::org(ORGS[0])).await;
    let copy = verified("{}");
    let claim = inbox::claim(&copy, ENDPOINT, id(), at(0), LEASE);
    let dead: Delivery = claim.get_result(&mut conn).await.unwrap();
    let abandoned = dead.id();
    let given = racers
        .race(200, move |racers| async move {
            let pooled = racers.pool.get().await.unwrap();
            let mut conn = racers
                .store
                .scoped_async(pooled, &STORE, Scope::org(ORGS[0]));
            let row = match id().as_u128() % 2 {
                0 => {
                    let taken = inbox::take_over(abandoned, at(60), LEASE);
                    taken.get_result(&mut conn).await
                }
                _ => {
                    let verified = verified("{}");
                    let claim = inbox::claim(&verified, ENDPOINT, id(), at(60), LEASE);
                    claim.get_result(&mut conn).await
                }
            };
            row.optional().unwrap()
        })
        .await;
    assert_eq!(given, 1);
}

/// The first worker is slow, not dead: it comes to its end while the second one works.
#[tokio::test(flavor = "multi_thread")]
async fn the_effect_of_a_slow_worker_is_rolled_back_or_the_only_one() {
    let racers = Racers::new();
    let copy = verified("{}");
    for round in 0..50 {
        let mut conn = racers.store.org_async(Scope::org(ORGS[0])).await;
        let claim = inbox::claim(&copy, id(), id(), at(0), LEASE);
        let slow: Delivery = claim.get_result(&mut conn).await.unwrap();
        let settle = |held: Delivery, racers: Arc<Racers>| async move {
            let pooled = racers.pool.get().await.unwrap();
            let mut conn = racers
                .store
                .scoped_async(pooled, &STORE, Scope::org(ORGS[0]));
            conn.transaction::<_, diesel::result::Error, _>(async |conn| {
                let row = (effects::id.eq(id()), effects::delivery_id.eq(held.id()));
                diesel::insert_into(effects::table)
                    .values(row)
                    .execute(conn)
                    .await?;
                inbox::done(&held, at(61)).get_result::<Uuid>(conn).await
            })
            .await
        };
        let second = {
            let (racers, id) = (Arc::clone(&racers), slow.id());
            async move {
                let taken = inbox::take_over(id, at(60), LEASE);
                match taken.get_result::<Delivery>(&mut conn).await.optional() {
                    Ok(Some(held)) => settle(held, racers).await.is_ok(),
                    other => other.unwrap().is_some(),
                }
            }
        };
        let first = settle(slow.clone(), Arc::clone(&racers));
        let (first, second) = tokio::join!(tokio::spawn(first), tokio::spawn(second));
        assert_ne!(first.unwrap().is_ok(), second.unwrap(), "round {round}");
    }
    let doubled = "SELECT count(*) - count(DISTINCT delivery_id) || '/' || count(*) FROM effects";
    assert_eq!(racers.store.value(doubled), "0/50");
}
