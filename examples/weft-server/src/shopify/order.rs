use super::Currency;
use chrono::{DateTime, Utc};

/// One order with its line items. Amounts are minor units of [`currency`](Self::currency).
#[derive(Clone, Debug, PartialEq)]
pub struct Order {
    /// Shopify's id, unique over all shops.
    pub id: i64,
    /// The number people use, such as `#1001`: unique within its shop only.
    pub name: String,
    /// The customer's address; an order rung up at a till may have none.
    pub email: Option<String>,
    /// The name on the bill, else on the parcel.
    pub customer_name: Option<String>,
    /// The order's phone number, else the bill's.
    pub phone: Option<String>,
    /// What has been paid.
    pub financial_status: FinancialStatus,
    /// What has been sent.
    pub fulfillment_status: FulfillmentStatus,
    /// When it was placed.
    pub created_at: DateTime<Utc>,
    /// When it was paid.
    pub paid_at: Option<DateTime<Utc>>,
    /// When it was sent.
    pub fulfilled_at: Option<DateTime<Utc>>,
    /// When it was called off.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// The currency of every amount.
    pub currency: Currency,
    /// The line items, less the discount.
    pub subtotal: i64,
    /// The cost of shipping.
    pub shipping: i64,
    /// The taxes; whether prices include them is up to the shop.
    pub taxes: i64,
    /// What the customer owes.
    pub total: i64,
    /// What was paid back.
    pub refunded: i64,
    /// The code the customer entered.
    pub discount_code: Option<String>,
    /// What the code took off.
    pub discount_amount: i64,
    /// How it is sent.
    pub shipping_method: Option<String>,
    /// What the customer or the shop wrote, which may run over several lines.
    pub notes: Option<String>,
    /// The shop's labels.
    pub tags: Vec<String>,
    /// What was bought, never empty.
    pub line_items: Vec<LineItem>,
}

/// One product of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineItem {
    /// How many, at least one.
    pub quantity: i32,
    /// The product and its variant, as they were called on the day.
    pub name: String,
    /// The price of one, in minor units of the order's currency.
    pub price: i64,
    /// The shop's stock number.
    pub sku: Option<String>,
}

/// What has been paid of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinancialStatus {
    /// Reserved on the customer's card.
    Authorized,
    /// The reservation ran out.
    Expired,
    /// Paid in full.
    Paid,
    /// Paid in part.
    PartiallyPaid,
    /// Paid back in part.
    PartiallyRefunded,
    /// Awaiting the payment provider.
    Pending,
    /// Paid back in full.
    Refunded,
    /// Not paid.
    Unpaid,
    /// Called off before it was paid.
    Voided,
}

impl FinancialStatus {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Authorized,
        Self::Expired,
        Self::Paid,
        Self::PartiallyPaid,
        Self::PartiallyRefunded,
        Self::Pending,
        Self::Refunded,
        Self::Unpaid,
        Self::Voided,
    ];

    /// Shopify's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Expired => "expired",
            Self::Paid => "paid",
            Self::PartiallyPaid => "partially_paid",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Pending => "pending",
            Self::Refunded => "refunded",
            Self::Unpaid => "unpaid",
            Self::Voided => "voided",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// How far the money is: from its sender, to the shop, and back.
    fn progress(self) -> u8 {
        match self {
            Self::Pending | Self::Unpaid => 0,
            Self::Authorized => 1,
            Self::PartiallyPaid => 2,
            Self::Paid => 3,
            Self::PartiallyRefunded => 4,
            Self::Expired | Self::Refunded | Self::Voided => 5,
        }
    }

    /// The words for what is no further than this.
    pub(crate) fn up_to(self) -> Vec<&'static str> {
        let statuses = Self::ALL.into_iter();
        let before = statuses.filter(|status| status.progress() <= self.progress());
        before.map(Self::as_str).collect()
    }
}

/// What has been sent of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FulfillmentStatus {
    /// Everything.
    Fulfilled,
    /// Some line items.
    Partial,
    /// Sent, and back in stock.
    Restocked,
    /// Nothing; Shopify also leaves the cell empty.
    Unfulfilled,
}

impl FulfillmentStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [
        Self::Fulfilled,
        Self::Partial,
        Self::Restocked,
        Self::Unfulfilled,
    ];

    /// Shopify's word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fulfilled => "fulfilled",
            Self::Partial => "partial",
            Self::Restocked => "restocked",
            Self::Unfulfilled => "unfulfilled",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Unfulfilled);
        }
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }

    /// How far the goods are: from the shop, to the buyer, and back.
    fn progress(self) -> u8 {
        match self {
            Self::Unfulfilled => 0,
            Self::Partial => 1,
            Self::Fulfilled => 2,
            Self::Restocked => 3,
        }
    }

    /// The words for what is no further than this.
    pub(crate) fn up_to(self) -> Vec<&'static str> {
        let statuses = Self::ALL.into_iter();
        let before = statuses.filter(|status| status.progress() <= self.progress());
        before.map(Self::as_str).collect()
    }
}
