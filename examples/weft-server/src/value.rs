//! Values as the API takes them: parsed once, at the edge, and right ever after.

use std::{fmt, ops::Deref};

use chrono::{DateTime, TimeDelta, Utc};
use diesel::{
    deserialize::{self, FromSql, FromSqlRow},
    expression::AsExpression,
    pg::{Pg, PgValue},
    serialize::{self, Output, ToSql},
    sql_types::{BigInt, Binary, Integer, Text},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Value, json};

use weft_storage::FileName;

use crate::{
    attachments::LARGEST,
    describe::{Describe, Schemas},
};

/// One line of text, of `MIN` to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub struct Line<const MIN: usize, const MAX: usize>(String);

/// Text of one or more lines, of 1 to `MAX` characters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub struct Prose<const MAX: usize>(String);

/// An address on the web, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub struct WebUrl(String);

/// An email address in lower case.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub struct Email(String);

/// A currency by its three letters.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub struct CurrencyCode(String);

/// An amount of money in minor units, exact in every JSON reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = BigInt)]
pub struct Amount(i64);

/// How long an old secret stays in force beside a new one, in minutes.
#[derive(Debug, Clone, Copy)]
pub struct Overlap(i64);

/// How many bytes a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = BigInt)]
pub struct FileSize(i64);

/// What a file is called: of what came, that which is harmless in every place where names are shown.
#[derive(Debug, Clone, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Text)]
pub struct Named(String);

/// A SHA-256, in hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression, FromSqlRow)]
#[diesel(sql_type = Binary)]
pub struct Checksum(pub [u8; 32]);

/// How many of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, AsExpression)]
#[diesel(sql_type = Integer)]
pub struct Quantity(i32);

impl<const MIN: usize, const MAX: usize> Line<MIN, MAX> {
    /// The line in `text`.
    ///
    /// # Errors
    /// When it is too short or too long, blank, or has control characters.
    pub fn new(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if length < MIN || length > MAX {
            return Err(format!("a text of {MIN} to {MAX} characters is needed"));
        }
        if text.chars().any(char::is_control) {
            return Err("control characters are not allowed here".to_owned());
        }
        if MIN > 0 && text.trim().is_empty() {
            return Err("a blank text is not allowed here".to_owned());
        }
        Ok(Line(text))
    }
}

impl<const MAX: usize> Prose<MAX> {
    /// The text in `text`.
    ///
    /// # Errors
    /// When it is blank or too long, or has control characters other than ends of lines and tabs.
    pub fn new(text: String) -> Result<Self, String> {
        if text.trim().is_empty() || text.chars().count() > MAX {
            return Err(format!("a text of 1 to {MAX} characters is needed"));
        }
        let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        match text.chars().all(printable) {
            true => Ok(Prose(text)),
            false => Err("control characters are not allowed here".to_owned()),
        }
    }
}

impl WebUrl {
    /// That address. Whether anything may go there is judged before it is kept.
    pub(crate) fn new(text: String) -> WebUrl {
        WebUrl(text)
    }
}

impl Email {
    /// The address in `text`.
    ///
    /// # Errors
    /// When it does not look like one. Whether mail arrives there only mail can tell.
    pub fn new(text: &str) -> Result<Self, String> {
        let fits = text.len() <= 254
            && text.chars().all(|c| !c.is_control() && !c.is_whitespace())
            && text.split_once('@').is_some_and(|(user, host)| {
                !user.is_empty()
                    && host.contains('.')
                    && !host.contains('@')
                    && host.split('.').all(|label| !label.is_empty())
            });
        match fits {
            true => Ok(Email(text.to_lowercase())),
            false => Err("an email address is needed".to_owned()),
        }
    }
}

impl CurrencyCode {
    fn new(text: String) -> Result<Self, String> {
        match text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase()) {
            true => Ok(CurrencyCode(text)),
            false => Err("a currency code of three capital letters is needed".to_owned()),
        }
    }
}

impl Amount {
    fn new(units: i64) -> Result<Self, String> {
        match (0..=MOST).contains(&units) {
            true => Ok(Amount(units)),
            false => Err(format!("an amount of 0 to {MOST} minor units is needed")),
        }
    }
}

