use std::time::SystemTime;

use uuid::Uuid;

use super::grant::Grant;
use super::scope::{Scope, Scopes, UnknownScope};
use crate::{AccountId, ApiTokenId};

/// What a store keeps of an API token, besides its digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRecord {
    /// The id that its owner sees.
    pub id: ApiTokenId,
    /// Whose it is.
    pub account: AccountId,
    /// What of the account's it is for, where that has to be said: an organisation. Nothing of it is known
    /// here, so ask at each use whether the account still is a member.
    pub audience: Option<Uuid>,
    /// What its owner calls it.
    pub label: String,
    /// The names of its scopes, as [`Scopes`] writes them.
    pub scopes: String,
    /// When it was made.
    pub created_at: SystemTime,
    /// From when on it is not in force, if ever.
    pub expires_at: Option<SystemTime>,
    /// When it was last used, or up to a minute before.
    pub last_used_at: Option<SystemTime>,
}

impl ApiTokenRecord {
    /// What it may be used for, and when.
    ///
    /// # Errors
    /// When there is no scope of one of the names.
    pub fn grant<S: Scope>(&self) -> Result<Grant<S>, UnknownScope> {
        Ok(Grant {
            scopes: Scopes::parse(&self.scopes)?,
            created_at: self.created_at,
            expires_at: self.expires_at,
            last_used_at: self.last_used_at,
        })
    }
}
