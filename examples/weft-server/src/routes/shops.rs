use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    describe::shape,
    error::Problem,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::shops,
    value::{CurrencyCode, Line},
};

shape! { answer
    /// A shop.
    #[derive(Queryable, Selectable)]
    Shop {
        /// Its id.
        id: Uuid,
        /// Its name.
        name: String,
        /// Where it sells.
        domain: Option<String>,
        /// Its currency.
        currency: String,
        /// When it was made.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// A shop to be made.
    #[derive(Insertable)]
    #[diesel(table_name = shops)]
    NewShop {
        /// Its name, once in the organisation.
        name: Line<1, 200>,
        /// Where it sells.
        domain: Option<Line<1, 253>>,
        /// Its currency.
        currency: CurrencyCode,
    }
}

shape! { changes
    /// What may be changed of a shop.
    #[derive(AsChangeset)]
    #[diesel(table_name = shops)]
    ShopChanges {
        /// Its name.
        name: Line<1, 200>,
        /// Where it sells.
        domain: Option<Line<1, 253>>,
        /// Its currency.
        currency: CurrencyCode,
    }
}

shape! { query
    /// Which shops.
    Shops {}
}

/// Adds the routes of shops.
pub fn routes(api: Api) -> Api {
    let list = Operation::new("list_shops", "Shops, oldest first");
    let create = Operation::new("create_shop", "Makes a shop; for owners");
    let get = Operation::new("get_shop", "A shop");
    let update = Operation::new("update_shop", "Changes a shop; for owners");
    let delete = Operation::new(
        "delete_shop",
        "Deletes a shop that nothing refers to; for owners",
    );
    api.get(
        "/api/shops",
        self::list,
        list.query::<Shops>().answers::<Page<Shop>>(200),
    )
    .post(
        "/api/shops",
        self::create,
        create.body::<NewShop>().answers::<Shop>(201),
    )
    .get("/api/shops/{shop_id}", self::get, get.answers::<Shop>(200))
    .patch(
        "/api/shops/{shop_id}",
        self::update,
        update.body::<ShopChanges>().answers::<Shop>(200),
    )
    .delete("/api/shops/{shop_id}", self::delete, delete)
}

pub(crate) async fn list(tenant: Tenant, Query(asked): Query<Shops>) -> Answer<Page<Shop>> {
    let query = shops::table.select(Shop::as_select()).into_boxed();
    let query = after!(query, oldest shops::created_at, shops::id, asked);
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

async fn create(
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewShop>,
) -> Result<Created<Shop>, Problem> {
    tenant.must_own()?;
    let made: Shop = diesel::insert_into(shops::table)
        .values((new, shops::id.eq(new_id())))
        .returning(Shop::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Created(format!("/api/shops/{}", made.id), made))
}

async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<Shop> {
    let query = shops::table
        .filter(shops::id.eq(id))
        .select(Shop::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

async fn update(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<ShopChanges>,
) -> Answer<Shop> {
    tenant.must_own()?;
    some_change(changes.is_empty())?;
    let changed = diesel::update(shops::table.filter(shops::id.eq(id)))
        .set((changes, shops::updated_at.eq(Utc::now())))
        .returning(Shop::as_returning())
        .get_result(&mut tenant.open().await?)
        .await?;
    Ok(Json(changed))
}

async fn delete(tenant: Tenant, Id(id): Id, _: NoQuery, _: NoBody) -> Result<StatusCode, Problem> {
    tenant.must_own()?;
    diesel::delete(shops::table.filter(shops::id.eq(id)))
        .execute(&mut tenant.open().await?)
        .await
        .map_err(Problem::deleting)
        .and_then(deleted)
}

impl Keyed for Shop {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
