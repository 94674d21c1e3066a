use std::fmt;
use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::api::{ApiToken, Prefix};
use super::grant::{GrantRefusal, RECORDED_EVERY};
use super::record::ApiTokenRecord;
use super::rotation::RotationError;
use super::scope::{Scope, Scopes, UnknownScope};
use crate::store::{AccountState, AccountStore, ApiTokenStore, SessionStore, Store};
use crate::{AccountId, ApiTokenId, Error, SessionId};

/// The API tokens of a service, in a store.
///
/// ```
/// # #[cfg(feature = "testkit")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # weft_auth::testkit::Threads::block_on(async {
/// # use weft_auth::store::{Account, AccountState, AccountStore};
/// # use weft_auth::token::Scope;
/// # #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
/// # enum Orders { Read, Write }
/// # impl Scope for Orders {
/// #     const ALL: &'static [Orders] = &[Orders::Read, Orders::Write];
/// #     fn name(self) -> &'static str { ["orders:read", "orders:write"][self as usize] }
/// # }
/// use std::time::{Duration, SystemTime};
/// use weft_auth::testkit::Memory;
/// use weft_auth::token::{ApiToken, ApiTokens, New, Prefix, Scopes};
///
/// # let store = Memory::new();
/// # let owner = weft_auth::AccountId::generate()?;
/// # let account = Account { id: owner, mailbox: weft_auth::Mailbox::parse("ada@example.com")?,
/// #     password: None, state: AccountState::Active, second_factor: false, break_glass: false, epoch: 0 };
/// # store.create_account(&account).await?;
/// let tokens = ApiTokens::new(store, Prefix::new("weft")?);
/// let now = SystemTime::now();
/// let new = New {
///     account: owner,
///     audience: None, // or the organisation that it is for
///     session: None, // or the one in which it is made
///     label: "the importer",
///     scopes: &Scopes::new([Orders::Read]),
///     lifetime: Some(Duration::from_secs(90 * 24 * 60 * 60)),
/// };
/// let (id, token) = tokens.issue(new, now).await?; // `token.expose()`, shown once
///
/// // A request.
/// let token = tokens.parse(token.expose())?; // a 401, and nothing is looked up
/// let record = tokens.authorize(&token, Orders::Read, now).await?;
/// assert_eq!(record.account, owner);
/// assert!(tokens.authorize(&token, Orders::Write, now).await.is_err());
///
/// let (_, new) = tokens.rotate::<Orders>((owner, id), Duration::from_secs(3600), now).await?;
/// assert!(tokens.authorize(&new, Orders::Read, now).await.is_ok());
/// # Ok(()) })
/// # }
/// # #[cfg(not(feature = "testkit"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct ApiTokens<S> {
    store: S,
    prefix: Prefix,
    most: u16,
}

/// A token that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct New<'a, S: Scope> {
    /// Whose it is to be.
    pub account: AccountId,
    /// What of the account's it is for: an organisation.
    pub audience: Option<Uuid>,
    /// The session in which it is made, where it is made in one: once that is over, it makes none.
    pub session: Option<SessionId>,
    /// What its owner calls it.
    pub label: &'a str,
    /// What it may be used for, each of which whoever makes it has to have.
    pub scopes: &'a Scopes<S>,
    /// For how long, or for ever.
    pub lifetime: Option<Duration>,
}

/// Why there is no new token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoToken {
    /// There is no such account, it is suspended, or the session is over.
    Account,
    /// The account has as many for that audience as it may.
    TooMany,
    /// The account has no such token, or it has been rotated before or meanwhile.
    Unknown,
    /// What is stored has a scope that there is not.
    Scope,
    /// The rotation is not allowed.
    Rotation(RotationError),
    /// Its end would lie beyond what the clock can say.
    Time,
}

type Result<T, R, S> = std::result::Result<T, Error<R, <S as Store>::Error>>;
type Made = (ApiTokenId, ApiToken);

impl<S: ApiTokenStore + AccountStore + SessionStore> ApiTokens<S> {
    /// The tokens in `store`, which begin with that. An account has at most 50 for each audience, besides
    /// those that were rotated.
    pub fn new(store: S, prefix: Prefix) -> ApiTokens<S> {
        let most = 50;
        ApiTokens {
            store,
            prefix,
            most,
        }
    }

    /// The same with at most that many.
    #[must_use]
    pub fn with_most(self, most: u16) -> ApiTokens<S> {
        ApiTokens { most, ..self }
    }

    /// The token in `text`.
    ///
    /// # Errors
    /// When it is not written as one of this service's; nothing is looked up then.
    pub fn parse(&self, text: &str) -> std::result::Result<ApiToken, super::NotAToken> {
        ApiToken::parse(self.prefix, text)
    }