impl Overlap {
    /// When an overlap that begins now ends: after a day, unless told.
    pub fn end(overlap: Option<Overlap>) -> DateTime<Utc> {
        Utc::now() + TimeDelta::minutes(overlap.unwrap_or_default().minutes())
    }

    /// How many minutes.
    pub(crate) fn minutes(self) -> i64 {
        self.0
    }
}

impl Default for Overlap {
    fn default() -> Overlap {
        Overlap(DAY)
    }
}

const DAY: i64 = 24 * 60;
const WEEK: i64 = 7 * DAY;

impl<'de> Deserialize<'de> for Overlap {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match i64::deserialize(from)? {
            minutes @ 0..=WEEK => Ok(Overlap(minutes)),
            _ => Err(D::Error::custom(
                "an overlap of 0 to 10080 minutes is needed",
            )),
        }
    }
}

impl Describe for Overlap {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "integer", "minimum": 0, "maximum": WEEK, "default": DAY })
    }
}

impl Quantity {
    fn new(count: i32) -> Result<Self, String> {
        match (1..=1_000_000).contains(&count) {
            true => Ok(Quantity(count)),
            false => Err("a quantity of 1 to 1000000 is needed".to_owned()),
        }
    }
}

impl FileSize {
    /// That many.
    ///
    /// # Errors
    /// When that is none, or more than a file may have.
    pub fn new(bytes: i64) -> Result<Self, String> {
        match (1..=LARGEST).contains(&bytes) {
            true => Ok(FileSize(bytes)),
            false => Err(format!("a size of 1 to {LARGEST} bytes is needed")),
        }
    }

    /// The bytes.
    pub fn bytes(self) -> i64 {
        self.0
    }
}

impl Named {
    /// What is left of `text`, which may be anything.
    pub fn tidied(text: &str) -> Named {
        Named(FileName::tidied(text).to_string())
    }

    /// The same of a name that somebody gave.
    ///
    /// # Errors
    /// When that is no line of 1 to 1000 characters.
    pub fn new(text: &str) -> Result<Named, String> {
        match Line::<1, 1000>::new(text.to_owned()) {
            Ok(line) => Ok(Named::tidied(&line)),
            Err(problem) => Err(problem),
        }
    }
}

impl Checksum {
    fn new(text: &str) -> Option<Checksum> {
        let plain = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
        if text.len() != 64 || !text.bytes().all(plain) {
            return None;
        }
        let mut bytes = [0; 32];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).ok()?;
        }
        Some(Checksum(bytes))
    }
}

impl<'de> Deserialize<'de> for Checksum {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let needed = || D::Error::custom("a SHA-256 of 64 hexadecimal digits is needed");
        Checksum::new(&text).ok_or_else(needed)
    }
}

impl fmt::Display for Checksum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Serialize for Checksum {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl ToSql<Binary, Pg> for Checksum {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <[u8] as ToSql<Binary, Pg>>::to_sql(&self.0, out)
    }
}

impl FromSql<Binary, Pg> for Checksum {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let bytes = <Vec<u8> as FromSql<Binary, Pg>>::from_sql(value)?;
        let bytes = bytes.try_into();
        Ok(Checksum(bytes.map_err(|_| "no SHA-256 of 32 bytes")?))
    }
}

impl Describe for Checksum {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "string", "pattern": "^[0-9a-f]{64}$" })
    }
}

/// Integers up to here are exact in every JSON reader.
const MOST: i64 = (1 << 53) - 1;

macro_rules! text {
    ($([$($generics:tt)*] $name:ty, |$text:ident| $new:expr, $schema:expr;)*) => {$(
        impl<'de, $($generics)*> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let $text = String::deserialize(from)?;
                $new.map_err(D::Error::custom)
            }
        }

        impl<$($generics)*> ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(&self.0, out)
            }
        }

        impl<$($generics)*> Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl<$($generics)*> Describe for $name {
            fn describe(_: &mut Schemas) -> Value {
                $schema
            }
        }
    )*};
}

