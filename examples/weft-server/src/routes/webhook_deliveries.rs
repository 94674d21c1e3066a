use axum::{Json, extract::State};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Answer;
use crate::{
    app::AppState,
    describe::shape,
    extract::{Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::webhook_deliveries,
    value::DeliveryState,
    webhooks::process,
};

shape! { answer
    /// What came to an endpoint with a right signature; copies are not listed.
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = webhook_deliveries)]
    WebhookDelivery {
        /// Its id.
        id: Uuid,
        /// Where it came to.
        endpoint_id: Uuid,
        /// The secret that it was signed with.
        secret_id: String,
        /// When its sender says it was signed, if it says.
        signed_at: Option<DateTime<Utc>>,
        /// How far it is.
        state: DeliveryState,
        /// How often it was tried.
        attempts: i32,
        /// Why it has no effect.
        failure: Option<String>,
        /// When it came.
        received_at: DateTime<Utc>,
        /// When it had its effect or failed.
        settled_at: Option<DateTime<Utc>>,
    }
}

shape! { answer
    /// What a delivery said.
    WebhookBody {
        /// The body as text; bytes that are none are replaced.
        text: String,
    }
}

shape! { query
    /// Which deliveries.
    WebhookDeliveries {
        /// To this endpoint.
        endpoint_id: Uuid,
        /// That are in this state.
        state: DeliveryState,
    }
}

/// Adds the routes of deliveries.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "list_webhook_deliveries",
        "What came to endpoints, newest first; for owners",
    );
    let get = Operation::new("get_webhook_delivery", "A delivery; for owners");
    let body = Operation::new(
        "get_webhook_delivery_body",
        "What a delivery said; for owners",
    );
    let replay = Operation::new(
        "replay_webhook_delivery",
        "Lets a settled delivery have its effect once more; for owners",
    );
    api.get(
        ALL,
        self::list,
        list.query::<WebhookDeliveries>()
            .answers::<Page<WebhookDelivery>>(200),
    )
    .get(ONE, self::get, get.answers::<WebhookDelivery>(200))
    .get(BODY, self::body, body.answers::<WebhookBody>(200))
    .post(REPLAY, self::replay, replay.answers::<WebhookDelivery>(200))
}

const ALL: &str = "/api/webhook-deliveries";
const ONE: &str = "/api/webhook-deliveries/{delivery_id}";
const BODY: &str = "/api/webhook-deliveries/{delivery_id}/body";
const REPLAY: &str = "/api/webhook-deliveries/{delivery_id}/replay";

pub(crate) async fn list(
    tenant: Tenant,
    Query(asked): Query<WebhookDeliveries>,
) -> Answer<Page<WebhookDelivery>> {
    tenant.must_own()?;
    let mut query = webhook_deliveries::table
        .select(WebhookDelivery::as_select())
        .into_boxed();
    if let Some(endpoint) = asked.endpoint_id {
        query = query.filter(webhook_deliveries::endpoint_id.eq(endpoint));
    }
    if let Some(state) = asked.state {
        query = query.filter(webhook_deliveries::state.eq(state));
    }
    let query = after!(
        query,
        newest webhook_deliveries::received_at,
        webhook_deliveries::id,
        asked
    );
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<WebhookDelivery> {
    tenant.must_own()?;
    one(&tenant, id).await
}

pub(crate) async fn body(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<WebhookBody> {
    tenant.must_own()?;
    let bytes: Vec<u8> = webhook_deliveries::table
        .filter(webhook_deliveries::id.eq(id))
        .select(webhook_deliveries::body)
        .first(&mut tenant.open().await?)
        .await?;
    Ok(Json(WebhookBody {
        text: String::from_utf8_lossy(&bytes).into_owned(),
    }))
}

pub(crate) async fn replay(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    _: NoBody,
) -> Answer<WebhookDelivery> {
    tenant.must_own()?;
    process::replay(state.roads(), tenant.identity().org_id, id).await?;
    one(&tenant, id).await
}

async fn one(tenant: &Tenant, id: Uuid) -> Answer<WebhookDelivery> {
    let query = webhook_deliveries::table
        .filter(webhook_deliveries::id.eq(id))
        .select(WebhookDelivery::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

impl Keyed for WebhookDelivery {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.received_at,
            id: self.id,
        }
    }
}
