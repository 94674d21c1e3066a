//! Tokens that people make for programs, in a session.

use super::conclude::Whom;
use super::visit::Visit;
use super::{Login, LoginStore, Offload, Result};
use crate::audit::Event;
use crate::session::{Assurance, Recent};
use crate::store::{Account, ApiTokenStore, MailKind};
use crate::token::{ApiToken, ApiTokens, New, NoToken, Scope};
use crate::{ApiTokenId, Error};

type Made<S> = std::result::Result<(ApiTokenId, ApiToken), Error<NoToken, S>>;

impl<S: LoginStore + ApiTokenStore, O: Offload> Login<S, O> {
    /// Makes a token of who is signed in, and tells that mailbox: whoever got into a session for a moment is
    /// not to stay by a token that nobody knows of. Whose it is and in which session it is made, `new` need
    /// not say.
    ///
    /// # Errors
    /// As those of [`ApiTokens::issue`], and when the account is not active any more.
    pub async fn make_api_token<A: Assurance, C: Scope>(
        &self,
        recent: &Recent<'_, A>,
        tokens: &ApiTokens<S>,
        new: New<'_, C>,
        visit: &Visit<'_>,
    ) -> Made<S::Error> {
        let session = recent.session();
        let account = self.account_of(session, visit).await.map_err(refused)?;
        let new = New {
            account: account.id,
            session: Some(session.id()),
            ..new
        };
        let made = tokens.issue(new, visit.now).await?;
        let told = self.tell(MailKind::ApiTokenMade, Event::ApiTokenMade, &account, visit);
        told.await.map_err(refused)?;
        Ok(made)
    }

    /// Revokes a token of who is signed in, tells that mailbox, and says whether there was one.
    ///
    /// # Errors
    /// When the account is not active any more, or the store fails.
    pub async fn revoke_api_token<A: Assurance>(
        &self,
        recent: &Recent<'_, A>,
        id: ApiTokenId,
        visit: &Visit<'_>,
    ) -> Result<bool, S> {
        let account = self.account_of(recent.session(), visit).await?;
        let revoked = self.store.revoke_api_token(account.id, id).await;
        if !revoked.map_err(Error::Store)? {
            return Ok(false);
        }
        let kind = MailKind::ApiTokenRevoked;
        self.tell(kind, Event::ApiTokenRevoked, &account, visit)
            .await?;
        Ok(true)
    }

    async fn tell(
        &self,
        kind: MailKind,
        event: Event,
        account: &Account,
        visit: &Visit<'_>,
    ) -> Result<(), S> {
        self.notify(kind, account).await?;
        self.log(event, Whom::account(account), visit).await
    }
}

/// An account that is not active may have no token.
fn refused<R, E>(error: Error<R, E>) -> Error<NoToken, E> {
    match error {
        Error::Refused(_) => Error::Refused(NoToken::Account),
        Error::Store(error) => Error::Store(error),
        Error::Randomness => Error::Randomness,
    }
}
