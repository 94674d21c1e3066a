use std::time::SystemTime;

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Timestamptz, Uuid};
use uuid::Uuid as Id;

use super::moment::Moment;
use super::row::{Columns, Read};
use super::statement::{Statement, purge};
use super::{Lend, PgStore};
use crate::session::{Device, Proofs, Record};
use crate::store::{Answer, SessionStore};
use crate::token::{Session, TokenDigest};
use crate::{AccountId, SessionId};

type Digest = TokenDigest<Session>;

/// Sessions `s` that are found: of the epoch that their account is in. What deletes sees no row that is
/// about to be committed; what looks for one sees that it is of the epoch before.
macro_rules! live {
    () => {
        "SELECT s.* FROM auth_sessions s JOIN auth_accounts a \
             ON a.id = s.account_id AND a.epoch = s.epoch AND a.state <> 'suspended'"
    };
}

impl<L: Lend> SessionStore for PgStore<L> {
    async fn begin_session(
        &self,
        digest: &Digest,
        record: &Record,
        epoch: Option<u64>,
        before: Option<&Digest>,
    ) -> Answer<bool, Self> {
        let begun = Statement::new(
            "WITH ended AS (DELETE FROM auth_sessions WHERE digest = $12 OR before = $12)
             INSERT INTO auth_sessions (digest, id, account_id, created_at, rotated_at,
                 last_seen_at, remembered, proofs, proved_at, connection, device, epoch)
             SELECT $1, $2, a.id, $4, $5, $6, $7, $8, $9, $10, $11, a.epoch
             FROM auth_accounts a
             WHERE a.id = $3 AND a.state <> 'suspended' AND a.epoch = coalesce($13, a.epoch)
             RETURNING id",
        );
        let (names, times) = written(&record.proofs);
        let begun = begun
            .bind::<Bytea, _>(digest.as_bytes().to_vec())
            .bind::<Uuid, Id>(record.id.into())
            .bind::<Uuid, Id>(record.account.into())
            .bind::<Timestamptz, Moment>(record.created_at.into())
            .bind::<Timestamptz, Moment>(record.rotated_at.into())
            .bind::<Timestamptz, Moment>(record.last_seen_at.into())
            .bind::<Bool, _>(record.remembered)
            .bind::<Array<Text>, _>(names)
            .bind::<Array<Timestamptz>, _>(times)
            .bind::<Nullable<Text>, _>(record.connection.clone())
            .bind::<Text, _>(record.device.name().to_owned())
            .bind::<Nullable<Bytea>, _>(before.map(|digest| digest.as_bytes().to_vec()))
            .bind::<Nullable<BigInt>, _>(epoch.map(number));
        self.any(begun).await
    }

    async fn find_session(&self, digest: &Digest) -> Answer<Option<Record>, Self> {
        let found = Statement::new(concat!(live!(), " WHERE s.digest = $1"));
        let found = found.bind::<Bytea, _>(digest.as_bytes().to_vec());
        self.first(found).await
    }

    async fn touch_session(
        &self,
        id: SessionId,
        now: SystemTime,
        before: SystemTime,
    ) -> Answer<bool, Self> {
        let touched = Statement::new(
            "UPDATE auth_sessions SET last_seen_at = $2 WHERE id = $1 AND last_seen_at <= $3
             RETURNING id",
        );
        let touched = touched
            .bind::<Uuid, Id>(id.into())
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<Timestamptz, Moment>(before.into());
        self.any(touched).await
    }

    async fn rotate_session(
        &self,
        old: &Digest,
        new: &Digest,
        proofs: &Proofs,
        now: SystemTime,
    ) -> Answer<bool, Self> {
        let rotated = Statement::new(
            "UPDATE auth_sessions
             SET digest = $2, before = $1, proofs = $3, proved_at = $4, rotated_at = $5
             WHERE digest = $1 RETURNING id",
        );
        let (names, times) = written(proofs);
        let rotated = rotated
            .bind::<Bytea, _>(old.as_bytes().to_vec())
            .bind::<Bytea, _>(new.as_bytes().to_vec())
            .bind::<Array<Text>, _>(names)
            .bind::<Array<Timestamptz>, _>(times)
            .bind::<Timestamptz, Moment>(now.into());
        self.any(rotated).await
    }

