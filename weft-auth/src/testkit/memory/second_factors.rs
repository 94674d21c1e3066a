use std::time::SystemTime;

use super::{Memory, up_to};
use crate::AccountId;
use crate::clock;
use crate::login::ChallengeRecord;
use crate::store::{Answer, SecondFactorStore, StoredTotp};
use crate::token::{Challenge, TokenDigest};
use crate::totp::{RecoveryDigest, Step};

impl SecondFactorStore for Memory {
    fn open_challenge(
        &self,
        digest: &TokenDigest<Challenge>,
        record: &ChallengeRecord,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let owes = tables.account_in(record.account, Some(record.epoch));
            let owes = owes.is_some();
            if owes {
                tables.challenges.insert(*digest, (record.clone(), 0));
            }
            owes
        })
    }

    fn count_challenge_attempt(
        &self,
        digest: &TokenDigest<Challenge>,
        most: u32,
        now: SystemTime,
    ) -> impl Future<Output = Answer<Option<ChallengeRecord>, Self>> + Send {
        self.step(|tables| {
            let (record, attempts) = tables.challenges.get(digest)?.clone();
            let good = attempts < most
                && clock::age(record.opened_at, now).is_some()
                && now < record.expires_at
                && tables
                    .account_in(record.account, Some(record.epoch))
                    .is_some();
            good.then(|| {
                let counted = (record.clone(), attempts + 1);
                tables.challenges.insert(*digest, counted);
                record
            })
        })
    }

    fn close_challenge(
        &self,
        digest: &TokenDigest<Challenge>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| tables.challenges.remove(digest).is_some())
    }

    fn purge_challenges(
        &self,
        now: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let count = tables.challenges.len();
            let mut keep = up_to(most, |record: &ChallengeRecord| record.expires_at <= now);
            tables.challenges.retain(|_, (record, _)| keep(record));
            (count - tables.challenges.len()) as u64
        })
    }

    fn totp(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Option<StoredTotp>, Self>> + Send {
        self.step(|tables| tables.totps.get(&account).cloned())
    }

    fn accept_step(
        &self,
        account: AccountId,
        step: Step,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let totp = tables.totps.get_mut(&account);
            let later = totp.filter(|totp| totp.last_step < step);
            later.map(|totp| totp.last_step = step).is_some()
        })
    }

    fn enrol_totp(
        &self,
        account: AccountId,
        totp: &StoredTotp,
        codes: &[RecoveryDigest],
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            if tables.totps.contains_key(&account) {
                return false;
            }
            let Some(row) = tables.accounts.get_mut(&account) else {
                return false;
            };
            row.second_factor = true;
            tables.totps.insert(account, totp.clone());
            tables.recovery_codes.insert(account, codes.to_vec());
            true
        })
    }

    fn remove_totp(&self, account: AccountId) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            if let Some(row) = tables.accounts.get_mut(&account) {
                row.second_factor = false;
            }
            tables.recovery_codes.remove(&account);
            tables.totps.remove(&account).is_some()
        })
    }

    fn replace_recovery_codes(
        &self,
        account: AccountId,
        codes: &[RecoveryDigest],
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let enrolled = tables.totps.contains_key(&account);
            if enrolled {
                tables.recovery_codes.insert(account, codes.to_vec());
            }
            enrolled
        })
    }

    fn consume_recovery_code(
        &self,
        account: AccountId,
        code: &RecoveryDigest,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let Some(codes) = tables.recovery_codes.get_mut(&account) else {
                return false;
            };
            let place = codes.iter().position(|other| other == code);
            place.map(|place| codes.swap_remove(place)).is_some()
        })
    }
}
