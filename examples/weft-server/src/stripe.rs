//! What Stripe's webhooks carry of payments and subscriptions.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::{
    record::{self, RecordError},
    shopify::Currency,
};

/// A change that an event tells of.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Of a payment.
    Payment(Payment),
    /// Of a subscription.
    Subscription(Subscription),
}

/// A payment as it was when the event was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Payment {
    /// Stripe's id of the payment intent.
    pub id: String,
    /// Stripe's id of the customer.
    pub customer: Option<String>,
    /// In Stripe's words; `refunded` once something was paid back.
    pub status: String,
    /// In minor units of the currency.
    pub amount: i64,
    /// What was paid back, likewise.
    pub refunded: i64,
    /// The currency.
    pub currency: Currency,
    /// Its place in the order of events.
    pub version: i64,
}

/// A subscription as it was when the event was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Subscription {
    /// Stripe's id.
    pub id: String,
    /// Stripe's id of the customer.
    pub customer: Option<String>,
    /// In Stripe's words.
    pub status: String,
    /// Stripe's id of the first price.
    pub price: Option<String>,
    /// Whether it ends with the period.
    pub cancel_at_period_end: bool,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// Its place in the order of events.
    pub version: i64,
}

impl Event {
    /// The change in `body`.
    ///
    /// # Errors
    /// When it is not an event of a payment intent, a charge's refund or a subscription as Stripe
    /// documents them.
    pub fn read(body: &[u8]) -> Result<Event, RecordError> {
        let tagged: Tagged = serde_json::from_slice(body)?;
        if !(0..=MOST_SECONDS).contains(&tagged.created) {
            return Err(RecordError::Field("created"));
        }
        let rank = rank(&tagged.kind).ok_or(RecordError::Kind)?;
        // Events of one second come in any order: the end of a thing outranks its beginning.
        let version = tagged.created * RANKS + rank;
        if tagged.kind.starts_with("customer.subscription.") {
            let Envelope { data } = record::read::<Envelope<RawSubscription>>(body)?;
            data.object.read(version).map(Event::Subscription)
        } else if tagged.kind == "charge.refunded" {
            let Envelope { data } = record::read::<Envelope<RawCharge>>(body)?;
            data.object.read(version).map(Event::Payment)
        } else {
            let Envelope { data } = record::read::<Envelope<RawIntent>>(body)?;
            data.object.read(version).map(Event::Payment)
        }
    }
}

const RANKS: i64 = 4;
const MOST_SECONDS: i64 = 1 << 40;

