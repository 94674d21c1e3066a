//! From a proof to its one effect.

use std::time::{Duration, SystemTime};

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde_json::Value;
use uuid::Uuid;
use weft_tenancy::Scope;
use weft_webhooks::{
    Verified,
    inbox::{self, Delivery},
};

use super::{
    directory::{Endpoint, scope},
    effect::{self, EffectError},
};
use crate::{
    error::Problem,
    roads::{OrgConnection, Roads},
    schema::{webhook_deliveries, webhook_endpoints},
    turns::in_turns,
    value::Provider,
};

/// Keeps a delivery and lets it have its effect; a copy has none. Says what to answer, where the
/// sender reads it.
///
/// Once this is `Ok`, the delivery is kept: if its effect fails now, it is tried again.
pub(crate) async fn accept(
    roads: &Roads,
    endpoint: &Endpoint,
    verified: &Verified,
) -> Result<Option<Value>, Problem> {
    let mut conn = roads.app.within(endpoint.scope()).await?;
    let claimed: Option<Delivery> = inbox::claim(
        verified,
        endpoint.id,
        Uuid::now_v7(),
        SystemTime::now(),
        LEASE,
    )
    .get_result(&mut conn)
    .await
    .optional()?;
    match claimed {
        Some(delivery) => Ok(settle(&mut conn, endpoint.provider, &delivery).await),
        None => Ok(effect::again(endpoint.provider, verified.body())),
    }
}

/// Opens a settled delivery again and lets it have its effect once more.
pub(crate) async fn replay(roads: &Roads, org: Uuid, id: Uuid) -> Result<(), Problem> {
    let mut conn = roads.app.within(Scope::org(org)).await?;
    let endpoint: Uuid = webhook_deliveries::table
        .filter(webhook_deliveries::id.eq(id))
        .select(webhook_deliveries::endpoint_id)
        .first(&mut conn)
        .await?;
    let (provider, shop) = endpoint_of(&mut conn, endpoint)
        .await?
        .ok_or_else(|| Problem::conflict("its endpoint is gone"))?;
    drop(conn);
    let mut conn = roads.app.within(scope(org, shop)).await?;
    let opened: Option<Delivery> = inbox::replay(id, SystemTime::now(), LEASE)
        .get_result(&mut conn)
        .await
        .optional()?;
    let delivery = opened.ok_or_else(|| Problem::conflict("it is being worked on"))?;
    settle(&mut conn, provider, &delivery).await;
    Ok(())
}

/// Picks up what processes that died have left, for as long as it is polled.
pub(crate) async fn pick_up(roads: &Roads) {
    let find = || roads.auth.with_abandoned_deliveries(SystemTime::now());
    let work = |org| pick_up_some(roads, org);
    in_turns("abandoned deliveries", find, work, PERIOD).await;
}

/// Picks up some of what is left to an organisation, and says whether there was any.
async fn pick_up_some(roads: &Roads, org: Uuid) -> Result<bool, Problem> {
    let mut conn = roads.app.within(Scope::org(org)).await?;
    let left: Vec<(Uuid, Uuid)> = inbox::abandoned(SystemTime::now(), BATCH)
        .load(&mut conn)
        .await?;
    drop(conn);
    for (id, endpoint) in &left {
        let mut conn = roads.app.within(Scope::org(org)).await?;
        let found = endpoint_of(&mut conn, *endpoint).await?;
        drop(conn);
        let shop = found.and_then(|(_, shop)| shop);
        let mut conn = roads.app.within(scope(org, shop)).await?;
        let taken: Option<Delivery> = inbox::take_over(*id, SystemTime::now(), LEASE)
            .get_result(&mut conn)
            .await
            .optional()?;
        match (taken, found) {
            (Some(delivery), Some((provider, _))) => {
                settle(&mut conn, provider, &delivery).await;
            }
            (Some(delivery), None) => fail(&mut conn, &delivery, "its endpoint is gone").await,
            (None, _) => {}
        }
    }
    Ok(!left.is_empty())
}

async fn endpoint_of(
    conn: &mut OrgConnection,
    id: Uuid,
) -> QueryResult<Option<(Provider, Option<Uuid>)>> {
    webhook_endpoints::table
        .filter(webhook_endpoints::id.eq(id))
        .select((webhook_endpoints::provider, webhook_endpoints::shop_id))
        .first(conn)
        .await
        .optional()
}

/// The effect and the end of the claim, in one transaction.
async fn settle(
    conn: &mut OrgConnection,
    provider: Provider,
    delivery: &Delivery,
) -> Option<Value> {
    let result = conn
        .transaction(async |conn| {
            let answer = effect::apply(conn, provider, delivery.body()).await?;
            // No row is an error: somebody took the claim over, and theirs is the effect.
            inbox::done(delivery, SystemTime::now())
                .get_result::<Uuid>(conn)
                .await?;
            Ok::<_, EffectError>(answer)
        })
        .await;
    let failure = match result {
        Ok(answer) => return answer,
        Err(EffectError::Unreadable(why)) => why,
        Err(EffectError::Database(error)) => {
            let problem = Problem::from(error);
            tracing::warn!(delivery = %delivery.id(), status = %problem.status(), "no effect yet");
            if delivery.attempts() < ATTEMPTS {
                return None;
            }
            "the database did not take it".to_owned()
        }
    };
    fail(conn, delivery, &failure).await;
    None
}

async fn fail(conn: &mut OrgConnection, delivery: &Delivery, why: &str) {
    let failed = inbox::failed(delivery, why, SystemTime::now());
    if let Err(error) = failed.get_result::<Uuid>(conn).await {
        let problem = Problem::from(error);
        let id = delivery.id();
        tracing::warn!(delivery = %id, status = %problem.status(), "not marked as failed");
    }
}

/// How long an effect may take before somebody else tries: longer than any request.
const LEASE: Duration = Duration::from_secs(60);
/// How often an effect is tried.
const ATTEMPTS: i32 = 10;
/// How much of one organisation's is picked up before others have their turn.
const BATCH: u32 = 20;
const PERIOD: Duration = Duration::from_secs(5);