text! {
    [const MIN: usize, const MAX: usize] Line<MIN, MAX>, |text| Line::new(text),
        json!({ "type": "string", "minLength": MIN, "maxLength": MAX });
    [const MAX: usize] Prose<MAX>, |text| Prose::new(text),
        json!({ "type": "string", "minLength": 1, "maxLength": MAX });
    [] WebUrl, |text| Ok::<_, String>(WebUrl::new(text)),
        json!({ "type": "string", "format": "uri", "maxLength": 2048 });
    [] Named, |text| Named::new(&text),
        json!({ "type": "string", "minLength": 1, "maxLength": 1000 });
    [] Email, |text| Email::new(&text),
        json!({ "type": "string", "format": "email", "maxLength": 254 });
    [] CurrencyCode, |text| CurrencyCode::new(text),
        json!({ "type": "string", "pattern": "^[A-Z]{3}$" });
}

macro_rules! number {
    ($($name:ident($inner:ty) as $sql:ty, $schema:expr;)*) => {$(
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $name::new(<$inner>::deserialize(from)?).map_err(D::Error::custom)
            }
        }

        impl ToSql<$sql, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <$inner as ToSql<$sql, Pg>>::to_sql(&self.0, &mut out.reborrow())
            }
        }

        impl Describe for $name {
            fn describe(_: &mut Schemas) -> Value {
                $schema
            }
        }
    )*};
}

number! {
    Amount(i64) as BigInt, json!({
        "type": "integer", "minimum": 0, "maximum": MOST,
        "description": "Minor units of the currency",
    });
    FileSize(i64) as BigInt, json!({ "type": "integer", "minimum": 1, "maximum": LARGEST });
    Quantity(i32) as Integer, json!({ "type": "integer", "minimum": 1, "maximum": 1_000_000 });
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, AsExpression, FromSqlRow)]
        #[diesel(sql_type = Text)]
        pub enum $name {
            $($(#[$doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// Every one.
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// Its word.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }

            /// The one of that word.
            pub fn parse(word: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|it| it.as_str() == word)
            }
        }

        impl ToSql<Text, Pg> for $name {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
                <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
            }
        }

        impl FromSql<Text, Pg> for $name {
            fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
                let word = <String as FromSql<Text, Pg>>::from_sql(value)?;
                let unknown = || format!("{word:?} is no {}", stringify!($name)).into();
                $name::parse(&word).ok_or_else(unknown)
            }
        }

        impl Describe for $name {
            fn describe(_: &mut Schemas) -> Value {
                json!({ "type": "string", "enum": [$($word),*] })
            }
        }
    };
}

words! {
    /// What a member may do.
    Role {
        /// Everything, members and shops included.
        Owner = "owner",
        /// The daily work.
        Member = "member",
    }
}

words! {
    /// Whether a conversation needs an answer.
    ConversationState {
        /// It does.
        Open = "open",
        /// It does not.
        Closed = "closed",
    }
}

words! {
    /// Which way a message went.
    Direction {
        /// From the customer.
        In = "in",
        /// To the customer.
        Out = "out",
        /// Nowhere: colleagues alone read it.
        Note = "note",
    }
}

words! {
    /// What a file may be called.
    FileType {
        /// An image.
        Png = "image/png",
        /// An image.
        Jpeg = "image/jpeg",
        /// An image.
        Gif = "image/gif",
        /// An image.
        Webp = "image/webp",
        /// An image, as phones take it.
        Heic = "image/heic",
        /// A document.
        Pdf = "application/pdf",
        /// A document of Word's.
        Word = "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        /// A workbook of Excel's.
        Excel = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        /// Text.
        Text = "text/plain",
        /// A table.
        Csv = "text/csv",
        /// Files packed together.
        Zip = "application/zip",
        /// Sound.
        Mp3 = "audio/mpeg",
        /// A film.
        Mp4 = "video/mp4",
        /// Anything, of which nothing is said.
        Other = "application/octet-stream",
    }
}

words! {
    /// How far a file is.
    AttachmentState {
        /// It may be sent.
        Expected = "expected",
        /// It is there, and is what it was said to be.
        Confirmed = "confirmed",
    }
}

words! {
    /// Which of a list come first.
    First {
        /// The oldest.
        Oldest = "oldest",
        /// The newest.
        Newest = "newest",
    }
}

