use chrono::{DateTime, Utc};
use diesel::{
    QueryResult,
    prelude::*,
    sql_query,
    sql_types::{BigInt, Bool},
};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use super::EffectError;
use crate::{
    events::tell,
    import::write_lines,
    roads::OrgConnection,
    schema::{customers, order_lines, orders, refunds},
    shopify::{
        Event, Order,
        columns::LineColumns,
        event::{CustomerRecord, OrderRecord, RefundRecord},
    },
    value::EventType,
};

pub(super) async fn apply(conn: &mut OrgConnection, body: &[u8]) -> Result<(), EffectError> {
    match Event::read(body).map_err(EffectError::unreadable)? {
        Event::Order(record) => order(conn, &record).await?,
        Event::Customer(record) => {
            customer(conn, &record).await?;
        }
        Event::Refund(record) => {
            refund(conn, &record).await?;
            repaid(conn, record.order_id).await?;
        }
    }
    Ok(())
}

async fn order(conn: &mut OrgConnection, record: &OrderRecord) -> QueryResult<()> {
    let order = &record.order;
    let customer = match &record.customer {
        Some(known) => Some(customer(conn, known).await?),
        None => None,
    };
    let row = OrderRow::new(record, customer);
    let new = Uuid::now_v7();
    let made: Option<Uuid> = diesel::insert_into(orders::table)
        .values((
            &row,
            orders::id.eq(new),
            orders::shopify_id.eq(order.id),
            orders::placed_at.eq(order.created_at),
            orders::paid_at.eq(order.paid_at),
            orders::refunded.eq(0),
        ))
        .on_conflict((orders::org_id, orders::shopify_id, orders::shop_id))
        .do_nothing()
        .returning(orders::shop_id)
        .get_result(conn)
        .await
        .optional()?;
    let current = match made {
        Some(shop) => Some((EventType::OrderCreated, shop, new)),
        None => replace(conn, record, &row)
            .await?
            .map(|(shop, id)| (EventType::OrderUpdated, shop, id)),
    };
    if let Some((event, shop, id)) = current {
        lines(conn, id, order).await?;
        tell(conn, event, shop, id).await?;
    }
    for record in &record.refunds {
        refund(conn, record).await?;
    }
    repaid(conn, order.id).await
}

/// Replaces what is known of an order, unless it is later; says whose row it is and which, if it did.
async fn replace(
    conn: &mut OrgConnection,
    record: &OrderRecord,
    row: &OrderRow<'_>,
) -> QueryResult<Option<(Uuid, Uuid)>> {
    let order = &record.order;
    let known = orders::table.filter(orders::shopify_id.eq(order.id));
    // Shopify counts in seconds: of two records of one, the later is the one that is further.
    let no_further = orders::shopify_updated_at
        .eq(record.updated_at)
        .and(orders::financial_status.eq_any(order.financial_status.up_to()))
        .and(orders::fulfillment_status.eq_any(order.fulfillment_status.up_to()))
        .and(
            orders::cancelled_at
                .is_null()
                .or(order.cancelled_at.is_some().into_sql::<Bool>()),
        );
    let earlier = orders::shopify_updated_at
        .is_null()
        .or(orders::shopify_updated_at.lt(record.updated_at))
        .or(no_further);
    let replaced: Option<(Uuid, Uuid)> = diesel::update(known.filter(earlier))
        .set((row, orders::updated_at.eq(record.updated_at)))
        .returning((orders::shop_id, orders::id))
        .get_result(conn)
        .await
        .optional()?;
    if let (Some(_), Some(paid_at)) = (replaced, order.paid_at) {
        // The first time that it was said to be paid is when it was.
        diesel::update(known.filter(orders::paid_at.is_null()))
            .set(orders::paid_at.eq(paid_at))
            .execute(conn)
            .await?;
    }
    Ok(replaced)
}

