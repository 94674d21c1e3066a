//! Flaws of API tokens.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Flaw, Flawed};
use crate::store::{Answer, ApiTokenStore};
use crate::testkit::forward::forward;
use crate::token::{Api, ApiTokenRecord, TokenDigest};
use crate::{AccountId, ApiTokenId};

forward! { Flawed:
    ApiTokenStore {
        issue_api_token(digest: &TokenDigest<Api>, record: &ApiTokenRecord) -> bool;
        find_api_token(digest: &TokenDigest<Api>) -> Option<ApiTokenRecord>;
        api_tokens_of(account: AccountId) -> Vec<ApiTokenRecord>;
        purge_api_tokens(expired_before: SystemTime) -> u64;
    } {
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
                true => self.inner.issue_api_token(digest, new).await,
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
