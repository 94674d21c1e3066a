use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Answer, Store};
use crate::token::{Api, ApiTokenRecord, TokenDigest};
use crate::{AccountId, ApiTokenId, SessionId};

type Digest = TokenDigest<Api>;

/// Tokens of programs, by their digest.
///
/// A row is there until it is revoked or purged. While its account is suspended it is as if it were not, and
/// for good once the account's password was [replaced](crate::store::AccountStore::replace_password) outside
/// of a session, even if it was being issued then.
pub trait ApiTokenStore: Store {
    /// Adds a token. False, and nothing is added, if the digest or the id is there, the account is not or is
    /// suspended, or it has `most` tokens of that audience that were not rotated, whoever adds others at the
    /// same time; also if `session` is not the account's and of its [epoch](crate::store::Account::epoch): it
    /// was ended while its request was in flight. Whoever ends the session and revokes tokens in the next
    /// statement leaves none.
    fn issue_api_token(
        &self,
        digest: &Digest,
        record: &ApiTokenRecord,
        session: Option<SessionId>,
        most: u16,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// The token of that digest, also one that has expired.
    fn find_api_token(
        &self,
        digest: &Digest,
    ) -> impl Future<Output = Answer<Option<ApiTokenRecord>, Self>> + Send;

    /// Sets when a token was last used, if it is there and that is not less than `apart` before or after
    /// `now`. It writes nothing else.
    fn touch_api_token(
        &self,
        id: ApiTokenId,
        now: SystemTime,
        apart: Duration,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Puts a token in the place of one that is the same account's and audience's, has not expired, and was
    /// not rotated: adds the new one, which counts in place of the old, and sets the end of the old one to `old_expires_at` if that is earlier,
    /// both or neither. Of N at once one gets `true`.
    fn rotate_api_token(
        &self,
        old: ApiTokenId,
        old_expires_at: SystemTime,
        digest: &Digest,
        new: &ApiTokenRecord,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes a token, if it is the account's.
    fn revoke_api_token(
        &self,
        account: AccountId,
        id: ApiTokenId,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the account's tokens, all of them or those of one audience, and says how many. A token
    /// without an audience has none.
    fn revoke_api_tokens(
        &self,
        account: AccountId,
        audience: Option<Uuid>,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;

    /// The account's tokens.
    fn api_tokens_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Vec<ApiTokenRecord>, Self>> + Send;

    /// Deletes up to `most` tokens that expired before then, and says how many.
    fn purge_api_tokens(
        &self,
        expired_before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
