//! What a delivery becomes: rows within the scope of its endpoint.
//!
//! Everything here reads the signed body alone, and may run again: a record is only replaced by a
//! later one of its sender's.

mod shopify;
mod slack;
mod stripe;

use std::fmt;

use serde_json::Value;

use crate::{roads::OrgConnection, value::Provider};

/// Why a delivery has no effect.
#[derive(Debug)]
pub(crate) enum EffectError {
    /// The body is none that has one, however often it is tried.
    Unreadable(String),
    /// The database gave an error; another try may go well.
    Database(diesel::result::Error),
}

/// Applies `body` within the scope of `conn`, and says what to answer where the sender reads it.
pub(crate) async fn apply(
    conn: &mut OrgConnection,
    provider: Provider,
    body: &[u8],
) -> Result<Option<Value>, EffectError> {
    match provider {
        Provider::Shopify => shopify::apply(conn, body).await.map(|()| None),
        Provider::Stripe => stripe::apply(conn, body).await.map(|()| None),
        Provider::Slack => slack::apply(conn, body).await,
        // Kept as they came, for those who will read them.
        Provider::Workos | Provider::Stalwart => Ok(None),
    }
}

/// What to answer a copy of `body`, whose sender may not have read the first answer.
pub(crate) fn again(provider: Provider, body: &[u8]) -> Option<Value> {
    match provider {
        Provider::Slack => slack::again(body),
        Provider::Shopify | Provider::Stripe | Provider::Workos | Provider::Stalwart => None,
    }
}

impl EffectError {
    fn unreadable(error: impl fmt::Display) -> EffectError {
        EffectError::Unreadable(error.to_string())
    }
}

impl From<diesel::result::Error> for EffectError {
    fn from(error: diesel::result::Error) -> EffectError {
        EffectError::Database(error)
    }
}
