use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, deleted};
use crate::{
    app::AppState,
    describe::shape,
    error::Problem,
    extract::{Body, Id, Ids, NoBody, NoQuery, Tenant},
    openapi::{Api, Operation},
    roads::OrgConnection,
    schema::{webhook_endpoints, webhook_secrets},
    value::{Overlap, Provider},
    webhooks::secrets::{Holder, SecretText, add},
};

shape! { answer
    /// That there is a secret; never the secret.
    #[derive(Queryable, Selectable)]
    WebhookSecret {
        /// Its id, which deliveries name.
        id: Uuid,
        /// From when on it is out of force; null without an end.
        not_after: Option<DateTime<Utc>>,
        /// When it was added.
        created_at: DateTime<Utc>,
    }
}

shape! { answer
    /// A secret that was added.
    AddedWebhookSecret {
        /// Its id, which deliveries name.
        id: Uuid,
        /// The secret, if it was made here: this once, and never again.
        secret: Option<String>,
    }
}

shape! { request
    /// The secret that is to follow the one in force.
    NewWebhookSecret {
        /// What the provider signs with; may be left out where we choose it, as for Stalwart.
        secret: Option<SecretText>,
        /// How long the one in force stays so: a day unless told, a week at most.
        overlap_minutes: Option<Overlap>,
    }
}

/// Adds the routes of an endpoint's secrets.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "get_webhook_secrets",
        "The secrets of an endpoint, oldest first, without their texts; for owners",
    );
    let create = Operation::new(
        "rotate_webhook_secret",
        "Adds a secret, and gives the one before it an end; for owners",
    );
    let delete = Operation::new(
        "delete_webhook_secret",
        "Puts a secret out of force at once; for owners",
    );
    api.get(ALL, self::list, list.answers::<Vec<WebhookSecret>>(200))
        .post(
            ALL,
            self::create,
            create
                .body::<NewWebhookSecret>()
                .answers::<AddedWebhookSecret>(201),
        )
        .delete(ONE, self::delete, delete)
}

const ALL: &str = "/api/webhook-endpoints/{endpoint_id}/secrets";
const ONE: &str = "/api/webhook-endpoints/{endpoint_id}/secrets/{secret_id}";

pub(crate) async fn list(
    tenant: Tenant,
    Id(endpoint): Id,
    _: NoQuery,
) -> Answer<Vec<WebhookSecret>> {
    tenant.must_own()?;
    let mut conn = tenant.open().await?;
    provider(&mut conn, endpoint).await?;
    let rows = webhook_secrets::table
        .filter(webhook_secrets::endpoint_id.eq(endpoint))
        .order((webhook_secrets::created_at, webhook_secrets::id))
        .select(WebhookSecret::as_select())
        .load(&mut conn)
        .await?;
    Ok(Json(rows))
}

pub(crate) async fn create(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(endpoint): Id,
    _: NoQuery,
    Body(new): Body<NewWebhookSecret>,
) -> Result<Created<AddedWebhookSecret>, Problem> {
    tenant.must_own()?;
    let org = tenant.identity().org_id;
    let end = Overlap::end(new.overlap_minutes);
    let mut conn = tenant.open().await?;
    let made = conn
        .transaction(async |conn| {
            let provider = provider(conn, endpoint).await?;
            let (text, is_ours) = match (new.secret, provider) {
                (Some(text), _) => (text.checked(provider.scheme())?, false),
                (None, Provider::Stalwart) => (SecretText::generate()?, true),
                (None, _) => {
                    let detail = "the secret is needed: this provider chooses it";
                    return Err(Problem::unprocessable(detail));
                }
            };
            let holder = Holder::Endpoint(endpoint);
            let id = add(conn, state.directory().keys(), org, holder, &text, end).await?;
            let secret = is_ours.then(|| text.expose().to_owned());
            Ok(AddedWebhookSecret { id, secret })
        })
        .await?;
    drop(conn);
    state.endpoints_changed().await?;
    let path = ALL.replace("{endpoint_id}", &endpoint.to_string());
    Ok(Created(format!("{path}/{}", made.id), made))
}

pub(crate) async fn delete(
    State(state): State<AppState>,
    tenant: Tenant,
    Ids(endpoint, id): Ids,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    tenant.must_own()?;
    let one = webhook_secrets::table
        .filter(webhook_secrets::endpoint_id.eq(endpoint))
        .filter(webhook_secrets::id.eq(id));
    let rows = diesel::delete(one)
        .execute(&mut tenant.open().await?)
        .await?;
    state.endpoints_changed().await?;
    deleted(rows)
}

/// The endpoint's provider; two rotations of it take turns.
async fn provider(conn: &mut OrgConnection, endpoint: Uuid) -> QueryResult<Provider> {
    webhook_endpoints::table
        .filter(webhook_endpoints::id.eq(endpoint))
        .select(webhook_endpoints::provider)
        .for_update()
        .first(conn)
        .await
}
