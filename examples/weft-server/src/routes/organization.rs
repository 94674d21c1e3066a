use axum::Json;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Answer, some_change};
use crate::{
    describe::shape,
    extract::{Body, NoQuery, Tenant},
    openapi::{Api, Operation},
    schema::organizations,
    value::Line,
};

shape! { answer
    /// The organisation of the token.
    #[derive(Queryable, Selectable)]
    Organization {
        /// Its id.
        id: Uuid,
        /// Its short name.
        slug: String,
        /// Its name.
        name: String,
        /// Its plan.
        plan_id: Uuid,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { changes
    /// What an owner may change of it.
    #[derive(AsChangeset)]
    #[diesel(table_name = organizations)]
    OrganizationChanges {
        /// Its name.
        name: Line<1, 200>,
    }
}

/// Adds the routes of the organisation. The path has no id: the scope is one organisation.
pub fn routes(api: Api) -> Api {
    let get = Operation::new("get_organization", "The organisation of the token");
    let change = Operation::new("update_organization", "Renames it; for owners");
    api.get(
        "/api/organization",
        self::get,
        get.answers::<Organization>(200),
    )
    .patch(
        "/api/organization",
        update,
        change
            .body::<OrganizationChanges>()
            .answers::<Organization>(200),
    )
}

pub(crate) async fn get(tenant: Tenant, _: NoQuery) -> Answer<Organization> {
    let query = organizations::table.select(Organization::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

pub(crate) async fn update(
    tenant: Tenant,
    _: NoQuery,
    Body(changes): Body<OrganizationChanges>,
) -> Answer<Organization> {
    tenant.must_own()?;
    some_change(changes.is_empty())?;
    let changed = diesel::update(organizations::table)
        .set((changes, organizations::updated_at.eq(Utc::now())))
        .returning(Organization::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Json(changed))
}
