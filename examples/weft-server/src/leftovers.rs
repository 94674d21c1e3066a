//! What is over of sign-ins, and of nobody's use, is forgotten: a little at a time.

use std::time::{Duration, SystemTime};

use tokio::time::sleep;
use weft_auth::{
    sso::FLOW_LIFETIME,
    store::{ApiTokenStore, CounterStore, FlowStore, LinkStore, SecondFactorStore},
};

use crate::{
    accounts::{Accounts, failed},
    error::Problem,
};

/// Forgets what is over, for as long as it is polled.
pub(crate) async fn keep(accounts: &Accounts) {
    loop {
        let rest = match purge(accounts, SystemTime::now(), BATCH).await {
            Ok(true) => PAUSE,
            Ok(false) => PERIOD,
            Err(problem) => {
                tracing::warn!(status = %problem.status(), "what is over is still there");
                PERIOD
            }
        };
        sleep(rest).await;
    }
}

/// Forgets up to `most` of each kind that are over at `now`, and says whether there may be more.
///
/// # Errors
/// When the database does not answer.
pub async fn purge(accounts: &Accounts, now: SystemTime, most: u32) -> Result<bool, Problem> {
    let store = accounts.store();
    let sessions = accounts.login().sessions().purge(now, most).await;
    let purged = [
        sessions.map_err(|error| failed(&error))?,
        told(store.purge_links(now, most).await)?,
        told(store.purge_challenges(now, most).await)?,
        told(store.purge_flows(now - FLOW_LIFETIME, most).await)?,
        told(store.purge_api_tokens(now - ENDED_TOKENS, most).await)?,
        told(store.purge_counters(now - COUNTERS, most).await)?,
    ];
    Ok(purged.iter().any(|count| *count >= u64::from(most)))
}

fn told<E: std::error::Error>(purged: Result<u64, E>) -> Result<u64, Problem> {
    purged.map_err(|error| failed(&error))
}

/// How long an ended token is listed, so that its owner sees what a program was turned away for.
pub const ENDED_TOKENS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// How long failures in a row are remembered: longer than any of them makes wait, so that who waits a little
/// more does not begin anew.
pub const COUNTERS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const BATCH: u32 = 1000;
const PAUSE: Duration = Duration::from_secs(1);
const PERIOD: Duration = Duration::from_secs(10 * 60);
