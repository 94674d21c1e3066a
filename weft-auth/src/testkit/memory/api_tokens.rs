use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::{Memory, Tables, some, take_out, take_some};
use crate::store::{AccountState, Answer, ApiTokenStore};
use crate::token::{Api, ApiTokenRecord, TokenDigest};
use crate::{AccountId, ApiTokenId, SessionId};

type Digest = TokenDigest<Api>;

pub(super) struct ApiTokenRow {
    digest: Digest,
    pub(super) record: ApiTokenRecord,
    rotated: bool,
}

impl ApiTokenStore for Memory {
    fn issue_api_token(
        &self,
        digest: &Digest,
        record: &ApiTokenRecord,
        session: Option<SessionId>,
        most: u16,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let live = |id| {
                let mut sessions = tables.live_sessions();
                sessions.any(|row| row.record.id == id && row.record.account == record.account)
            };
            let issued = tables.may_have_tokens(record.account)
                && tables.is_free(digest, record)
                && session.is_none_or(live)
                && tables.count_like(record) < usize::from(most);
            if issued {
                tables.add(digest, record);
            }
            issued
        })
    }

    fn find_api_token(
        &self,
        digest: &Digest,
    ) -> impl Future<Output = Answer<Option<ApiTokenRecord>, Self>> + Send {
        self.step(|tables| {
            let row = tables.api_tokens.iter().find(|row| row.digest == *digest)?;
            let there = tables.may_have_tokens(row.record.account);
            there.then(|| row.record.clone())
        })
    }

    fn touch_api_token(
        &self,
        id: ApiTokenId,
        now: SystemTime,
        apart: Duration,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let mut rows = tables.api_tokens.iter_mut();
            let due = rows.find(|row| {
                let last = row.record.last_used_at;
                let far = |last| last <= now - apart || last >= now + apart;
                row.record.id == id && last.is_none_or(far)
            });
            due.map(|row| row.record.last_used_at = Some(now)).is_some()
        })
    }

    fn rotate_api_token(
        &self,
        old: ApiTokenId,
        old_expires_at: SystemTime,
        digest: &Digest,
        new: &ApiTokenRecord,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            if !tables.may_have_tokens(new.account) || !tables.is_free(digest, new) {
                return false;
            }
            let mut rows = tables.api_tokens.iter_mut();
            let Some(row) = rows.find(|row| {
                let record = &row.record;
                let in_force = record.expires_at.is_none_or(|end| end > new.created_at);
                record.id == old
                    && (record.account, record.audience) == (new.account, new.audience)
                    && in_force
                    && !row.rotated
            }) else {
                return false;
            };
            let end = row.record.expires_at;
            row.record.expires_at = Some(end.map_or(old_expires_at, |end| end.min(old_expires_at)));
            row.rotated = true;
            tables.add(digest, new);
            true
        })
    }

    fn revoke_api_token(
        &self,
        account: AccountId,
        id: ApiTokenId,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let fits = |row: &ApiTokenRow| row.record.account == account && row.record.id == id;
            some(take_out(&mut tables.api_tokens, fits))
        })
    }

    fn revoke_api_tokens(
        &self,
        account: AccountId,
        audience: Option<Uuid>,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let fits = |row: &ApiTokenRow| {
                let of = audience.is_none() || row.record.audience == audience;
                row.record.account == account && of
            };
            take_out(&mut tables.api_tokens, fits) as u64
        })
    }

    fn api_tokens_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Vec<ApiTokenRecord>, Self>> + Send {
        self.step(|tables| {
            let rows = tables.api_tokens.iter();
            let own = rows.filter(|row| row.record.account == account);
            own.map(|row| row.record.clone()).collect()
        })
    }

    fn purge_api_tokens(
        &self,
        expired_before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let over = |row: &ApiTokenRow| {
                row.record
                    .expires_at
                    .is_some_and(|end| end < expired_before)
            };
            take_some(&mut tables.api_tokens, most, over) as u64
        })
    }
}

impl Tables {
    fn may_have_tokens(&self, account: AccountId) -> bool {
        let account = self.accounts.get(&account);
        account.is_some_and(|account| account.state != AccountState::Suspended)
    }

    /// How many of the same account and audience were not rotated.
    fn count_like(&self, record: &ApiTokenRecord) -> usize {
        let of = |record: &ApiTokenRecord| (record.account, record.audience);
        let rows = self.api_tokens.iter();
        rows.filter(|row| !row.rotated && of(&row.record) == of(record))
            .count()
    }

    fn is_free(&self, digest: &Digest, record: &ApiTokenRecord) -> bool {
        let mut rows = self.api_tokens.iter();
        rows.all(|row| row.digest != *digest && row.record.id != record.id)
    }

    fn add(&mut self, digest: &Digest, record: &ApiTokenRecord) {
        self.api_tokens.push(ApiTokenRow {
            digest: *digest,
            record: record.clone(),
            rotated: false,
        });
    }
}