    /// Makes a token. [`Login::make_api_token`](crate::login::Login::make_api_token) does so for who is
    /// signed in, and tells of it.
    ///
    /// # Errors
    /// When the account is not there or suspended or has as many as it may, the session is over, the system
    /// has no randomness, or the store fails.
    pub async fn issue<C: Scope>(
        &self,
        new: New<'_, C>,
        now: SystemTime,
    ) -> Result<Made, NoToken, S> {
        let end = new
            .lifetime
            .map(|lifetime| now.checked_add(lifetime).ok_or(NoToken::Time));
        let record = ApiTokenRecord {
            id: ApiTokenId::generate()?,
            account: new.account,
            audience: new.audience,
            label: new.label.to_owned(),
            scopes: new.scopes.to_string(),
            created_at: now,
            expires_at: end.transpose().map_err(Error::Refused)?,
            last_used_at: None,
        };
        let token = ApiToken::generate(self.prefix)?;
        let digest = token.digest();
        let issued = self
            .store
            .issue_api_token(&digest, &record, new.session, self.most);
        match issued.await.map_err(Error::Store)? {
            true => Ok((record.id, token)),
            false => Err(Error::Refused(
                self.why_not(new.account, new.session).await?,
            )),
        }
    }

    /// Why a token was not issued. Places may be free again by now, so they are not counted.
    async fn why_not(
        &self,
        account: AccountId,
        session: Option<SessionId>,
    ) -> Result<NoToken, NoToken, S> {
        let found = self.store.account(account).await;
        let found = found.map_err(Error::Store)?;
        if !found.is_some_and(|found| found.state != AccountState::Suspended) {
            return Ok(NoToken::Account);
        }
        let Some(session) = session else {
            return Ok(NoToken::TooMany);
        };
        let sessions = self.store.sessions_of(account).await;
        let sessions = sessions.map_err(Error::Store)?;
        match sessions.iter().any(|one| one.id == session) {
            true => Ok(NoToken::TooMany),
            false => Ok(NoToken::Account),
        }
    }

    /// What the token that came in with a request is, if it may be used for `needed`. Its use is recorded, at
    /// most once a minute.
    ///
    /// # Errors
    /// When there is no such token, it has expired, it has not the scope, or the store fails.
    pub async fn authorize<C: Scope>(
        &self,
        token: &ApiToken,
        needed: C,
        now: SystemTime,
    ) -> Result<ApiTokenRecord, GrantRefusal, S> {
        let found = self.store.find_api_token(&token.digest()).await;
        let Some(record) = found.map_err(Error::Store)? else {
            return Err(Error::Refused(GrantRefusal::Unknown));
        };
        // A token with a scope that is gone is not one with fewer scopes.
        let grant = record
            .grant()
            .map_err(|UnknownScope| Error::Refused(GrantRefusal::Scope))?;
        let used = grant.check(needed, now).map_err(Error::Refused)?;
        if let Some(at) = used.to_record() {
            let touched = self
                .store
                .touch_api_token(record.id, at, RECORDED_EVERY)
                .await;
            touched.map_err(Error::Store)?;
        }
        Ok(record)
    }

    /// Makes a token in the place of the account's of that id, with both in force for `overlap`:
    /// [`Grant::rotate`](super::Grant::rotate) says how. A token is rotated once.
    ///
    /// # Errors
    /// When there is no such token, it has expired or was rotated, both would be in force for too long, or
    /// the store fails.
    pub async fn rotate<C: Scope>(
        &self,
        (account, id): (AccountId, ApiTokenId),
        overlap: Duration,
        now: SystemTime,
    ) -> Result<Made, NoToken, S> {
        let own = self.store.api_tokens_of(account).await;
        let mut own = own.map_err(Error::Store)?.into_iter();
        let Some(old) = own.find(|record| record.id == id) else {
            return Err(Error::Refused(NoToken::Unknown));
        };
        let grant = old
            .grant::<C>()
            .map_err(|UnknownScope| Error::Refused(NoToken::Scope))?;
        let rotation = grant.rotate(now, overlap);
        let rotation = rotation.map_err(|error| Error::Refused(NoToken::Rotation(error)))?;
        let new = ApiTokenRecord {
            id: ApiTokenId::generate()?,
            scopes: rotation.new.scopes.to_string(),
            created_at: rotation.new.created_at,
            expires_at: rotation.new.expires_at,
            last_used_at: None,
            ..old
        };
        let token = ApiToken::generate(self.prefix)?;
        let digest = token.digest();
        let rotated = self
            .store
            .rotate_api_token(id, rotation.old_expires_at, &digest, &new);
        match rotated.await.map_err(Error::Store)? {
            true => Ok((new.id, token)),
            false => Err(Error::Refused(NoToken::Unknown)),
        }
    }
}

impl fmt::Display for NoToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoToken::Account => f.write_str("the account may have no token"),
            NoToken::TooMany => f.write_str("the account has as many tokens as it may"),
            NoToken::Unknown => f.write_str("the account has no such token to be rotated"),
            NoToken::Scope => f.write_str("the token has a scope that there is not"),
            NoToken::Rotation(error) => error.fmt(f),
            NoToken::Time => f.write_str("the token's end is beyond what the clock can say"),
        }
    }
}

impl std::error::Error for NoToken {}