    async fn end_session(&self, digest: &Digest) -> Answer<bool, Self> {
        let ended = Statement::new(
            "DELETE FROM auth_sessions WHERE digest = $1 OR before = $1 RETURNING id",
        );
        let ended = ended.bind::<Bytea, _>(digest.as_bytes().to_vec());
        self.any(ended).await
    }

    async fn revoke_session(&self, account: AccountId, id: SessionId) -> Answer<bool, Self> {
        let revoked = Statement::new(
            "DELETE FROM auth_sessions WHERE account_id = $1 AND id = $2 RETURNING id",
        );
        let revoked = revoked
            .bind::<Uuid, Id>(account.into())
            .bind::<Uuid, Id>(id.into());
        self.any(revoked).await
    }

    async fn revoke_sessions(
        &self,
        account: AccountId,
        but: Option<SessionId>,
    ) -> Answer<u64, Self> {
        let revoked = Statement::new(
            "WITH revoked AS (
                 DELETE FROM auth_sessions WHERE account_id = $1 AND id IS DISTINCT FROM $2
                 RETURNING id
             )
             SELECT count(*) FROM revoked",
        );
        let revoked = revoked
            .bind::<Uuid, Id>(account.into())
            .bind::<Nullable<Uuid>, _>(but.map(Id::from));
        self.count(revoked).await
    }

    async fn revoke_connection(&self, connection: &str) -> Answer<u64, Self> {
        let revoked = Statement::new(
            "WITH revoked AS (DELETE FROM auth_sessions WHERE connection = $1 RETURNING id)
             SELECT count(*) FROM revoked",
        );
        self.count(revoked.bind::<Text, _>(connection.to_owned()))
            .await
    }

    async fn sessions_of(&self, account: AccountId) -> Answer<Vec<Record>, Self> {
        let found = Statement::new(concat!(live!(), " WHERE s.account_id = $1"));
        self.all(found.bind::<Uuid, Id>(account.into())).await
    }

    async fn purge_sessions(
        &self,
        created_before: SystemTime,
        seen_before: SystemTime,
        most: u32,
    ) -> Answer<u64, Self> {
        let purged = Statement::new(purge!(
            "auth_sessions",
            "digest",
            "created_at < $1 OR last_seen_at < $2",
            "$3"
        ));
        let purged = purged
            .bind::<Timestamptz, Moment>(created_before.into())
            .bind::<Timestamptz, Moment>(seen_before.into())
            .bind::<BigInt, _>(i64::from(most));
        self.count(purged).await
    }
}

/// An epoch as a column has it; what is beyond the column is none that an account is in.
pub(super) fn number(epoch: u64) -> i64 {
    i64::try_from(epoch).unwrap_or(-1)
}

/// Proofs as two columns.
pub(super) fn written(proofs: &Proofs) -> (Vec<&'static str>, Vec<Moment>) {
    let each = proofs.iter();
    each.map(|(proof, at)| (proof.name(), Moment::from(at)))
        .unzip()
}

impl Read for Record {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Record> {
        Ok(Record {
            id: row.id("id")?,
            account: row.id("account_id")?,
            created_at: row.time("created_at")?,
            rotated_at: row.time("rotated_at")?,
            last_seen_at: row.time("last_seen_at")?,
            remembered: row.value::<Bool, _>("remembered")?,
            proofs: row.proofs()?,
            connection: row.option::<Text, _>("connection")?,
            device: Device::new(&row.text("device")?),
        })
    }
}
