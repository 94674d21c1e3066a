//! What happens here, told to those who subscribed.
//!
//! A message is kept in the transaction of the change that it tells of, one for each subscription, and
//! sent afterwards. It says what happened and to which row: the row itself is read with a token.

mod send;

use std::time::SystemTime;

use diesel::{QueryResult, prelude::*};
use diesel_async::RunQueryDsl;
use serde_json::json;
use uuid::Uuid;
use weft_webhooks::outbox;

pub use send::Outgoing;

use crate::{
    roads::OrgConnection,
    schema::{memberships, webhook_subscriptions},
    value::{EventType, Role, SubscriptionState},
};

/// Keeps a message for every subscription to what happened to the row `id` of `shop`.
pub(crate) async fn tell(
    conn: &mut OrgConnection,
    event: EventType,
    shop: Uuid,
    id: Uuid,
) -> QueryResult<()> {
    let subscriptions: Vec<Uuid> = webhook_subscriptions::table
        .inner_join(
            memberships::table.on(memberships::org_id
                .eq(webhook_subscriptions::org_id)
                .and(memberships::id.eq(webhook_subscriptions::created_by))),
        )
        .filter(webhook_subscriptions::state.eq(SubscriptionState::On))
        .filter(webhook_subscriptions::event_types.contains(vec![event.as_str()]))
        .filter(
            webhook_subscriptions::shop_id
                .is_null()
                .or(webhook_subscriptions::shop_id.eq(shop)),
        )
        // Whoever is no owner any more could not subscribe to this now.
        .filter(memberships::role.eq(Role::Owner))
        .select(webhook_subscriptions::id)
        .load(conn)
        .await?;
    let now = SystemTime::now();
    for subscription in subscriptions {
        let body = json!({
            "type": event.as_str(),
            "timestamp": chrono::DateTime::<chrono::Utc>::from(now),
            "data": { "shop_id": shop, "id": id },
        });
        let body = body.to_string();
        let id = Uuid::now_v7();
        outbox::enqueue(id, subscription, event.as_str(), body.as_bytes(), now)
            .execute(conn)
            .await?;
    }
    Ok(())
}
