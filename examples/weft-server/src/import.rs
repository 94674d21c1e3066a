//! Shopify's order export into one shop: streamed, in one transaction, by three statements whose
//! text is the same for one order and for a million.

use std::{fmt, io::Read};

use diesel::{
    QueryResult, sql_query,
    sql_types::{Array, BigInt, Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid},
};
use diesel_async::{AsyncConnection, RunQueryDsl};
use uuid::Uuid;

use crate::{
    roads::OrgConnection,
    shopify::{Columns, Order, Orders, RowError, columns::LineColumns},
};

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// Orders in the file.
    pub read: usize,
    /// Orders that were new; the others were in the shop already and stay as they are.
    pub new: usize,
}

/// Why nothing was imported.
#[derive(Debug)]
#[non_exhaustive]
pub enum ImportError {
    /// A row of the file is not right.
    Row(RowError),
    /// An amount that JSON readers could not keep exact.
    Amount {
        /// The order's name.
        order: String,
    },
    /// A statement failed.
    Database(diesel::result::Error),
}

/// Imports `source` within a scope of exactly one shop, all of it or nothing.
///
/// `progress` hears how many orders, and bytes of the source, were read after each batch.
///
/// # Errors
/// When a row is not right, with its line; when a statement fails, say because the scope does not
/// hold exactly one shop. Then nothing was written.
pub async fn import<R: Read + Send>(
    conn: &mut OrgConnection,
    source: R,
    mut progress: impl FnMut(usize, u64) + Send,
) -> Result<Imported, ImportError> {
    conn.transaction(async |conn| {
        let mut orders = Orders::new(source)?;
        let mut done = Imported::default();
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            batch.clear();
            for order in orders.by_ref().take(BATCH) {
                batch.push(exact(order?)?);
            }
            if batch.is_empty() {
                return Ok(done);
            }
            let columns = Columns::new(&batch, Uuid::now_v7);
            done.read += batch.len();
            done.new += insert(conn, &columns).await?;
            progress(done.read, orders.bytes_read());
        }
    })
    .await
}

/// Orders held in memory at once.
const BATCH: usize = 2_000;

fn exact(order: Order) -> Result<Order, ImportError> {
    let amounts = [
        order.subtotal,
        order.shipping,
        order.taxes,
        order.total,
        order.refunded,
        order.discount_amount,
    ];
    let prices = order.line_items.iter().map(|line| line.price);
    match amounts
        .into_iter()
        .chain(prices)
        .all(|units| (0..1 << 53).contains(&units))
    {
        true => Ok(order),
        false => Err(ImportError::Amount { order: order.name }),
    }
}

async fn insert(conn: &mut OrgConnection, columns: &Columns) -> QueryResult<usize> {
    let customers = &columns.customers;
    sql_query(CUSTOMERS)
        .bind::<Array<SqlUuid>, _>(&customers.id)
        .bind::<Array<Text>, _>(&customers.email)
        .bind::<Array<Nullable<Text>>, _>(&customers.name)
        .bind::<Array<Nullable<Text>>, _>(&customers.phone)
        .execute(conn)
        .await?;
    let orders = &columns.orders;
    let new = sql_query(ORDERS)
        .bind::<Array<SqlUuid>, _>(&orders.id)
        .bind::<Array<BigInt>, _>(&orders.shopify_id)
        .bind::<Array<Text>, _>(&orders.name)
        .bind::<Array<Nullable<Text>>, _>(&orders.customer_email)
        .bind::<Array<Text>, _>(&orders.financial_status)
        .bind::<Array<Text>, _>(&orders.fulfillment_status)
        .bind::<Array<Timestamptz>, _>(&orders.created_at)
        .bind::<Array<Nullable<Timestamptz>>, _>(&orders.paid_at)
        .bind::<Array<Nullable<Timestamptz>>, _>(&orders.fulfilled_at)
        .bind::<Array<Nullable<Timestamptz>>, _>(&orders.cancelled_at)
        .bind::<Array<Text>, _>(&orders.currency)
        .bind::<Array<BigInt>, _>(&orders.subtotal)
        .bind::<Array<BigInt>, _>(&orders.shipping)
        .bind::<Array<BigInt>, _>(&orders.taxes)
        .bind::<Array<BigInt>, _>(&orders.total)
        .bind::<Array<BigInt>, _>(&orders.refunded)
        .bind::<Array<Nullable<Text>>, _>(&orders.discount_code)
        .bind::<Array<BigInt>, _>(&orders.discount_amount)
        .bind::<Array<Nullable<Text>>, _>(&orders.shipping_method)
        .bind::<Array<Nullable<Text>>, _>(&orders.notes)
        .bind::<Array<Text>, _>(&orders.tags)
        .execute(conn)
        .await?;
    write_lines(conn, &columns.lines).await?;
    Ok(new)
}

