use std::time::SystemTime;

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Array, BigInt, Bool, Bytea, Nullable, Text, Timestamptz, Uuid};
use uuid::Uuid as Id;

use super::moment::Moment;
use super::row::{Columns, Read};
use super::sessions::{self, written};
use super::statement::{Statement, purge};
use super::{Lend, PgStore};
use crate::AccountId;
use crate::clock::SKEW;
use crate::login::ChallengeRecord;
use crate::store::{Answer, SecondFactorStore, StoredTotp};
use crate::token::{Challenge, TokenDigest};
use crate::totp::{RecoveryDigest, Step};

impl<L: Lend> SecondFactorStore for PgStore<L> {
    async fn open_challenge(
        &self,
        digest: &TokenDigest<Challenge>,
        record: &ChallengeRecord,
    ) -> Answer<bool, Self> {
        let opened = Statement::new(
            "INSERT INTO auth_challenges (digest, account_id, proofs, proved_at, connection,
                 remembered, opened_at, expires_at, epoch)
             SELECT $1, a.id, $3, $4, $5, $6, $7, $8, a.epoch FROM auth_accounts a
             WHERE a.id = $2 AND a.state <> 'suspended' AND a.epoch = $9 RETURNING digest",
        );
        let (names, times) = written(&record.proofs);
        let opened = opened
            .bind::<Bytea, _>(digest.as_bytes().to_vec())
            .bind::<Uuid, Id>(record.account.into())
            .bind::<Array<Text>, _>(names)
            .bind::<Array<Timestamptz>, _>(times)
            .bind::<Nullable<Text>, _>(record.connection.clone())
            .bind::<Bool, _>(record.remembered)
            .bind::<Timestamptz, Moment>(record.opened_at.into())
            .bind::<Timestamptz, Moment>(record.expires_at.into())
            .bind::<BigInt, _>(sessions::number(record.epoch));
        self.any(opened).await
    }

    async fn count_challenge_attempt(
        &self,
        digest: &TokenDigest<Challenge>,
        most: u32,
        now: SystemTime,
    ) -> Answer<Option<ChallengeRecord>, Self> {
        let counted = Statement::new(
            "UPDATE auth_challenges c SET attempts = c.attempts + 1 FROM auth_accounts a
             WHERE c.digest = $1 AND c.attempts < $2 AND c.expires_at > $3 AND c.opened_at <= $4
               AND a.id = c.account_id AND a.epoch = c.epoch AND a.state <> 'suspended'
             RETURNING c.*",
        );
        let counted = counted
            .bind::<Bytea, _>(digest.as_bytes().to_vec())
            .bind::<BigInt, _>(i64::from(most))
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<Timestamptz, Moment>((now + SKEW).into());
        self.first(counted).await
    }

    async fn close_challenge(&self, digest: &TokenDigest<Challenge>) -> Answer<bool, Self> {
        let closed =
            Statement::new("DELETE FROM auth_challenges WHERE digest = $1 RETURNING digest");
        let closed = closed.bind::<Bytea, _>(digest.as_bytes().to_vec());
        self.any(closed).await
    }

    async fn purge_challenges(&self, now: SystemTime, most: u32) -> Answer<u64, Self> {
        let purged = Statement::new(purge!(
            "auth_challenges",
            "digest",
            "expires_at <= $1",
            "$2"
        ));
        let purged = purged
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<BigInt, _>(i64::from(most));
        self.count(purged).await
    }

    async fn totp(&self, account: AccountId) -> Answer<Option<StoredTotp>, Self> {
        let found =
            Statement::new("SELECT sealed, last_step FROM auth_totps WHERE account_id = $1");
        self.first(found.bind::<Uuid, Id>(account.into())).await
    }

    async fn accept_step(&self, account: AccountId, step: Step) -> Answer<bool, Self> {
        let accepted = Statement::new(
            "UPDATE auth_totps SET last_step = $2 WHERE account_id = $1 AND last_step < $2
             RETURNING account_id",
        );
        let accepted = accepted
            .bind::<Uuid, Id>(account.into())
            .bind::<BigInt, _>(number(step));
        self.any(accepted).await
    }

    async fn enrol_totp(
        &self,
        account: AccountId,
        totp: &StoredTotp,
        codes: &[RecoveryDigest],
    ) -> Answer<bool, Self> {
        let enrolled = Statement::new(
            "WITH app AS (
                 INSERT INTO auth_totps (account_id, sealed, last_step)
                 SELECT id, $2, $3 FROM auth_accounts WHERE id = $1
                 ON CONFLICT DO NOTHING RETURNING account_id, code_set
             ), codes AS (
                 INSERT INTO auth_recovery_codes (account_id, code_set, digest)
                 SELECT app.account_id, app.code_set, digest FROM app, unnest($4) AS digest
             )
             SELECT account_id FROM app",
        );
        let enrolled = enrolled
            .bind::<Uuid, Id>(account.into())
            .bind::<Bytea, _>(totp.sealed.clone())
            .bind::<BigInt, _>(number(totp.last_step))
            .bind::<Array<Bytea>, _>(digests(codes));
        self.any(enrolled).await
    }

    async fn remove_totp(&self, account: AccountId) -> Answer<bool, Self> {
        // The recovery codes refer to it, and go with it.
        let removed =
            Statement::new("DELETE FROM auth_totps WHERE account_id = $1 RETURNING account_id");
        self.any(removed.bind::<Uuid, Id>(account.into())).await
    }

    async fn replace_recovery_codes(
        &self,
        account: AccountId,
        codes: &[RecoveryDigest],
    ) -> Answer<bool, Self> {
        // Of two sets at once the second one does not see the first one's rows. It does see its number.
        let replaced = Statement::new(
            "WITH app AS (
                 UPDATE auth_totps SET code_set = code_set + 1 WHERE account_id = $1
                 RETURNING account_id, code_set
             ), former AS (
                 DELETE FROM auth_recovery_codes c USING app WHERE c.account_id = app.account_id
             ), codes AS (
                 INSERT INTO auth_recovery_codes (account_id, code_set, digest)
                 SELECT app.account_id, app.code_set, digest FROM app, unnest($2) AS digest
             )
             SELECT account_id FROM app",
        );
        let replaced = replaced
            .bind::<Uuid, Id>(account.into())
            .bind::<Array<Bytea>, _>(digests(codes));
        self.any(replaced).await
    }

    async fn consume_recovery_code(
        &self,
        account: AccountId,
        code: &RecoveryDigest,
    ) -> Answer<bool, Self> {
        let consumed = Statement::new(
            "DELETE FROM auth_recovery_codes c USING auth_totps t
             WHERE c.account_id = $1 AND c.digest = $2
               AND t.account_id = c.account_id AND t.code_set = c.code_set
             RETURNING c.account_id",
        );
        let consumed = consumed
            .bind::<Uuid, Id>(account.into())
            .bind::<Bytea, _>(code.as_bytes().to_vec());
        self.any(consumed).await
    }
}

/// The number of a step; what is beyond the column is the last one, which is accepted once.
fn number(step: Step) -> i64 {
    i64::try_from(step.number()).unwrap_or(i64::MAX)
}

fn digests(codes: &[RecoveryDigest]) -> Vec<Vec<u8>> {
    codes.iter().map(|code| code.as_bytes().to_vec()).collect()
}

impl Read for ChallengeRecord {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<ChallengeRecord> {
        Ok(ChallengeRecord {
            account: row.id("account_id")?,
            epoch: row.number("epoch")?,
            proofs: row.proofs()?,
            connection: row.option::<Text, _>("connection")?,
            remembered: row.value::<Bool, _>("remembered")?,
            opened_at: row.time("opened_at")?,
            expires_at: row.time("expires_at")?,
        })
    }
}

impl Read for StoredTotp {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<StoredTotp> {
        Ok(StoredTotp {
            sealed: row.bytes("sealed")?,
            last_step: Step::from_number(row.number("last_step")?),
        })
    }
}
