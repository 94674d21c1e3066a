use axum::{Json, extract::State, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    app::AppState,
    describe::shape,
    error::Problem,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::webhook_subscriptions,
    value::{EventType, Overlap, SubscriptionState, WebUrl},
    webhooks::secrets::{Holder, SecretText, add},
};

shape! { answer
    /// Who is told of what happens, and how that goes.
    #[derive(Queryable, Selectable)]
    WebhookSubscription {
        /// Its id.
        id: Uuid,
        /// Where messages go.
        url: String,
        /// What is told of.
        event_types: Vec<EventType>,
        /// The shop that is told of; null for all.
        shop_id: Option<Uuid>,
        /// The membership of who made it; it ends with that, or with its ownership.
        created_by: Uuid,
        /// Whether messages are sent.
        state: SubscriptionState,
        /// Since when every attempt has failed; after 5 days it is turned off.
        failing_since: Option<DateTime<Utc>>,
        /// Why it was turned off: `gone` (it answered 410) or `failing`.
        off_because: Option<String>,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { answer
    /// A subscription that was made, or its new secret.
    MadeWebhookSubscription {
        /// The subscription's id.
        id: Uuid,
        /// What messages are signed with, as Standard Webhooks writes it: this once, and never again.
        secret: String,
    }
}

shape! { request
    /// A subscription to be made.
    NewWebhookSubscription {
        /// Where messages go: `https://`, and a public host.
        url: WebUrl,
        /// What is told of.
        event_types: Vec<EventType>,
        /// The shop that is told of; all unless named.
        shop_id: Option<Uuid>,
    }
}

shape! { changes
    /// What may be changed of a subscription.
    WebhookSubscriptionChanges {
        /// Where messages go.
        url: WebUrl,
        /// What is told of.
        event_types: Vec<EventType>,
        /// Whether messages are sent.
        state: SubscriptionState,
    }
}

shape! { request
    /// A new secret for a subscription.
    Rotation {
        /// How long the old one signs too.
        overlap_minutes: Overlap,
    }
}

shape! { query
    /// Which subscriptions.
    WebhookSubscriptions {}
}

#[derive(AsChangeset)]
#[diesel(table_name = webhook_subscriptions)]
struct Changes {
    url: Option<WebUrl>,
    event_types: Option<Vec<EventType>>,
    state: Option<SubscriptionState>,
    failing_since: Option<Option<DateTime<Utc>>>,
    off_because: Option<Option<String>>,
    updated_at: DateTime<Utc>,
}

/// Adds the routes of subscriptions.
pub fn routes(api: Api) -> Api {
    let list = Operation::new(
        "list_webhook_subscriptions",
        "Who is told of what happens, oldest first; for owners",
    );
    let create = Operation::new(
        "create_webhook_subscription",
        "Makes a subscription, and shows its secret this once; for owners",
    );
    let get = Operation::new("get_webhook_subscription", "A subscription; for owners");
    let update = Operation::new(
        "update_webhook_subscription",
        "Changes a subscription, or turns it on or off; for owners",
    );
    let delete = Operation::new(
        "delete_webhook_subscription",
        "Deletes a subscription and its secrets; for owners",
    );
    let rotate = Operation::new(
        "rotate_webhook_subscription_secret",
        "Makes a new secret; until the old one ends, messages are signed with both; for owners",
    );
    api.get(
        ALL,
        self::list,
        list.query::<WebhookSubscriptions>()
            .answers::<Page<WebhookSubscription>>(200),
    )
    .post(
        ALL,
        self::create,
        create
            .body::<NewWebhookSubscription>()
            .answers::<MadeWebhookSubscription>(201),
    )
    .get(ONE, self::get, get.answers::<WebhookSubscription>(200))
    .patch(
        ONE,
        self::update,
        update
            .body::<WebhookSubscriptionChanges>()
            .answers::<WebhookSubscription>(200),
    )
    .delete(ONE, self::delete, delete)
    .post(
        SECRET,
        self::rotate,
        rotate
            .body::<Rotation>()
            .answers::<MadeWebhookSubscription>(200),
    )
}

const ALL: &str = "/api/webhook-subscriptions";
const ONE: &str = "/api/webhook-subscriptions/{subscription_id}";
const SECRET: &str = "/api/webhook-subscriptions/{subscription_id}/secret";

pub(crate) async fn list(
    tenant: Tenant,
    Query(asked): Query<WebhookSubscriptions>,
) -> Answer<Page<WebhookSubscription>> {
    tenant.must_own()?;
    let query = webhook_subscriptions::table
        .select(WebhookSubscription::as_select())
        .into_boxed();
    let query = after!(
        query,
        oldest webhook_subscriptions::created_at,
        webhook_subscriptions::id,
        asked
    );
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn create(
    State(state): State<AppState>,
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewWebhookSubscription>,
) -> Result<Created<MadeWebhookSubscription>, Problem> {
    tenant.must_own()?;
    state.outgoing().check(&new.url)?;
    some_events(&new.event_types)?;
    let (org, membership) = (tenant.identity().org_id, tenant.identity().membership_id);
    let (id, text) = (new_id(), SecretText::generate()?);
    let mut conn = tenant.open().await?;
    conn.transaction(async |conn| {
        diesel::insert_into(webhook_subscriptions::table)
            .values((
                webhook_subscriptions::id.eq(id),
                webhook_subscriptions::url.eq(new.url),
                webhook_subscriptions::event_types.eq(new.event_types),
                webhook_subscriptions::shop_id.eq(new.shop_id),
                webhook_subscriptions::created_by.eq(membership),
                webhook_subscriptions::state.eq(SubscriptionState::On),
            ))
            .execute(conn)
            .await?;
        let holder = Holder::Subscription(id);
        add(
            conn,
            state.directory().keys(),
            org,
            holder,
            &text,
            Utc::now(),
        )
        .await
    })
    .await?;
    let secret = text.expose().to_owned();
    Ok(Created(
        format!("{ALL}/{id}"),
        MadeWebhookSubscription { id, secret },
    ))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<WebhookSubscription> {
    tenant.must_own()?;
    let query = webhook_subscriptions::table
        .filter(webhook_subscriptions::id.eq(id))
        .select(WebhookSubscription::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

pub(crate) async fn update(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<WebhookSubscriptionChanges>,
) -> Answer<WebhookSubscription> {
    tenant.must_own()?;
    some_change(changes.is_empty())?;
    if let Some(url) = &changes.url {
        state.outgoing().check(url)?;
    }
    if let Some(event_types) = &changes.event_types {
        some_events(event_types)?;
    }
    // Turned on again, it begins anew; another address has not failed yet.
    let turned_on = changes.state == Some(SubscriptionState::On);
    let anew = turned_on || changes.url.is_some();
    let changes = Changes {
        url: changes.url,
        event_types: changes.event_types,
        state: changes.state,
        failing_since: anew.then_some(None),
        off_because: turned_on.then_some(None),
        updated_at: Utc::now(),
    };
    let one = webhook_subscriptions::table.filter(webhook_subscriptions::id.eq(id));
    let changed = diesel::update(one)
        .set(changes)
        .returning(WebhookSubscription::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Json(changed))
}

pub(crate) async fn delete(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    tenant.must_own()?;
    let one = webhook_subscriptions::table.filter(webhook_subscriptions::id.eq(id));
    diesel::delete(one)
        .execute(&mut tenant.open().await?)
        .await
        .map_err(Problem::deleting)
        .and_then(deleted)
}

pub(crate) async fn rotate(
    State(state): State<AppState>,
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(rotation): Body<Rotation>,
) -> Answer<MadeWebhookSubscription> {
    tenant.must_own()?;
    let org = tenant.identity().org_id;
    let end = Overlap::end(Some(rotation.overlap_minutes));
    let text = SecretText::generate()?;
    let mut conn = tenant.open().await?;
    conn.transaction(async |conn| {
        // Two rotations at once take turns.
        webhook_subscriptions::table
            .filter(webhook_subscriptions::id.eq(id))
            .select(webhook_subscriptions::id)
            .for_update()
            .first::<Uuid>(conn)
            .await?;
        let holder = Holder::Subscription(id);
        add(conn, state.directory().keys(), org, holder, &text, end).await
    })
    .await?;
    let secret = text.expose().to_owned();
    Ok(Json(MadeWebhookSubscription { id, secret }))
}

fn some_events(event_types: &[EventType]) -> Result<(), Problem> {
    match event_types.is_empty() {
        true => Err(Problem::unprocessable("at least one event is needed")),
        false => Ok(()),
    }
}

impl Keyed for WebhookSubscription {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