async fn lines(conn: &mut OrgConnection, id: Uuid, order: &Order) -> QueryResult<()> {
    let lines = LineColumns::of(id, order, Uuid::now_v7);
    write_lines(conn, &lines).await?;
    let count = i32::try_from(order.line_items.len()).unwrap_or(i32::MAX);
    diesel::delete(
        order_lines::table
            .filter(order_lines::order_id.eq(id))
            .filter(order_lines::position.gt(count)),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes a customer, and says which row it is: the one of that id, else the one of that address
/// which has no id yet, else a new one.
async fn customer(conn: &mut OrgConnection, record: &CustomerRecord) -> QueryResult<Uuid> {
    if let Some(id) = known_customer(conn, record).await? {
        return Ok(id);
    }
    // An address that another customer of the shop still has stays theirs.
    for email in [record.email.as_deref(), None] {
        let new = Uuid::now_v7();
        // Two deliveries may bring the same customer at once: the second waits here for the first.
        let made = diesel::insert_into(customers::table)
            .values((
                customers::id.eq(new),
                customers::email.eq(email),
                CustomerRow::new(record),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        if made == 1 {
            return Ok(new);
        }
        if let Some(id) = known_customer(conn, record).await? {
            return Ok(id);
        }
    }
    Err(diesel::result::Error::RollbackTransaction)
}

async fn known_customer(
    conn: &mut OrgConnection,
    record: &CustomerRecord,
) -> QueryResult<Option<Uuid>> {
    let by_id = customers::table.filter(customers::shopify_id.eq(record.id));
    let found: Option<Uuid> = by_id
        .select(customers::id)
        .for_update()
        .first(conn)
        .await
        .optional()?;
    let found = match (found, &record.email) {
        (Some(id), _) => id,
        (None, Some(email)) => {
            let by_address = customers::table
                .filter(customers::email.eq(email))
                .filter(customers::shopify_id.is_null());
            let found = by_address.select(customers::id).for_update().first(conn);
            match found.await.optional()? {
                Some(id) => id,
                None => return Ok(None),
            }
        }
        (None, None) => return Ok(None),
    };
    let row = customers::table.filter(customers::id.eq(found));
    let earlier = customers::shopify_updated_at
        .is_null()
        .or(customers::shopify_updated_at.le(record.updated_at));
    let changed = diesel::update(row.filter(earlier))
        .set((
            CustomerRow::new(record),
            customers::updated_at.eq(record.updated_at),
        ))
        .execute(conn)
        .await?;
    if let (1, Some(email)) = (changed, &record.email) {
        let taken: i64 = customers::table
            .filter(customers::email.eq(email))
            .filter(customers::id.ne(found))
            .count()
            .get_result(conn)
            .await?;
        if taken == 0 {
            diesel::update(row)
                .set(customers::email.eq(email))
                .execute(conn)
                .await?;
        }
    }
    Ok(Some(found))
}

async fn refund(conn: &mut OrgConnection, record: &RefundRecord) -> QueryResult<()> {
    use diesel::query_dsl::methods::FilterDsl as _;
    diesel::insert_into(refunds::table)
        .values((
            refunds::id.eq(Uuid::now_v7()),
            refunds::shopify_id.eq(record.id),
            refunds::shopify_order_id.eq(record.order_id),
            refunds::amount.eq(record.amount),
            refunds::currency.eq(record.currency.as_str()),
            refunds::refunded_at.eq(record.at),
        ))
        .on_conflict((refunds::org_id, refunds::shopify_id, refunds::shop_id))
        .do_update()
        .set(refunds::amount.eq(record.amount))
        // One that was pending moves money later.
        .filter(refunds::amount.lt(record.amount))
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes an order, if it is there yet, say what its refunds sum up to. One that was imported may
/// know of refunds that were never sent.
async fn repaid(conn: &mut OrgConnection, shopify_id: i64) -> QueryResult<()> {
    sql_query(REPAID)
        .bind::<BigInt, _>(shopify_id)
        .execute(conn)
        .await?;
    Ok(())
}

const REPAID: &str = "
    UPDATE orders
    SET refunded = greatest(orders.refunded, (
        SELECT coalesce(sum(r.amount), 0)::bigint
        FROM refunds AS r
        WHERE r.shopify_order_id = $1 AND r.currency = orders.currency))
    WHERE orders.shopify_id = $1";

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = orders, treat_none_as_null = true)]
struct OrderRow<'r> {
    customer_id: Option<Uuid>,
    name: &'r str,
    financial_status: &'static str,
    fulfillment_status: &'static str,
    fulfilled_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    currency: &'r str,
    subtotal: i64,
    shipping: i64,
    taxes: i64,
    total: i64,
    discount_code: Option<&'r str>,
    discount_amount: i64,
    shipping_method: Option<&'r str>,
    notes: Option<&'r str>,
    tags: String,
    shopify_updated_at: DateTime<Utc>,
}

impl<'r> OrderRow<'r> {
    fn new(record: &'r OrderRecord, customer_id: Option<Uuid>) -> OrderRow<'r> {
        let order = &record.order;
        OrderRow {
            customer_id,
            name: &order.name,
            financial_status: order.financial_status.as_str(),
            fulfillment_status: order.fulfillment_status.as_str(),
            fulfilled_at: order.fulfilled_at,
            cancelled_at: order.cancelled_at,
            currency: order.currency.as_str(),
            subtotal: order.subtotal,
            shipping: order.shipping,
            taxes: order.taxes,
            total: order.total,
            discount_code: order.discount_code.as_deref(),
            discount_amount: order.discount_amount,
            shipping_method: order.shipping_method.as_deref(),
            notes: order.notes.as_deref(),
            tags: order.tags.join(", "),
            shopify_updated_at: record.updated_at,
        }
    }
}

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = customers)]
struct CustomerRow<'r> {
    name: Option<&'r str>,
    phone: Option<&'r str>,
    shopify_id: i64,
    shopify_updated_at: DateTime<Utc>,
}

impl<'r> CustomerRow<'r> {
    fn new(record: &'r CustomerRecord) -> CustomerRow<'r> {
        CustomerRow {
            name: record.name.as_deref(),
            phone: record.phone.as_deref(),
            shopify_id: record.id,
            shopify_updated_at: record.updated_at,
        }
    }
}