/// Writes lines of orders that are there; a line that is there already is replaced.
pub(crate) async fn write_lines(conn: &mut OrgConnection, lines: &LineColumns) -> QueryResult<()> {
    sql_query(LINES)
        .bind::<Array<SqlUuid>, _>(&lines.id)
        .bind::<Array<SqlUuid>, _>(&lines.order_id)
        .bind::<Array<Integer>, _>(&lines.position)
        .bind::<Array<Integer>, _>(&lines.quantity)
        .bind::<Array<Text>, _>(&lines.name)
        .bind::<Array<BigInt>, _>(&lines.price)
        .bind::<Array<Nullable<Text>>, _>(&lines.sku)
        .execute(conn)
        .await?;
    Ok(())
}

// Neither names an organisation or a shop: the hook fills both from the scope, and finds
// customers and orders within it alone.

const CUSTOMERS: &str = "
    INSERT INTO customers (id, email, name, phone)
    SELECT c.id, c.email, c.name, c.phone
    FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS c (id, email, name, phone)
    ON CONFLICT (org_id, shop_id, email) DO UPDATE
    SET name = coalesce(excluded.name, customers.name),
        phone = coalesce(excluded.phone, customers.phone)";

const ORDERS: &str = "
    INSERT INTO orders (
        id, customer_id, shopify_id, name, financial_status, fulfillment_status, placed_at,
        paid_at, fulfilled_at, cancelled_at, currency, subtotal, shipping, taxes, total, refunded,
        discount_code, discount_amount, shipping_method, notes, tags)
    SELECT
        o.id, c.id, o.shopify_id, o.name, o.financial_status, o.fulfillment_status, o.placed_at,
        o.paid_at, o.fulfilled_at, o.cancelled_at, o.currency, o.subtotal, o.shipping, o.taxes,
        o.total, o.refunded, o.discount_code, o.discount_amount, o.shipping_method, o.notes, o.tags
    FROM unnest(
        $1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[],
        $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[], $11::text[],
        $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::text[],
        $18::bigint[], $19::text[], $20::text[], $21::text[])
        AS o (id, shopify_id, name, customer_email, financial_status, fulfillment_status,
              placed_at, paid_at, fulfilled_at, cancelled_at, currency, subtotal, shipping, taxes,
              total, refunded, discount_code, discount_amount, shipping_method, notes, tags)
    LEFT JOIN customers AS c ON c.email = o.customer_email
    ON CONFLICT (org_id, shop_id, shopify_id) DO NOTHING";

// The join leaves out the lines of orders that an import found there already.
const LINES: &str = "
    INSERT INTO order_lines (id, order_id, position, quantity, name, price, sku)
    SELECT l.id, l.order_id, l.position, l.quantity, l.name, l.price, l.sku
    FROM unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::bigint[], $7::text[])
        AS l (id, order_id, position, quantity, name, price, sku)
    JOIN orders AS o ON o.id = l.order_id
    ON CONFLICT (org_id, order_id, position) DO UPDATE
    SET quantity = excluded.quantity, name = excluded.name, price = excluded.price,
        sku = excluded.sku";

impl From<RowError> for ImportError {
    fn from(error: RowError) -> ImportError {
        ImportError::Row(error)
    }
}

impl From<diesel::result::Error> for ImportError {
    fn from(error: diesel::result::Error) -> ImportError {
        ImportError::Database(error)
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ImportError::Row(error) => error.fmt(f),
            ImportError::Amount { order } => {
                write!(f, "order {order}: an amount of 2^53 minor units or more")
            }
            ImportError::Database(error) => write!(f, "the database refused: {error}"),
        }
    }
}

impl std::error::Error for ImportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ImportError::Row(error) => Some(error),
            ImportError::Database(error) => Some(error),
            ImportError::Amount { .. } => None,
        }
    }
}
