//! What Shopify's webhooks carry: the records of the REST Admin API.
//!
//! Which record it is stands in the body (`admin_graphql_api_id`), which is signed; the topic is a
//! header, which is not.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::record::{RecordError, read};

use super::{Currency, FinancialStatus, FulfillmentStatus, LineItem, Order};

/// A record of Shopify's.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// An order as it is now: made, changed, paid, cancelled or refunded.
    Order(Box<OrderRecord>),
    /// A customer as they are now.
    Customer(CustomerRecord),
    /// One refund.
    Refund(RefundRecord),
}

/// An order, and the records within it.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRecord {
    /// The order. What was paid back is the sum of [`refunds`](Self::refunds).
    pub order: Order,
    /// When Shopify last changed it.
    pub updated_at: DateTime<Utc>,
    /// Whose it is, where Shopify knows.
    pub customer: Option<CustomerRecord>,
    /// Its refunds so far.
    pub refunds: Vec<RefundRecord>,
}

/// A customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerRecord {
    /// Shopify's id.
    pub id: i64,
    /// The address in lower case.
    pub email: Option<String>,
    /// First and last name.
    pub name: Option<String>,
    /// The phone number.
    pub phone: Option<String>,
    /// When Shopify last changed it.
    pub updated_at: DateTime<Utc>,
}

/// A refund. Its amount is in minor units of its currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundRecord {
    /// Shopify's id.
    pub id: i64,
    /// Shopify's id of the order.
    pub order_id: i64,
    /// What was paid back.
    pub amount: i64,
    /// In which currency.
    pub currency: Currency,
    /// When.
    pub at: DateTime<Utc>,
}

impl Event {
    /// The record in `body`.
    ///
    /// # Errors
    /// When it is not an order, a customer or a refund as Shopify documents them.
    pub fn read(body: &[u8]) -> Result<Event, RecordError> {
        let tagged: Tagged = serde_json::from_slice(body)?;
        let record = tagged.admin_graphql_api_id.strip_prefix("gid://shopify/");
        let (kind, id) = record
            .and_then(|record| record.split_once('/'))
            .ok_or(RecordError::Kind)?;
        if id.parse() != Ok(tagged.id) {
            return Err(RecordError::Field("admin_graphql_api_id"));
        }
        match kind {
            "Order" => read::<RawOrder>(body)?
                .read()
                .map(|order| Event::Order(Box::new(order))),
            "Customer" => Ok(Event::Customer(read::<RawCustomer>(body)?.read())),
            "Refund" => read::<RawRefund>(body)?.read(None).map(Event::Refund),
            _ => Err(RecordError::Kind),
        }
    }
}

#[derive(Deserialize)]
struct Tagged {
    id: i64,
    admin_graphql_api_id: String,
}

#[derive(Deserialize)]
struct RawOrder {
    id: i64,
    name: String,
    email: Option<String>,
    phone: Option<String>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    cancelled_at: Option<DateTime<Utc>>,
    currency: String,
    subtotal_price: String,
    total_tax: String,
    total_price: String,
    total_discounts: String,
    financial_status: Option<String>,
    fulfillment_status: Option<String>,
    note: Option<String>,
    #[serde(default)]
    tags: String,
    #[serde(default)]
    discount_codes: Vec<RawDiscount>,
    #[serde(default)]
    shipping_lines: Vec<RawShipping>,
    #[serde(default)]
    fulfillments: Vec<RawFulfillment>,
    #[serde(default)]
    refunds: Vec<RawRefund>,
    line_items: Vec<RawLine>,
    customer: Option<RawCustomer>,
    billing_address: Option<RawAddress>,
    shipping_address: Option<RawAddress>,
}

#[derive(Deserialize)]
struct RawDiscount {
    code: String,
}

#[derive(Deserialize)]
struct RawShipping {
    title: Option<String>,
    price: String,
}

