use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    describe::shape,
    error::Problem,
    extract::{Body, Id, Ids, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    roads::OrgConnection,
    schema::{order_lines, orders},
    value::{Amount, Line, Quantity},
};

shape! { answer
    /// A line of an order.
    #[derive(Queryable, Selectable)]
    #[diesel(table_name = order_lines)]
    OrderLine {
        /// Its id.
        id: Uuid,
        /// The shop of the order.
        shop_id: Uuid,
        /// The order.
        order_id: Uuid,
        /// Its place within the order, from 1.
        position: i32,
        /// What.
        name: String,
        /// The stock number.
        sku: Option<String>,
        /// How many.
        quantity: i32,
        /// The price of one in minor units of the order's currency.
        price: i64,
        /// When it came here.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// A line to be made, which becomes the order's last.
    #[derive(Insertable)]
    #[diesel(table_name = order_lines)]
    NewOrderLine {
        /// What.
        name: Line<1, 500>,
        /// The stock number.
        sku: Option<Line<1, 100>>,
        /// How many.
        quantity: Quantity,
        /// The price of one in minor units of the order's currency.
        price: Amount,
    }
}

shape! { changes
    /// What may be changed of a line.
    #[derive(AsChangeset)]
    #[diesel(table_name = order_lines)]
    OrderLineChanges {
        /// What.
        name: Line<1, 500>,
        /// The stock number.
        sku: Option<Line<1, 100>>,
        /// How many.
        quantity: Quantity,
        /// The price of one in minor units of the order's currency.
        price: Amount,
    }
}

shape! { query
    /// Which lines.
    OrderLines {}
}

/// Adds the routes of the lines within an order.
pub fn routes(api: Api) -> Api {
    let list = Operation::new("list_order_lines", "The lines of an order, oldest first");
    let create = Operation::new("create_order_line", "Adds a line to an order");
    let get = Operation::new("get_order_line", "A line of an order");
    let update = Operation::new("update_order_line", "Changes a line of an order");
    let delete = Operation::new("delete_order_line", "Deletes a line of an order");
    api.get(
        ALL,
        self::list,
        list.query::<OrderLines>().answers::<Page<OrderLine>>(200),
    )
    .post(
        ALL,
        self::create,
        create.body::<NewOrderLine>().answers::<OrderLine>(201),
    )
    .get(ONE, self::get, get.answers::<OrderLine>(200))
    .patch(
        ONE,
        self::update,
        update.body::<OrderLineChanges>().answers::<OrderLine>(200),
    )
    .delete(ONE, self::delete, delete)
}

const ALL: &str = "/api/orders/{order_id}/lines";
const ONE: &str = "/api/orders/{order_id}/lines/{line_id}";

/// Goes on only if the order is in sight.
async fn order_in_sight(conn: &mut OrgConnection, order: Uuid) -> QueryResult<()> {
    let query = orders::table
        .filter(orders::id.eq(order))
        .select(orders::id);
    query.first::<Uuid>(conn).await.map(drop)
}

pub(crate) async fn list(
    tenant: Tenant,
    Id(order): Id,
    Query(asked): Query<OrderLines>,
) -> Answer<Page<OrderLine>> {
    let mut conn = tenant.open().await?;
    order_in_sight(&mut conn, order).await?;
    let query = order_lines::table
        .filter(order_lines::order_id.eq(order))
        .select(OrderLine::as_select())
        .into_boxed();
    let query = after!(query, oldest order_lines::created_at, order_lines::id, asked);
    let rows = query.load(&mut conn).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

async fn create(
    tenant: Tenant,
    Id(order): Id,
    _: NoQuery,
    Body(new): Body<NewOrderLine>,
) -> Result<Created<OrderLine>, Problem> {
    let mut conn = tenant.open().await?;
    let made: OrderLine = conn
        .transaction(async |conn| {
            // The lock makes lines wait for each other, so that each finds the last place.
            let shop: Uuid = orders::table
                .filter(orders::id.eq(order))
                .select(orders::shop_id)
                .for_update()
                .first(conn)
                .await?;
            let last: Option<i32> = order_lines::table
                .filter(order_lines::order_id.eq(order))
                .select(diesel::dsl::max(order_lines::position))
                .first(conn)
                .await?;
            let place = (
                order_lines::id.eq(new_id()),
                order_lines::shop_id.eq(shop),
                order_lines::order_id.eq(order),
                order_lines::position.eq(last.unwrap_or(0) + 1),
            );
            diesel::insert_into(order_lines::table)
                .values((new, place))
                .returning(OrderLine::as_returning())
                .get_result(conn)
                .await
        })
        .await?;
    Ok(Created(
        format!("/api/orders/{order}/lines/{}", made.id),
        made,
    ))
}

async fn get(tenant: Tenant, Ids(order, id): Ids, _: NoQuery) -> Answer<OrderLine> {
    let mut conn = tenant.open().await?;
    order_in_sight(&mut conn, order).await?;
    let query = order_lines::table
        .filter(order_lines::order_id.eq(order))
        .filter(order_lines::id.eq(id))
        .select(OrderLine::as_select());
    Ok(Json(query.first(&mut conn).await?))
}

async fn update(
    tenant: Tenant,
    Ids(order, id): Ids,
    _: NoQuery,
    Body(changes): Body<OrderLineChanges>,
) -> Answer<OrderLine> {
    some_change(changes.is_empty())?;
    let mut conn = tenant.open().await?;
    order_in_sight(&mut conn, order).await?;
    let line = order_lines::table
        .filter(order_lines::order_id.eq(order))
        .filter(order_lines::id.eq(id));
    let changed = diesel::update(line)
        .set((changes, order_lines::updated_at.eq(Utc::now())))
        .returning(OrderLine::as_returning())
        .get_result(&mut conn)
        .await?;
    Ok(Json(changed))
}

async fn delete(
    tenant: Tenant,
    Ids(order, id): Ids,
    _: NoQuery,
    _: NoBody,
) -> Result<StatusCode, Problem> {
    let mut conn = tenant.open().await?;
    order_in_sight(&mut conn, order).await?;
    let line = order_lines::table
        .filter(order_lines::order_id.eq(order))
        .filter(order_lines::id.eq(id));
    deleted(diesel::delete(line).execute(&mut conn).await?)
}

impl Keyed for OrderLine {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.created_at,
            id: self.id,
        }
    }
}
