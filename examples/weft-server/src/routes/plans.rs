use axum::Json;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::Answer;
use crate::{
    describe::shape,
    extract::{Id, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::plans,
};

shape! { answer
    /// A plan; plans belong to nobody and can only be read.
    #[derive(Queryable, Selectable)]
    Plan {
        /// Its id.
        id: Uuid,
        /// Its short name.
        code: String,
        /// Its name.
        name: String,
        /// Its monthly price in minor units.
        price: i64,
        /// The price's currency.
        currency: String,
        /// How many bytes of files an organisation may keep.
        storage: i64,
        /// When it was made.
        created_at: DateTime<Utc>,
    }
}

shape! { query
    /// Which plans.
    Plans {}
}

/// Adds the routes of plans.
pub fn routes(api: Api) -> Api {
    api.get(
        "/api/plans",
        list,
        Operation::new("list_plans", "Plans, oldest first")
            .query::<Plans>()
            .answers::<Page<Plan>>(200),
    )
    .get(
        "/api/plans/{plan_id}",
        get,
        Operation::new("get_plan", "A plan").answers::<Plan>(200),
    )
}

async fn list(tenant: Tenant, Query(asked): Query<Plans>) -> Answer<Page<Plan>> {
    let query = plans::table.select(Plan::as_select()).into_boxed();
    let query = after!(query, oldest plans::created_at, plans::id, asked);
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<Plan> {
    let query = plans::table.find(id).select(Plan::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

impl Keyed for Plan {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
