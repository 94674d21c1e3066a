//! A batch of orders as column vectors.
//!
//! Each struct is the argument list of one `unnest`: its vectors are of equal length and a row is
//! the same index in each. A statement then has a bind per column, never one per row, so its text
//! does not change with the batch and 65 535 binds are never reached.

use super::Order;
use chrono::{DateTime, Utc};
use std::collections::HashMap;
use uuid::Uuid;

/// The customers, orders and lines of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Columns {
    /// Each customer of the batch once.
    pub customers: CustomerColumns,
    /// Each order once.
    pub orders: OrderColumns,
    /// Each line item once.
    pub lines: LineColumns,
}

/// Columns of customers, unique by email: `ON CONFLICT` cannot meet the same row twice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomerColumns {
    /// A new id, to be dropped when the organisation already knows the email.
    pub id: Vec<Uuid>,
    /// The email in lower case, which is what makes two customers one.
    pub email: Vec<String>,
    /// The name on the latest order that has one.
    pub name: Vec<Option<String>>,
    /// The phone number on the latest order that has one.
    pub phone: Vec<Option<String>>,
}

/// Columns of orders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OrderColumns {
    /// A new id.
    pub id: Vec<Uuid>,
    /// Shopify's id.
    pub shopify_id: Vec<i64>,
    /// The name, unique within the shop.
    pub name: Vec<String>,
    /// The customer's email as in [`CustomerColumns::email`], to join their id by.
    pub customer_email: Vec<Option<String>>,
    /// The financial status in Shopify's words.
    pub financial_status: Vec<&'static str>,
    /// The fulfillment status in Shopify's words.
    pub fulfillment_status: Vec<&'static str>,
    /// When it was placed.
    pub created_at: Vec<DateTime<Utc>>,
    /// When it was paid.
    pub paid_at: Vec<Option<DateTime<Utc>>>,
    /// When it was sent.
    pub fulfilled_at: Vec<Option<DateTime<Utc>>>,
    /// When it was called off.
    pub cancelled_at: Vec<Option<DateTime<Utc>>>,
    /// The currency code.
    pub currency: Vec<String>,
    /// The subtotal in minor units.
    pub subtotal: Vec<i64>,
    /// The shipping in minor units.
    pub shipping: Vec<i64>,
    /// The taxes in minor units.
    pub taxes: Vec<i64>,
    /// The total in minor units.
    pub total: Vec<i64>,
    /// The refunds in minor units.
    pub refunded: Vec<i64>,
    /// The discount code.
    pub discount_code: Vec<Option<String>>,
    /// The discount in minor units.
    pub discount_amount: Vec<i64>,
    /// The shipping method.
    pub shipping_method: Vec<Option<String>>,
    /// The notes.
    pub notes: Vec<Option<String>>,
    /// The tags of an order, separated by commas: arrays of arrays must be rectangular.
    pub tags: Vec<String>,
}

/// Columns of line items.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LineColumns {
    /// A new id.
    pub id: Vec<Uuid>,
    /// The id in [`OrderColumns::id`].
    pub order_id: Vec<Uuid>,
    /// The place within its order, from 1.
    pub position: Vec<i32>,
    /// How many.
    pub quantity: Vec<i32>,
    /// What.
    pub name: Vec<String>,
    /// The price of one in minor units.
    pub price: Vec<i64>,
    /// The stock number.
    pub sku: Vec<Option<String>>,
}

impl Columns {
    /// Lays out `orders`; `new_id` is called once for each row of each table.
    pub fn new(orders: &[Order], mut new_id: impl FnMut() -> Uuid) -> Self {
        let mut columns = Self::default();
        let mut known = HashMap::new();
        let mut by_time: Vec<&Order> = orders.iter().collect();
        by_time.sort_by_key(|order| order.created_at);
        for order in by_time {
            if let Some(email) = customer_email(order) {
                columns
                    .customers
                    .merge(email, order, &mut known, &mut new_id);
            }
        }
        for order in orders {
            let order_id = new_id();
            columns.orders.push(order_id, order);
            columns.lines.extend(order_id, order, &mut new_id);
        }
        columns
    }
}

/// Two spellings of an address that differ in case reach one customer.
fn customer_email(order: &Order) -> Option<String> {
    order.email.as_deref().map(str::to_lowercase)
}

impl CustomerColumns {
    fn merge(
        &mut self,
        email: String,
        order: &Order,
        known: &mut HashMap<String, usize>,
        new_id: &mut impl FnMut() -> Uuid,
    ) {
        let index = *known.entry(email).or_insert_with_key(|email| {
            self.id.push(new_id());
            self.email.push(email.clone());
            self.name.push(None);
            self.phone.push(None);
            self.id.len() - 1
        });
        if order.customer_name.is_some() {
            self.name[index].clone_from(&order.customer_name);
        }
        if order.phone.is_some() {
            self.phone[index].clone_from(&order.phone);
        }
    }
}

impl OrderColumns {
    fn push(&mut self, id: Uuid, order: &Order) {
        self.id.push(id);
        self.shopify_id.push(order.id);
        self.name.push(order.name.clone());
        self.customer_email.push(customer_email(order));
        self.financial_status.push(order.financial_status.as_str());
        self.fulfillment_status
            .push(order.fulfillment_status.as_str());
        self.created_at.push(order.created_at);
        self.paid_at.push(order.paid_at);
        self.fulfilled_at.push(order.fulfilled_at);
        self.cancelled_at.push(order.cancelled_at);
        self.currency.push(order.currency.to_string());
        self.subtotal.push(order.subtotal);
        self.shipping.push(order.shipping);
        self.taxes.push(order.taxes);
        self.total.push(order.total);
        self.refunded.push(order.refunded);
        self.discount_code.push(order.discount_code.clone());
        self.discount_amount.push(order.discount_amount);
        self.shipping_method.push(order.shipping_method.clone());
        self.notes.push(order.notes.clone());
        self.tags.push(order.tags.join(", "));
    }
}

impl LineColumns {
    /// The lines of one order, whose row is `order_id`.
    pub fn of(order_id: Uuid, order: &Order, mut new_id: impl FnMut() -> Uuid) -> LineColumns {
        let mut columns = LineColumns::default();
        columns.extend(order_id, order, &mut new_id);
        columns
    }

    fn extend(&mut self, order_id: Uuid, order: &Order, new_id: &mut impl FnMut() -> Uuid) {
        for (position, line) in (1..).zip(&order.line_items) {
            self.id.push(new_id());
            self.order_id.push(order_id);
            self.position.push(position);
            self.quantity.push(line.quantity);
            self.name.push(line.name.clone());
            self.price.push(line.price);
            self.sku.push(line.sku.clone());
        }
    }
}