#[derive(Deserialize)]
struct RawFulfillment {
    created_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct RawLine {
    name: String,
    quantity: i32,
    price: String,
    sku: Option<String>,
}

#[derive(Deserialize)]
struct RawAddress {
    name: Option<String>,
    phone: Option<String>,
}

#[derive(Deserialize)]
struct RawCustomer {
    id: i64,
    email: Option<String>,
    phone: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    updated_at: DateTime<Utc>,
}

#[derive(Deserialize)]
struct RawRefund {
    id: i64,
    order_id: i64,
    created_at: DateTime<Utc>,
    #[serde(default)]
    transactions: Vec<RawTransaction>,
}

#[derive(Deserialize)]
struct RawTransaction {
    kind: String,
    status: String,
    amount: String,
    currency: String,
}

impl RawOrder {
    fn read(self) -> Result<OrderRecord, RecordError> {
        let currency = Currency::new(&self.currency).ok_or(RecordError::Field("currency"))?;
        let amount = |text: &str, field| amount(currency, text, field);
        let shipping = self.shipping_lines.iter().try_fold(0_i64, |sum, line| {
            sum.checked_add(amount(&line.price, "shipping_lines.price")?)
                .ok_or(RecordError::Field("shipping_lines.price"))
        })?;
        let refunds: Vec<RefundRecord> = self
            .refunds
            .into_iter()
            .map(|refund| refund.read(Some(currency)))
            .collect::<Result<_, _>>()?;
        let lines = self.line_items.into_iter().filter(|line| line.quantity > 0);
        let line_items = lines
            .map(|line| {
                Ok(LineItem {
                    quantity: line.quantity,
                    price: amount(&line.price, "line_items.price")?,
                    name: line.name,
                    sku: line.sku.filter(|sku| !sku.is_empty()),
                })
            })
            .collect::<Result<_, RecordError>>()?;
        let financial_status = self.financial_status.as_deref().unwrap_or("pending");
        let fulfillment_status = self.fulfillment_status.as_deref().unwrap_or_default();
        let fulfillment_status = FulfillmentStatus::parse(fulfillment_status)
            .ok_or(RecordError::Field("fulfillment_status"))?;
        let sent = self.fulfillments.iter().map(|sent| sent.created_at).max();
        let addresses = [&self.billing_address, &self.shipping_address];
        let addresses = || addresses.into_iter().flatten();
        let order = Order {
            id: self.id,
            email: self.email.as_deref().and_then(email),
            customer_name: addresses().find_map(|address| address.name.clone()),
            phone: self
                .phone
                .or_else(|| addresses().find_map(|address| address.phone.clone())),
            financial_status: FinancialStatus::parse(financial_status)
                .ok_or(RecordError::Field("financial_status"))?,
            fulfillment_status,
            created_at: self.created_at,
            paid_at: (financial_status == "paid").then_some(self.updated_at),
            fulfilled_at: sent.filter(|_| fulfillment_status == FulfillmentStatus::Fulfilled),
            cancelled_at: self.cancelled_at,
            currency,
            subtotal: amount(&self.subtotal_price, "subtotal_price")?,
            shipping,
            taxes: amount(&self.total_tax, "total_tax")?,
            total: amount(&self.total_price, "total_price")?,
            refunded: total(&refunds, currency)?,
            discount_code: self.discount_codes.into_iter().next().map(|it| it.code),
            discount_amount: amount(&self.total_discounts, "total_discounts")?,
            shipping_method: self.shipping_lines.into_iter().find_map(|line| line.title),
            notes: self.note.filter(|note| !note.is_empty()),
            tags: tags(&self.tags),
            name: self.name,
            line_items,
        };
        Ok(OrderRecord {
            order,
            updated_at: self.updated_at,
            customer: self.customer.map(RawCustomer::read),
            refunds,
        })
    }
}

impl RawCustomer {
    fn read(self) -> CustomerRecord {
        let names = [self.first_name, self.last_name];
        let names: Vec<String> = names.into_iter().flatten().collect();
        let name = names.join(" ").trim().to_owned();
        CustomerRecord {
            id: self.id,
            email: self.email.as_deref().and_then(email),
            name: (!name.is_empty()).then_some(name),
            phone: self.phone.filter(|phone| !phone.is_empty()),
            updated_at: self.updated_at,
        }
    }
}

impl RawRefund {
    /// A refund that moved no money has no currency of its own: the order's, or none is known.
    fn read(self, order: Option<Currency>) -> Result<RefundRecord, RecordError> {
        let mut currency = None;
        let mut sum = 0_i64;
        for transaction in &self.transactions {
            let its = Currency::new(&transaction.currency);
            let its = its.ok_or(RecordError::Field("transactions.currency"))?;
            if *currency.get_or_insert(its) != its {
                return Err(RecordError::Field("transactions.currency"));
            }
            if transaction.kind == "refund" && transaction.status == "success" {
                sum = amount(its, &transaction.amount, "transactions.amount")?
                    .checked_add(sum)
                    .ok_or(RecordError::Field("transactions.amount"))?;
            }
        }
        Ok(RefundRecord {
            id: self.id,
            order_id: self.order_id,
            amount: sum,
            currency: currency
                .or(order)
                .ok_or(RecordError::Field("transactions"))?,
            at: self.created_at,
        })
    }
}

fn amount(currency: Currency, text: &str, field: &'static str) -> Result<i64, RecordError> {
    let units = currency.minor_units(text).ok();
    units
        .filter(|units| *units < 1 << 53)
        .ok_or(RecordError::Field(field))
}

/// What was paid back in the order's own currency.
fn total(refunds: &[RefundRecord], currency: Currency) -> Result<i64, RecordError> {
    refunds
        .iter()
        .filter(|refund| refund.currency == currency)
        .try_fold(0_i64, |sum, refund| sum.checked_add(refund.amount))
        .filter(|sum| *sum < 1 << 53)
        .ok_or(RecordError::Field("refunds"))
}

fn email(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_lowercase())
}

