//! Flaws of API tokens.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Flaw, Flawed};
use crate::store::{Answer, ApiTokenStore};
use crate::testkit::forward::forward;
use crate::token::{Api, ApiTokenRecord, TokenDigest};
use crate::{AccountId, ApiTokenId, SessionId};

forward! { Flawed:
    ApiTokenStore {
        find_api_token(digest: &TokenDigest<Api>) -> Option<ApiTokenRecord>;
        api_tokens_of(account: AccountId) -> Vec<ApiTokenRecord>;
    } {
        async fn issue_api_token(
            &self,
            digest: &TokenDigest<Api>,
            record: &ApiTokenRecord,
            session: Option<SessionId>,
            most: u16,
        ) -> Answer<bool, Self> {
            let session = session.filter(|_| !self.is(Flaw::EndedSessionMakesTokens));
            let own = self.inner.api_tokens_of(record.account).await?;
            let like = own.iter().filter(|own| own.audience == record.audience).count();
            let free = like < usize::from(most);
            let most = match free && self.looked(Flaw::TokensAreCountedAndThenIssued) {
                true => u16::MAX,
                false => most,
            };
            self.inner.issue_api_token(digest, record, session, most).await
        }

        async fn purge_api_tokens(
            &self,
            expired_before: SystemTime,
            most: u32,
        ) -> Answer<u64, Self> {
            let most = if self.is(Flaw::PurgeIsUnbounded) { u32::MAX } else { most };
            self.inner.purge_api_tokens(expired_before, most).await
        }

        async fn touch_api_token(
            &self,
            id: ApiTokenId,
            now: SystemTime,
            apart: Duration,
        ) -> Answer<bool, Self> {
            let touched = self.inner.touch_api_token(id, now, apart).await?;
            Ok(touched || self.is(Flaw::EveryUseIsRecorded))
        }

        async fn rotate_api_token(
            &self,
            old: ApiTokenId,
            old_expires_at: SystemTime,
            digest: &TokenDigest<Api>,
            new: &ApiTokenRecord,
        ) -> Answer<bool, Self> {
            let rotated = self.inner.rotate_api_token(old, old_expires_at, digest, new).await?;
            match self.looked(Flaw::TokenIsReadAndThenRotated) && !rotated {
                true => self.inner.issue_api_token(digest, new, None, u16::MAX).await,
                false => Ok(rotated),
            }
        }

        async fn revoke_api_token(&self, account: AccountId, id: ApiTokenId) -> Answer<bool, Self> {
            let revoked = self.inner.revoke_api_token(account, id).await?;
            Ok(revoked || self.is(Flaw::TokenIsAnybodysToRevoke))
        }

        async fn revoke_api_tokens(
            &self,
            account: AccountId,
            audience: Option<Uuid>,
        ) -> Answer<u64, Self> {
            let audience = audience.filter(|_| !self.is(Flaw::NoAudienceIsEvery));
            self.inner.revoke_api_tokens(account, audience).await
        }
    }
}