words! {
    /// Who sends webhooks.
    Provider {
        /// WorkOS: sign-on and directories.
        Workos = "workos",
        /// Stalwart: mail.
        Stalwart = "stalwart",
        /// Slack: commands and events.
        Slack = "slack",
        /// Stripe: payments and subscriptions.
        Stripe = "stripe",
        /// Shopify: orders, refunds and customers.
        Shopify = "shopify",
    }
}

words! {
    /// What can happen, and be told of.
    EventType {
        /// An order is new.
        OrderCreated = "order.created",
        /// An order has changed.
        OrderUpdated = "order.updated",
        /// A conversation is new.
        ConversationCreated = "conversation.created",
        /// A conversation has changed.
        ConversationUpdated = "conversation.updated",
        /// A message was written.
        MessageCreated = "message.created",
    }
}

words! {
    /// Whether a subscription is told of anything.
    SubscriptionState {
        /// It is not.
        Off = "off",
        /// It is.
        On = "on",
    }
}

words! {
    /// How far a message to a subscription is.
    EventState {
        /// It is still to be sent.
        Pending = "pending",
        /// It was received.
        Delivered = "delivered",
        /// Nobody received it, and nobody tries any more.
        Failed = "failed",
    }
}

words! {
    /// How far a delivery is.
    DeliveryState {
        /// It is being worked on, or was when somebody stopped.
        Claimed = "claimed",
        /// It has had its effect.
        Done = "done",
        /// It has no effect; the failure says why.
        Failed = "failed",
    }
}

words! {
    /// What has been paid of an order, in Shopify's words.
    PaymentStatus {
        /// Reserved on the customer's card.
        Authorized = "authorized",
        /// The reservation ran out.
        Expired = "expired",
        /// Paid in full.
        Paid = "paid",
        /// Paid in part.
        PartiallyPaid = "partially_paid",
        /// Paid back in part.
        PartiallyRefunded = "partially_refunded",
        /// Awaiting the payment provider.
        Pending = "pending",
        /// Paid back in full.
        Refunded = "refunded",
        /// Not paid.
        Unpaid = "unpaid",
        /// Called off before it was paid.
        Voided = "voided",
    }
}

words! {
    /// What has been sent of an order, in Shopify's words.
    DeliveryStatus {
        /// Everything.
        Fulfilled = "fulfilled",
        /// Some line items.
        Partial = "partial",
        /// Sent, and back in stock.
        Restocked = "restocked",
        /// Nothing.
        Unfulfilled = "unfulfilled",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_a_length_and_no_control_characters() {
        assert!(serde_json::from_value::<Line<1, 3>>(json!("äöü")).is_ok());
        for bad in [
            json!(""),
            json!("abcd"),
            json!("a\u{0}"),
            json!("a\n"),
            json!("  "),
            json!(7),
        ] {
            assert!(
                serde_json::from_value::<Line<1, 3>>(bad.clone()).is_err(),
                "{bad}"
            );
        }
        assert!(serde_json::from_value::<Prose<9>>(json!("a\nb")).is_ok());
        assert!(serde_json::from_value::<Prose<9>>(json!("a\u{0}b")).is_err());
    }

    #[test]
    fn addresses_are_in_lower_case() {
        assert_eq!(&*Email::new("Ada@Example.com").unwrap(), "ada@example.com");
        for bad in ["", "a", "@b.c", "a@b", "a@b..c", "a b@c.d", "a@b@c.d"] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn money_is_whole_and_exact() {
        assert!(serde_json::from_value::<Amount>(json!(MOST)).is_ok());
        for bad in [json!(-1), json!(MOST + 1), json!(1.5), json!("1")] {
            assert!(
                serde_json::from_value::<Amount>(bad.clone()).is_err(),
                "{bad}"
            );
        }
    }

    #[test]
    fn shopifys_words_and_ours_are_the_same() {
        for status in crate::shopify::FinancialStatus::ALL {
            assert!(serde_json::from_value::<PaymentStatus>(json!(status.as_str())).is_ok());
        }
        for status in crate::shopify::FulfillmentStatus::ALL {
            assert!(serde_json::from_value::<DeliveryStatus>(json!(status.as_str())).is_ok());
        }
    }
}
