use std::time::SystemTime;

use axum::Json;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;
use weft_webhooks::outbox;

use super::Answer;
use crate::{
    describe::shape,
    error::Problem,
    extract::{Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::{webhook_attempts, webhook_messages},
    value::{EventState, EventType},
};

shape! { answer
    /// A message to a subscription.
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = webhook_messages)]
    WebhookEvent {
        /// Its id; messages carry it as `webhook-id`, with `msg_` before it and without hyphens.
        id: Uuid,
        /// Whom it is for.
        subscription_id: Uuid,
        /// What it tells of.
        event_type: EventType,
        /// How far it is.
        state: EventState,
        /// How often it was tried.
        attempts: i32,
        /// When it is tried next, or was due last.
        due_at: DateTime<Utc>,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was delivered or given up.
        settled_at: Option<DateTime<Utc>>,
    }
}

shape! { answer
    /// What came of an attempt to send a message.
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = webhook_attempts)]
    WebhookAttempt {
        /// Which attempt it was, from 1.
        number: i32,
        /// When it began.
        started_at: DateTime<Utc>,
        /// How long it took, in milliseconds.
        duration_ms: i32,
        /// The status of the answer, if there was one.
        status: Option<i32>,
        /// The outcome in a word, such as `delivered`, `server-error` or `timeout`.
        outcome: String,
    }
}

shape! { query
    /// Which messages.
    WebhookEvents {
        /// To this subscription.
        subscription_id: Uuid,
        /// That are in this state.
        state: EventState,
    }
}

/// Adds the routes of messages to subscriptions.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "list_webhook_events",
        "Messages to subscriptions, newest first; for owners",
    );
    let get = Operation::new("get_webhook_event", "A message; for owners");
    let attempts = Operation::new(
        "get_webhook_attempts",
        "What came of sending a message, in order; for owners",
    );
    let replay = Operation::new(
        "replay_webhook_event",
        "Sends a delivered or failed message once more; for owners",
    );
    api.get(
        ALL,
        self::list,
        list.query::<WebhookEvents>()
            .answers::<Page<WebhookEvent>>(200),
    )
    .get(ONE, self::get, get.answers::<WebhookEvent>(200))
    .get(
        ATTEMPTS,
        self::attempts,
        attempts.answers::<Vec<WebhookAttempt>>(200),
    )
    .post(REPLAY, self::replay, replay.answers::<WebhookEvent>(200))
}

const ALL: &str = "/api/webhook-events";
const ONE: &str = "/api/webhook-events/{event_id}";
const ATTEMPTS: &str = "/api/webhook-events/{event_id}/attempts";
const REPLAY: &str = "/api/webhook-events/{event_id}/replay";

pub(crate) async fn list(
    tenant: Tenant,
    Query(asked): Query<WebhookEvents>,
) -> Answer<Page<WebhookEvent>> {
    tenant.must_own()?;
    let mut query = webhook_messages::table
        .select(WebhookEvent::as_select())
        .into_boxed();
    if let Some(subscription) = asked.subscription_id {
        query = query.filter(webhook_messages::subscription_id.eq(subscription));
    }
    if let Some(state) = asked.state {
        query = query.filter(webhook_messages::state.eq(state));
    }
    let query = after!(
        query,
        newest webhook_messages::created_at,
        webhook_messages::id,
        asked
    );
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<WebhookEvent> {
    tenant.must_own()?;
    one(&tenant, id).await
}

pub(crate) async fn attempts(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
) -> Answer<Vec<WebhookAttempt>> {
    tenant.must_own()?;
    drop(one(&tenant, id).await?);
    let rows = webhook_attempts::table
        .filter(webhook_attempts::message_id.eq(id))
        .order(webhook_attempts::number)
        .select(WebhookAttempt::as_select())
        .load(&mut tenant.open().await?)
        .await?;
    Ok(Json(rows))
}

pub(crate) async fn replay(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    _: NoBody,
) -> Answer<WebhookEvent> {
    tenant.must_own()?;
    drop(one(&tenant, id).await?);
    let opened: Option<Uuid> = outbox::replay(id, SystemTime::now())
        .get_result(&mut tenant.open().await?)
        .await
        .optional()?;
    match opened {
        Some(_) => one(&tenant, id).await,
        None => Err(Problem::conflict("it is still to be sent")),
    }
}

async fn one(tenant: &Tenant, id: Uuid) -> Answer<WebhookEvent> {
    let query = webhook_messages::table
        .filter(webhook_messages::id.eq(id))
        .select(WebhookEvent::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

impl Keyed for WebhookEvent {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
