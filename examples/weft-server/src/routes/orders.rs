use axum::{Json, http::StatusCode};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use super::{Answer, Created, deleted, new_id, some_change};
use crate::{
    describe::shape,
    error::Problem,
    events::tell,
    extract::{Body, Id, NoBody, NoQuery, Query, Tenant},
    openapi::{Api, Operation},
    page::{Cursor, Keyed, Limit, Page, after},
    schema::orders,
    value::{Amount, CurrencyCode, DeliveryStatus, EventType, Line, PaymentStatus, Prose},
};

shape! { answer
    /// An order. Amounts are minor units of its currency.
    #[derive(Queryable, Selectable)]
    Order {
        /// Its id.
        id: Uuid,
        /// The shop.
        shop_id: Uuid,
        /// Who ordered.
        customer_id: Option<Uuid>,
        /// Its id at Shopify.
        shopify_id: Option<i64>,
        /// The number people use, such as `#1001`.
        name: String,
        /// What has been paid.
        financial_status: PaymentStatus,
        /// What has been sent.
        fulfillment_status: DeliveryStatus,
        /// When it was placed.
        placed_at: DateTime<Utc>,
        /// When it was paid.
        paid_at: Option<DateTime<Utc>>,
        /// When it was sent.
        fulfilled_at: Option<DateTime<Utc>>,
        /// When it was called off.
        cancelled_at: Option<DateTime<Utc>>,
        /// The currency of every amount.
        currency: String,
        /// The lines, less the discount.
        subtotal: i64,
        /// The cost of shipping.
        shipping: i64,
        /// The taxes.
        taxes: i64,
        /// What the customer owes.
        total: i64,
        /// What was paid back.
        refunded: i64,
        /// The code the customer entered.
        discount_code: Option<String>,
        /// What the code took off.
        discount_amount: i64,
        /// How it is sent.
        shipping_method: Option<String>,
        /// What was written on it.
        notes: Option<String>,
        /// Labels, separated by commas.
        tags: String,
        /// When it came here.
        created_at: DateTime<Utc>,
        /// When it was last changed.
        updated_at: DateTime<Utc>,
    }
}

shape! { request
    /// An order to be made. Its lines are made one by one.
    #[derive(Insertable)]
    #[diesel(table_name = orders)]
    NewOrder {
        /// The shop.
        shop_id: Uuid,
        /// Who ordered, a customer of the same shop.
        customer_id: Option<Uuid>,
        /// The number people use.
        name: Line<1, 100>,
        /// What has been paid.
        financial_status: PaymentStatus,
        /// What has been sent.
        fulfillment_status: DeliveryStatus,
        /// When it was placed.
        placed_at: DateTime<Utc>,
        /// The currency of every amount.
        currency: CurrencyCode,
        /// The lines, less the discount.
        subtotal: Amount,
        /// The cost of shipping.
        shipping: Amount,
        /// The taxes.
        taxes: Amount,
        /// What the customer owes.
        total: Amount,
        /// How it is sent.
        shipping_method: Option<Line<1, 200>>,
        /// What is to be noted on it.
        notes: Option<Prose<5000>>,
    }
}

shape! { changes
    /// What may be changed of an order.
    #[derive(AsChangeset)]
    #[diesel(table_name = orders)]
    OrderChanges {
        /// Who ordered, a customer of the same shop.
        customer_id: Option<Uuid>,
        /// What has been paid.
        financial_status: PaymentStatus,
        /// What has been sent.
        fulfillment_status: DeliveryStatus,
        /// When it was paid.
        paid_at: Option<DateTime<Utc>>,
        /// When it was sent.
        fulfilled_at: Option<DateTime<Utc>>,
        /// When it was called off.
        cancelled_at: Option<DateTime<Utc>>,
        /// What was paid back.
        refunded: Amount,
        /// How it is sent.
        shipping_method: Option<Line<1, 200>>,
        /// What is noted on it.
        notes: Option<Prose<5000>>,
        /// Labels, separated by commas.
        tags: Line<0, 1000>,
    }
}

shape! { query
    /// Which orders.
    Orders {
        /// Of this shop.
        shop_id: Uuid,
        /// Of this customer.
        customer_id: Uuid,
        /// Paid so far.
        financial_status: PaymentStatus,
        /// Sent so far.
        fulfillment_status: DeliveryStatus,
    }
}

