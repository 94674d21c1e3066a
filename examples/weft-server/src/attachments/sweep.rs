//! What was never confirmed, never sent or is not wanted any more goes: the object first, then the row.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use tokio::time::sleep;
use uuid::Uuid;
use weft_tenancy::Scope;

use super::{Attachments, key};
use crate::{error::Problem, roads::Roads, schema::attachments};

/// Sweeps, for as long as it is polled.
pub(crate) async fn keep_swept(roads: &Roads, files: &Attachments) {
    loop {
        if let Err(problem) = sweep(roads, files, Utc::now()).await {
            tracing::warn!(status = %problem.status(), "files that nobody wants are still there");
        }
        sleep(PERIOD).await;
    }
}

/// Deletes the files that nobody wants at `now`, in every organisation, and says how many there were.
///
/// # Errors
/// When the database or the store does not go along.
pub async fn sweep(
    roads: &Roads,
    files: &Attachments,
    now: DateTime<Utc>,
) -> Result<usize, Problem> {
    let mut swept = Ok(0);
    for org in roads.auth.with_stale_attachments(now).await? {
        // What fails in one organisation keeps no other waiting.
        match sweep_one(roads, files, org, now).await {
            Ok(some) => swept = swept.map(|all: usize| all + some),
            Err(problem) => swept = Err(problem),
        }
    }
    swept
}

async fn sweep_one(
    roads: &Roads,
    files: &Attachments,
    org: Uuid,
    now: DateTime<Utc>,
) -> Result<usize, Problem> {
    let scope = Scope::org(org);
    let mut conn = roads.app.within(scope.clone()).await?;
    // Out of sight first: what is confirmed or sent after this, is not.
    diesel::update(attachments::table.filter(stale(now)))
        .set((
            attachments::conversation_id.eq(None::<Uuid>),
            attachments::kept_until.eq(None::<DateTime<Utc>>),
        ))
        .execute(&mut conn)
        .await?;
    drop(conn);
    let (mut swept, mut last) = (Ok(0), Uuid::nil());
    loop {
        let mut conn = roads.app.within(scope.clone()).await?;
        let ids: Vec<Uuid> = attachments::table
            .filter(stale(now))
            .filter(attachments::id.gt(last))
            .order(attachments::id)
            .limit(BATCH)
            .select(attachments::id)
            .load(&mut conn)
            .await?;
        drop(conn);
        let Some(id) = ids.last() else { return swept };
        last = *id;
        let mut gone = Vec::with_capacity(ids.len());
        for id in ids {
            // One that stays keeps no other.
            match files.erase(&key(org, id)).await? {
                true => gone.push(id),
                false => swept = Err(Problem::unavailable()),
            }
        }
        let mut conn = roads.app.within(scope.clone()).await?;
        diesel::delete(attachments::table.filter(attachments::id.eq_any(&gone)))
            .execute(&mut conn)
            .await?;
        swept = swept.map(|all| all + gone.len());
    }
}

/// What is to be deleted at `now`: it lost its conversation, or was kept for long enough, and nothing can
/// be sent in its place any more.
#[diesel::dsl::auto_type(no_type_alias)]
pub(crate) fn stale(now: DateTime<Utc>) -> _ {
    let then: DateTime<Utc> = now - STALE_AFTER;
    attachments::expires_at.lt(then).and(
        attachments::conversation_id
            .is_null()
            .or(attachments::kept_until.lt(now)),
    )
}

/// How long after the end of an upload's time its object may still come: what was begun within that time
/// is taken, however long it takes.
pub(crate) const STALE_AFTER: TimeDelta = TimeDelta::hours(1);

const PERIOD: Duration = Duration::from_secs(60);
const BATCH: i64 = 100;