fn tags(text: &str) -> Vec<String> {
    let tags = text.split(',').map(str::trim);
    tags.filter(|tag| !tag.is_empty())
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn order() -> Value {
        json!({
            "id": 820982911946154508_i64,
            "admin_graphql_api_id": "gid://shopify/Order/820982911946154508",
            "name": "#9999",
            "email": "Jon@Example.com",
            "phone": null,
            "created_at": "2026-11-23T10:00:00-05:00",
            "updated_at": "2026-11-23T10:05:00-05:00",
            "cancelled_at": null,
            "currency": "JPY",
            "subtotal_price": "368",
            "total_tax": "0",
            "total_price": "388",
            "total_discounts": "20",
            "financial_status": "paid",
            "fulfillment_status": null,
            "note": "",
            "tags": "vip, gift",
            "discount_codes": [{ "code": "TAKE20", "amount": "20", "type": "fixed_amount" }],
            "shipping_lines": [{ "title": "Standard", "price": "20" }],
            "line_items": [
                { "name": "Mug", "quantity": 2, "price": "184", "sku": "" },
                { "name": "Gone", "quantity": 0, "price": "1", "sku": null },
            ],
            "customer": {
                "id": 7, "email": "jon@example.com", "first_name": "Jon", "last_name": null,
                "phone": null, "updated_at": "2026-11-23T15:05:00Z",
            },
            "billing_address": { "name": "Jon Doe", "phone": "+1" },
            "refunds": [{
                "id": 5, "order_id": 820982911946154508_i64,
                "created_at": "2026-11-23T15:04:00Z",
                "transactions": [
                    { "kind": "refund", "status": "success", "amount": "100", "currency": "JPY" },
                    { "kind": "refund", "status": "failure", "amount": "1", "currency": "JPY" },
                ],
            }],
        })
    }

    fn read(value: &Value) -> Result<Event, RecordError> {
        Event::read(value.to_string().as_bytes())
    }

    #[test]
    fn an_order_carries_its_customer_its_lines_and_its_refunds() {
        let Event::Order(record) = read(&order()).unwrap() else {
            panic!("an order")
        };
        let order = &record.order;
        assert_eq!(order.email.as_deref(), Some("jon@example.com"));
        assert_eq!(
            (order.total, order.shipping, order.refunded),
            (388, 20, 100)
        );
        assert_eq!(order.tags, ["vip", "gift"]);
        assert_eq!(order.line_items.len(), 1);
        assert_eq!(order.paid_at, Some(record.updated_at));
        assert_eq!(
            record.customer.as_ref().unwrap().name.as_deref(),
            Some("Jon")
        );
        assert_eq!(record.refunds[0].amount, 100);
    }

    #[test]
    fn a_refund_in_another_currency_is_its_own_and_not_the_orders() {
        let mut value = order();
        value["refunds"][0]["transactions"] = json!([
            { "kind": "refund", "status": "success", "amount": "1.50", "currency": "EUR" },
        ]);
        let Event::Order(record) = read(&value).unwrap() else {
            panic!("an order")
        };
        let refund = &record.refunds[0];
        assert_eq!((refund.amount, refund.currency.as_str()), (150, "EUR"));
        assert_eq!(record.order.refunded, 0);
    }

    #[test]
    fn the_body_says_what_it_is() {
        let mut customer = order()["customer"].clone();
        assert!(matches!(read(&customer), Err(RecordError::Shape { .. })));
        customer["admin_graphql_api_id"] = json!("gid://shopify/Customer/7");
        assert!(matches!(read(&customer), Ok(Event::Customer(_))));
        customer["admin_graphql_api_id"] = json!("gid://shopify/Customer/8");
        let other = RecordError::Field("admin_graphql_api_id");
        assert_eq!(read(&customer), Err(other));
        customer["admin_graphql_api_id"] = json!("gid://shopify/Product/7");
        assert_eq!(read(&customer), Err(RecordError::Kind));
    }

    #[test]
    fn what_is_not_as_documented_is_named_without_its_value() {
        for (field, value) in [
            ("currency", json!("yen")),
            ("total_price", json!("-1")),
            ("total_price", json!("9007199254740992")),
            ("subtotal_price", json!("1e3")),
            ("financial_status", json!("gift")),
            ("fulfillment_status", json!("gift")),
        ] {
            let mut order = order();
            order[field] = value;
            assert_eq!(read(&order), Err(RecordError::Field(field)));
        }
        for value in [json!("ada@example.com"), json!(null), json!(1e300)] {
            let mut order = order();
            order["line_items"] = value;
            let error = read(&order).unwrap_err();
            assert!(matches!(error, RecordError::Shape { .. }));
            assert!(!error.to_string().contains("ada"));
        }
        assert!(Event::read(b"\xff").is_err());
    }
}