/// Adds the routes of orders.
pub fn routes(api: Api) -> Api {
    let list = Operation::new("list_orders", "Orders, the last placed first");
    let create = Operation::new("create_order", "Makes an order");
    let get = Operation::new("get_order", "An order");
    let update = Operation::new("update_order", "Changes an order");
    let delete = Operation::new("delete_order", "Takes an order out of sight");
    api.get(
        "/api/orders",
        self::list,
        list.query::<Orders>().answers::<Page<Order>>(200),
    )
    .post(
        "/api/orders",
        self::create,
        create.body::<NewOrder>().answers::<Order>(201),
    )
    .get(
        "/api/orders/{order_id}",
        self::get,
        get.answers::<Order>(200),
    )
    .patch(
        "/api/orders/{order_id}",
        self::update,
        update.body::<OrderChanges>().answers::<Order>(200),
    )
    .delete("/api/orders/{order_id}", self::delete, delete)
}

pub(crate) async fn list(tenant: Tenant, Query(asked): Query<Orders>) -> Answer<Page<Order>> {
    let mut query = orders::table.select(Order::as_select()).into_boxed();
    if let Some(shop) = asked.shop_id {
        query = query.filter(orders::shop_id.eq(shop));
    }
    if let Some(customer) = asked.customer_id {
        query = query.filter(orders::customer_id.eq(customer));
    }
    if let Some(status) = asked.financial_status {
        query = query.filter(orders::financial_status.eq(status));
    }
    if let Some(status) = asked.fulfillment_status {
        query = query.filter(orders::fulfillment_status.eq(status));
    }
    let query = after!(query, newest orders::placed_at, orders::id, asked);
    let rows = query.load(&mut tenant.open().await?).await?;
    Ok(Json(Page::new(rows, Limit::rows(asked.limit))))
}

async fn create(
    tenant: Tenant,
    _: NoQuery,
    Body(new): Body<NewOrder>,
) -> Result<Created<Order>, Problem> {
    let nothing = (
        orders::refunded.eq(0),
        orders::discount_amount.eq(0),
        orders::tags.eq(""),
    );
    let mut conn = tenant.open().await?;
    let made = conn
        .transaction(async |conn| {
            let made: Order = diesel::insert_into(orders::table)
                .values((new, orders::id.eq(new_id()), nothing))
                .returning(Order::as_returning())
                .get_result(conn)
                .await?;
            tell(conn, EventType::OrderCreated, made.shop_id, made.id).await?;
            QueryResult::Ok(made)
        })
        .await?;
    Ok(Created(format!("/api/orders/{}", made.id), made))
}

pub(crate) async fn get(tenant: Tenant, Id(id): Id, _: NoQuery) -> Answer<Order> {
    let query = orders::table
        .filter(orders::id.eq(id))
        .select(Order::as_select());
    Ok(Json(query.first(&mut tenant.open().await?).await?))
}

async fn update(
    tenant: Tenant,
    Id(id): Id,
    _: NoQuery,
    Body(changes): Body<OrderChanges>,
) -> Answer<Order> {
    some_change(changes.is_empty())?;
    let one = orders::table.filter(orders::id.eq(id));
    let mut conn = tenant.open().await?;
    let changed = conn
        .transaction(async |conn| {
            let changed: Order = diesel::update(one)
                .set((changes, orders::updated_at.eq(Utc::now())))
                .returning(Order::as_returning())
                .get_result(conn)
                .await?;
            tell(conn, EventType::OrderUpdated, changed.shop_id, id).await?;
            QueryResult::Ok(changed)
        })
        .await?;
    Ok(Json(changed))
}

/// The row stays, with the time it went out of sight; from then on no scope shows it.
async fn delete(tenant: Tenant, Id(id): Id, _: NoQuery, _: NoBody) -> Result<StatusCode, Problem> {
    let now = Utc::now();
    let hidden = diesel::update(orders::table.filter(orders::id.eq(id)))
        .set((orders::deleted_at.eq(now), orders::updated_at.eq(now)))
        .execute(&mut tenant.open().await?)
        .await?;
    deleted(hidden)
}

impl Keyed for Order {
    fn key(&self) -> Cursor {
        Cursor {
            at: self.placed_at,
            id: self.id,
        }
    }
}
