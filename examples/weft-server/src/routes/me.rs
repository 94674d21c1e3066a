use axum::Json;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Answer;
use crate::{
    describe::shape,
    extract::{NoQuery, Tenant},
    openapi::{Api, Operation},
    schema::memberships,
    value::Role,
};

shape! { answer
    /// Whom the token speaks for, and what it sees.
    Me {
        /// The organisation.
        organization_id: Uuid,
        /// The membership in it.
        membership_id: Uuid,
        /// What the member may do.
        role: Role,
        /// The member's name.
        display_name: String,
        /// The member's address.
        address: String,
        /// The shops the member is limited to; null is all of them.
        shop_ids: Option<Vec<Uuid>>,
    }
}

/// Adds the route that says who one is.
pub fn routes(api: Api) -> Api {
    let operation = Operation::new("get_me", "Whom the token speaks for, and what it sees");
    api.get("/api/me", me, operation.answers::<Me>(200))
}

async fn me(tenant: Tenant, _: NoQuery) -> Answer<Me> {
    let identity = tenant.identity();
    let (display_name, address) = memberships::table
        .filter(memberships::id.eq(identity.membership_id))
        .select((memberships::display_name, memberships::address))
        .first(&mut tenant.open().await?)
        .await?;
    Ok(Json(Me {
        organization_id: identity.org_id,
        membership_id: identity.membership_id,
        role: identity.role,
        display_name,
        address,
        shop_ids: identity.shops.clone(),
    }))
}