fn rank(kind: &str) -> Option<i64> {
    match kind {
        "payment_intent.created" | "customer.subscription.created" => Some(0),
        "payment_intent.processing"
        | "payment_intent.requires_action"
        | "payment_intent.payment_failed"
        | "payment_intent.amount_capturable_updated"
        | "customer.subscription.updated"
        | "customer.subscription.paused"
        | "customer.subscription.resumed" => Some(1),
        "payment_intent.succeeded" | "payment_intent.canceled" => Some(2),
        "charge.refunded" | "customer.subscription.deleted" => Some(3),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Tagged {
    #[serde(rename = "type")]
    kind: String,
    created: i64,
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: Data<T>,
}

#[derive(Deserialize)]
struct Data<T> {
    object: T,
}

#[derive(Deserialize)]
struct RawIntent {
    id: String,
    customer: Option<String>,
    status: String,
    amount: i64,
    currency: String,
}

#[derive(Deserialize)]
struct RawCharge {
    payment_intent: Option<String>,
    customer: Option<String>,
    amount: i64,
    amount_refunded: i64,
    currency: String,
}

#[derive(Deserialize)]
struct RawSubscription {
    id: String,
    customer: Option<String>,
    status: String,
    #[serde(default)]
    cancel_at_period_end: bool,
    ended_at: Option<i64>,
    items: Option<Items>,
}

#[derive(Deserialize)]
struct Items {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    price: Option<Price>,
}

#[derive(Deserialize)]
struct Price {
    id: String,
}

impl RawIntent {
    fn read(self, version: i64) -> Result<Payment, RecordError> {
        Ok(Payment {
            id: self.id,
            customer: self.customer,
            status: self.status,
            amount: amount(self.amount, "amount")?,
            refunded: 0,
            currency: currency(&self.currency)?,
            version,
        })
    }
}

impl RawCharge {
    fn read(self, version: i64) -> Result<Payment, RecordError> {
        Ok(Payment {
            id: self
                .payment_intent
                .ok_or(RecordError::Field("payment_intent"))?,
            customer: self.customer,
            status: "refunded".to_owned(),
            amount: amount(self.amount, "amount")?,
            refunded: amount(self.amount_refunded, "amount_refunded")?,
            currency: currency(&self.currency)?,
            version,
        })
    }
}

impl RawSubscription {
    fn read(self, version: i64) -> Result<Subscription, RecordError> {
        let ended_at = self.ended_at.map(|seconds| {
            DateTime::from_timestamp(seconds, 0)
                .filter(|_| (0..=MOST_SECONDS).contains(&seconds))
                .ok_or(RecordError::Field("ended_at"))
        });
        let items = self.items.map(|items| items.data).unwrap_or_default();
        Ok(Subscription {
            id: self.id,
            customer: self.customer,
            status: self.status,
            price: items
                .into_iter()
                .find_map(|item| item.price)
                .map(|it| it.id),
            cancel_at_period_end: self.cancel_at_period_end,
            ended_at: ended_at.transpose()?,
            version,
        })
    }
}

fn amount(units: i64, field: &'static str) -> Result<i64, RecordError> {
    match (0..1 << 53).contains(&units) {
        true => Ok(units),
        false => Err(RecordError::Field(field)),
    }
}

fn currency(code: &str) -> Result<Currency, RecordError> {
    Currency::new(&code.to_uppercase()).ok_or(RecordError::Field("currency"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(kind: &str, created: i64, object: &Value) -> Result<Event, RecordError> {
        let event = json!({ "type": kind, "created": created, "data": { "object": object } });
        Event::read(event.to_string().as_bytes())
    }

    fn intent(status: &str) -> Value {
        json!({ "id": "pi_1", "customer": null, "status": status, "amount": 500, "currency": "eur" })
    }

    fn version(event: Result<Event, RecordError>) -> i64 {
        match event.unwrap() {
            Event::Payment(payment) => payment.version,
            Event::Subscription(subscription) => subscription.version,
        }
    }

    #[test]
    fn within_a_second_the_end_outranks_the_beginning() {
        let made = version(read("payment_intent.created", 100, &intent("processing")));
        let paid = version(read("payment_intent.succeeded", 100, &intent("succeeded")));
        let next = version(read("payment_intent.created", 101, &intent("processing")));
        assert!(made < paid && paid < next);
    }

    #[test]
    fn a_refund_is_of_the_payment() {
        let charge = json!({
            "id": "ch_1", "payment_intent": "pi_1", "customer": "cus_1", "amount": 500,
            "amount_refunded": 200, "currency": "eur",
        });
        let Event::Payment(payment) = read("charge.refunded", 100, &charge).unwrap() else {
            panic!("a payment")
        };
        assert_eq!((payment.id.as_str(), payment.refunded), ("pi_1", 200));
        assert_eq!(payment.currency.as_str(), "EUR");
    }

    #[test]
    fn what_is_not_as_documented_is_named_without_its_value() {
        let with = |field: &str, value: Value| {
            let mut object = intent("succeeded");
            object[field] = value;
            read("payment_intent.succeeded", 100, &object).unwrap_err()
        };
        assert_eq!(with("amount", json!(-1)), RecordError::Field("amount"));
        assert_eq!(with("currency", json!("x")), RecordError::Field("currency"));
        assert!(matches!(with("id", json!(7)), RecordError::Shape { .. }));
        for created in [i64::MIN, -1, i64::MAX] {
            let error = read("payment_intent.succeeded", created, &intent("succeeded"));
            assert_eq!(error, Err(RecordError::Field("created")));
        }
        assert_eq!(read("invoice.paid", 1, &json!({})), Err(RecordError::Kind));
        assert!(Event::read(b"[]").is_err());
    }
}
