//! What was delivered, in either direction, is forgotten after a while.

use std::time::{Duration, SystemTime};

use diesel_async::RunQueryDsl;
use tokio::time::sleep;
use weft_tenancy::Scope;
use weft_webhooks::{inbox, outbox};

use crate::{error::Problem, roads::Roads};

/// Forgets what is older than the retention, for as long as it is polled.
pub(crate) async fn keep(roads: &Roads) {
    loop {
        if let Err(problem) = forget(roads, SystemTime::now() - RETENTION).await {
            tracing::warn!(status = %problem.status(), "old deliveries are still there");
        }
        sleep(PERIOD).await;
    }
}

/// Forgets what was settled before `then`, in every organisation.
///
/// # Errors
/// When the database does not go along.
pub async fn forget(roads: &Roads, then: SystemTime) -> Result<(), Problem> {
    for org in roads.auth.with_settled_before(then.into()).await? {
        let mut conn = roads.app.within(Scope::org(org)).await?;
        while inbox::forget(then, BATCH).execute(&mut conn).await? > 0 {}
        while outbox::forget(then, BATCH).execute(&mut conn).await? > 0 {}
    }
    Ok(())
}

/// How long a settled delivery or message is kept. Shopify and Stalwart sign no time: a copy of a
/// delivery is known for as long as this, and after it changes nothing that is newer.
pub const RETENTION: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const PERIOD: Duration = Duration::from_secs(60 * 60);
const BATCH: u32 = 1000;
