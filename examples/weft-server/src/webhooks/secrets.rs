//! The secrets of an endpoint or a subscription: an old and a new one at most, sealed each for its row.

use std::fmt;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use uuid::Uuid;
use weft_webhooks::{Scheme, Secret, Verifier, seal::Keyring};
use zeroize::Zeroizing;

use crate::{
    describe::{Describe, Schemas},
    error::Problem,
    keys,
    roads::OrgConnection,
    schema::webhook_secrets,
};

/// Whose secret it is.
#[derive(Debug, Clone, Copy)]
pub enum Holder {
    /// An endpoint, which checks with it.
    Endpoint(Uuid),
    /// A subscription, whose messages are signed with it.
    Subscription(Uuid),
}

/// The text of a secret, which is shown once at most.
pub struct SecretText(Zeroizing<String>);

impl Holder {
    /// Its id.
    pub fn id(self) -> Uuid {
        match self {
            Holder::Endpoint(id) | Holder::Subscription(id) => id,
        }
    }

    fn ids(self) -> (Option<Uuid>, Option<Uuid>) {
        match self {
            Holder::Endpoint(id) => (Some(id), None),
            Holder::Subscription(id) => (None, Some(id)),
        }
    }
}

impl SecretText {
    /// This, unless nothing was typed.
    pub(crate) fn unless_empty(self) -> Option<SecretText> {
        (!self.0.is_empty()).then_some(self)
    }

    /// That text, if a secret of that scheme can be written so.
    ///
    /// # Errors
    /// When it cannot.
    pub fn checked(self, scheme: Scheme) -> Result<SecretText, Problem> {
        if self.0.len() > LONGEST {
            return Err(Problem::unprocessable("a secret has at most 512 bytes"));
        }
        let fits = |text| Verifier::new(scheme, [Secret::new("new", text)?]);
        match fits(&self.0) {
            Ok(_) => Ok(self),
            Err(error) => Err(Problem::unprocessable(error.to_string())),
        }
    }

    /// A new one of 256 random bits, as Standard Webhooks writes them.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<SecretText, Problem> {
        let key = keys::random().map_err(|_| Problem::internal())?;
        Ok(SecretText(Zeroizing::new(format!("whsec_{}", *key))))
    }

    /// The text, to be shown this once.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// Adds a secret to what `holder` of `org` has, and says its id. The newest before it ends at `end`,
/// all others now.
///
/// # Errors
/// When the database does not go along, or the text cannot be sealed.
pub async fn add(
    conn: &mut OrgConnection,
    keys: &Keyring,
    org: Uuid,
    holder: Holder,
    text: &SecretText,
    end: DateTime<Utc>,
) -> Result<Uuid, Problem> {
    let now = Utc::now();
    let (endpoint, subscription) = holder.ids();
    let of_holder = || {
        webhook_secrets::table.filter(
            webhook_secrets::endpoint_id
                .eq(endpoint)
                .or(webhook_secrets::subscription_id.eq(subscription)),
        )
    };
    let before: Vec<(Uuid, Option<DateTime<Utc>>)> = of_holder()
        .select((webhook_secrets::id, webhook_secrets::not_after))
        .order((
            webhook_secrets::created_at.desc(),
            webhook_secrets::id.desc(),
        ))
        .load(conn)
        .await?;
    for (place, (id, not_after)) in before.into_iter().enumerate() {
        let end = if place == 0 { end } else { now };
        if not_after.is_none_or(|known| known > end) {
            diesel::update(of_holder().filter(webhook_secrets::id.eq(id)))
                .set(webhook_secrets::not_after.eq(end))
                .execute(conn)
                .await?;
        }
    }
    let id = Uuid::now_v7();
    let sealed = keys
        .seal(&text.0, &row(org, holder.id(), id))
        .map_err(|_| Problem::internal())?;
    diesel::insert_into(webhook_secrets::table)
        .values((
            webhook_secrets::id.eq(id),
            webhook_secrets::endpoint_id.eq(endpoint),
            webhook_secrets::subscription_id.eq(subscription),
            webhook_secrets::sealed.eq(sealed),
            webhook_secrets::created_at.eq(now),
        ))
        .execute(conn)
        .await?;
    Ok(id)
}

/// How many secrets are in force at once.
pub const SECRETS: usize = 2;

/// The longest secret, in bytes.
const LONGEST: usize = 512;

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(redacted)")
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| SecretText(Zeroizing::new(text)))
    }
}

impl Describe for SecretText {
    fn describe(_: &mut Schemas) -> Value {
        json!({ "type": "string", "format": "password", "writeOnly": true, "maxLength": LONGEST })
    }
}
/// Where a secret is kept: what is sealed for one row does not open in another.
pub(crate) fn row(org: Uuid, holder: Uuid, secret: Uuid) -> [u8; 48] {
    let mut row = [0; 48];
    for (part, id) in row.chunks_exact_mut(16).zip([org, holder, secret]) {
        part.copy_from_slice(id.as_bytes());
    }
    row
}
