use std::fmt;
use std::time::SystemTime;

use super::{Answer, Store};
use crate::AccountId;
use crate::login::ChallengeRecord;
use crate::token::{Challenge, TokenDigest};
use crate::totp::{RecoveryDigest, Step};

/// What is stored of an authenticator app.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredTotp {
    /// The secret, sealed for its account.
    pub sealed: Vec<u8>,
    /// The step of the last code that was accepted.
    pub last_step: Step,
}

/// Second factors, and those who owe one.
pub trait SecondFactorStore: Store {
    /// Adds a challenge, with no attempts. False, and nothing is added, if the account is not in its epoch
    /// (any more).
    fn open_challenge(
        &self,
        digest: &TokenDigest<Challenge>,
        record: &ChallengeRecord,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Counts an attempt at a challenge and returns it. `None`, and not counted, from the one after
    /// `most` on, or if there is none, `now >= expires_at`, `opened_at > now + 60 s`, or the account is in
    /// another epoch.
    fn count_challenge_attempt(
        &self,
        digest: &TokenDigest<Challenge>,
        most: u32,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<ChallengeRecord>, Self>> + Send;

    /// Deletes a challenge. Of N at once one gets `true`.
    fn close_challenge(
        &self,
        digest: &TokenDigest<Challenge>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes up to `most` challenges that expired, and says how many.
    fn purge_challenges(
        &self,
        now: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;

    /// The account's app.
    fn totp(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Option<StoredTotp>, Self>> + Send;

    /// Sets the last step, if it is later than the one that is there. Of N at once with one step, one
    /// gets `true` (CVE-2015-7225).
    fn accept_step(
        &self,
        account: AccountId,
        step: Step,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Adds an app, with recovery codes in place of all that are there. False, and nothing changes, if
    /// the account has an app.
    fn enrol_totp(
        &self,
        account: AccountId,
        totp: &StoredTotp,
        codes: &[RecoveryDigest],
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the account's app and its recovery codes.
    fn remove_totp(&self, account: AccountId) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Puts recovery codes in place of all that are there. False if the account has no app.
    fn replace_recovery_codes(
        &self,
        account: AccountId,
        codes: &[RecoveryDigest],
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes a recovery code of the account. Of N at once one gets `true`.
    fn consume_recovery_code(
        &self,
        account: AccountId,
        code: &RecoveryDigest,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;
}

impl fmt::Debug for StoredTotp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredTotp")
            .field("last_step", &self.last_step)
            .finish_non_exhaustive()
    }
}
