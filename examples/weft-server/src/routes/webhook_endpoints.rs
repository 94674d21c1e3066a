use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, deleted, some_change};
use crate::{
    app::AppState,
    describe::shape,
    error::Problem,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::webhook_endpoints,
    value::{Line, Provider},
    webhooks::secrets::{Holder, SecretText, add},
};

shape! { answer
    /// Where a provider sends: `/webhooks/{provider}/{id}`.
    #[derive(Queryable, Selectable)]
    WebhookEndpoint {
        /// Its id.
        id: Uuid,
        /// Who sends there.
        provider: Provider,
        /// The shop that it is for; null for the whole organisation.
        shop_id: Option<Uuid>,
        /// What it is called.
        label: String,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// An endpoint to be made.
    NewWebhookEndpoint {
        /// Who sends there.
        provider: Provider,
        /// The shop that it is for. Stripe, Shopify and Slack need one, WorkOS and Stalwart take none.
        shop_id: Option<Uuid>,
        /// What it is called.
        label: Line<1, 200>,
        /// What the provider signs with, if it is known already.
        secret: Option<SecretText>,
    }
}

shape! { changes
    /// What may be changed of an endpoint.
    #[derive(AsChangeset)]
    #[diesel(table_name = webhook_endpoints)]
    WebhookEndpointChanges {
        /// What it is called.
        label: Line<1, 200>,
    }
}

shape! { query
    /// Which endpoints.
    WebhookEndpoints {}
}

/// Adds the routes of endpoints.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "list_webhook_endpoints",
        "Where providers send, oldest first; for owners",
    );
    let create = Operation::new(
        "create_webhook_endpoint",
        "Makes an endpoint, in use once it has a secret; for owners",
    );
    let get = Operation::new("get_webhook_endpoint", "An endpoint; for owners");
    let update = Operation::new("update_webhook_endpoint", "Renames an endpoint; for owners");
    let delete = Operation::new(
        "delete_webhook_endpoint",
        "Deletes an endpoint and its secrets; for owners",
    );
    api.get(
        ALL,
        self::list,
        list.query::<WebhookEndpoints>()
            .answers::<Page<WebhookEndpoint>>(200),
    )
    .post(
        ALL,
        self::create,
        create
            .body::<NewWebhookEndpoint>()
            .answers::<WebhookEndpoint>(201),
    )
    .get(ONE, self::get, get.answers::<WebhookEndpoint>(200))
    .patch(
        ONE,
        self::update,
        update
            .body::<WebhookEndpointChanges>()
            .answers::<WebhookEndpoint>(200),
    )
    .delete(ONE, self::delete, delete)
}

const ALL: &str = "/api/webhook-endpoints";
const ONE: &str = "/api/webhook-endpoints/{endpoint_id}";

pub(crate) async fn list(
    tenant: Tenant,
    Query(asked): Query<WebhookEndpoints>,
) -> Answer<Page<WebhookEndpoint>> {
    tenant.must_own()?;
    let query = webhook_endpoints::table
        .select(WebhookEndpoint::as_select())
        .into_boxed();
    let query = after!(
        query,
        oldest webhook_endpoints::created_at,
        webhook_endpoints::id,
        asked
    );
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn create(
    State(state): State<AppState>,
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewWebhookEndpoint>,
) -> Result<Created<WebhookEndpoint>, Problem> {
    tenant.must_own()?;
    if new.provider.is_of_a_shop() != new.shop_id.is_some() {
        return Err(Problem::unprocessable(match new.shop_id {
            None => "this provider sends for one shop: say which",
            Some(_) => "this provider sends for the whole organisation: name no shop",
        }));
    }
    let org = tenant.identity().org_id;
    // Ids of endpoints are part of public addresses: they say nothing of when they were made.
    let id = Uuid::new_v4();
    let secret = new
        .secret
        .map(|text| text.checked(new.provider.scheme()))
        .transpose()?;
    let mut conn = tenant.open().await?;
    let made = conn
        .transaction(async |conn| {
            let made: WebhookEndpoint = diesel::insert_into(webhook_endpoints::table)
                .values((
                    webhook_endpoints::id.eq(id),
                    webhook_endpoints::provider.eq(new.provider),
                    webhook_endpoints::shop_id.eq(new.shop_id),
                    webhook_endpoints::label.eq(new.label),
                ))
                .returning(WebhookEndpoint::as_returning())
                .get_result(conn)
                .await?;
            if let Some(text) = &secret {
                let (keys, holder) = (state.directory().keys(), Holder::Endpoint(id));
                add(conn, keys, org, holder, text, Utc::now()).await?;
            }
            Ok::<_, Problem>(made)
        })
        .await?;
    drop(conn);
    state.endpoints_changed().await?;
    Ok(Created(format!("{ALL}/{}", made.id), made))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<WebhookEndpoint> {
    tenant.must_own()?;
    let query = webhook_endpoints::table
        .filter(webhook_endpoints::id.eq(id))
        .select(WebhookEndpoint::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

async fn update(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<WebhookEndpointChanges>,
) -> Answer<WebhookEndpoint> {
    tenant.must_own()?;
    some_change(changes.is_empty())?;
    let one = webhook_endpoints::table.filter(webhook_endpoints::id.eq(id));
    let changed = diesel::update(one)
        .set((changes, webhook_endpoints::updated_at.eq(Utc::now())))
        .returning(WebhookEndpoint::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Json(changed))
}

pub(crate) async fn delete(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    tenant.must_own()?;
    let one = webhook_endpoints::table.filter(webhook_endpoints::id.eq(id));
    let rows = diesel::delete(one)
        .execute(&mut tenant.open().await?)
        .await
        .map_err(Problem::deleting)?;
    state.endpoints_changed().await?;
    deleted(rows)
}

impl Keyed for WebhookEndpoint {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
