use std::time::SystemTime;

use super::{Memory, SessionRow, Tables, some, take_out, take_some};
use crate::session::{Proofs, Record};
use crate::store::{Answer, SessionStore};
use crate::token::{Session, TokenDigest};
use crate::{AccountId, SessionId};

type Digest = TokenDigest<Session>;

impl SessionRow {
    /// Whether that is its digest, or was before the last rotation.
    fn had(&self, digest: &Digest) -> bool {
        self.digest == *digest || self.before == Some(*digest)
    }
}

impl Tables {
    /// Those that are found: of the epoch that their account is in.
    pub(super) fn live_sessions(&self) -> impl Iterator<Item = &SessionRow> {
        let rows = self.sessions.iter();
        rows.filter(|row| {
            self.account_in(row.record.account, Some(row.epoch))
                .is_some()
        })
    }
}

impl SessionStore for Memory {
    fn begin_session(
        &self,
        digest: &Digest,
        record: &Record,
        epoch: Option<u64>,
        before: Option<&Digest>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            if let Some(before) = before {
                take_out(&mut tables.sessions, |row| row.had(before));
            }
            let Some(account) = tables.account_in(record.account, epoch) else {
                return false;
            };
            let epoch = account.epoch;
            tables.sessions.push(SessionRow {
                digest: *digest,
                epoch,
                before: None,
                record: record.clone(),
            });
            true
        })
    }

    fn find_session(
        &self,
        digest: &Digest,
    ) -> impl Future<Output = Answer<Option<Record>, Self>> + Send {
        self.step(|tables| {
            let mut rows = tables.live_sessions();
            let row = rows.find(|row| row.digest == *digest);
            row.map(|row| row.record.clone())
        })
    }

    fn touch_session(
        &self,
        id: SessionId,
        now: SystemTime,
        before: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let mut records = tables.sessions.iter_mut().map(|row| &mut row.record);
            let due = records.find(|record| record.id == id && record.last_seen_at <= before);
            due.map(|record| record.last_seen_at = now).is_some()
        })
    }

    fn rotate_session(
        &self,
        old: &Digest,
        new: &Digest,
        proofs: &Proofs,
        now: SystemTime,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let mut rows = tables.sessions.iter_mut();
            let Some(row) = rows.find(|row| row.digest == *old) else {
                return false;
            };
            (row.digest, row.before) = (*new, Some(*old));
            (row.record.proofs, row.record.rotated_at) = (*proofs, now);
            true
        })
    }

    fn end_session(&self, digest: &Digest) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| some(take_out(&mut tables.sessions, |row| row.had(digest))))
    }

    fn revoke_session(
        &self,
        account: AccountId,
        id: SessionId,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let fits = |row: &SessionRow| row.record.account == account && row.record.id == id;
            some(take_out(&mut tables.sessions, fits))
        })
    }

    fn revoke_sessions(
        &self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| tables.end_all_of(account, but))
    }

    fn revoke_connection(
        &self,
        connection: &str,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let fits = |row: &SessionRow| row.record.connection.as_deref() == Some(connection);
            take_out(&mut tables.sessions, fits) as u64
        })
    }

    fn sessions_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Vec<Record>, Self>> + Send {
        self.step(|tables| {
            let records = tables.live_sessions().map(|row| &row.record);
            let own = records.filter(|record| record.account == account);
            own.cloned().collect()
        })
    }

    fn purge_sessions(
        &self,
        created_before: SystemTime,
        seen_before: SystemTime,
        most: u32,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let over = |row: &SessionRow| {
                row.record.created_at < created_before || row.record.last_seen_at < seen_before
            };
            take_some(&mut tables.sessions, most, over) as u64
        })
    }
}
