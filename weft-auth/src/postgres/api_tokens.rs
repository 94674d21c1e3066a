use std::time::{Duration, SystemTime};

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bytea, Integer, Nullable, Text, Timestamptz, Uuid};
use uuid::Uuid as Id;

use super::moment::Moment;
use super::row::{Columns, Read};
use super::statement::{Statement, purge};
use super::{Lend, PgStore};
use crate::store::{Answer, ApiTokenStore};
use crate::token::{Api, ApiTokenRecord, TokenDigest};
use crate::{AccountId, ApiTokenId, SessionId};

type Digest = TokenDigest<Api>;

/// Tokens `t` that are found: of the epoch of tokens that their account is in. What deletes sees no row that
/// is about to be committed; what looks for one sees that it is of the epoch before.
macro_rules! live {
    () => {
        "SELECT t.* FROM auth_api_tokens t JOIN auth_accounts a \
             ON a.id = t.account_id AND a.token_epoch = t.epoch"
    };
}

impl<L: Lend> ApiTokenStore for PgStore<L> {
    async fn issue_api_token(
        &self,
        digest: &Digest,
        record: &ApiTokenRecord,
        session: Option<SessionId>,
        most: u16,
    ) -> Answer<bool, Self> {
        // The account is locked first, as whatever ends its sessions does; and the session, so that who ends
        // it and deletes tokens in the next statement deletes this one. What was committed since the statement
        // began is not seen, so each free place is tried until one is nobody else's. Then the digest is there.
        let issued = Statement::new(
            "WITH account AS (
                 SELECT id, epoch, token_epoch FROM auth_accounts
                 WHERE id = $3 AND state <> 'suspended' FOR NO KEY UPDATE
             ), session AS (
                 SELECT s.id FROM auth_sessions s
                 JOIN account a ON a.id = s.account_id AND a.epoch = s.epoch
                 WHERE s.id = $10 FOR KEY SHARE OF s
             )
             INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at,
                 expires_at, last_used_at, epoch, place)
             SELECT $1, $2, account.id, $4, $5, $6, $7, $8, $9, account.token_epoch, free.place
             FROM account, generate_series(1, $11) AS free (place)
             WHERE ($10 IS NULL OR EXISTS (SELECT FROM session)) AND NOT EXISTS (
                 SELECT FROM auth_api_tokens t WHERE t.account_id = account.id
                 AND t.audience IS NOT DISTINCT FROM $4 AND t.next IS NULL AND t.place = free.place)
             ORDER BY free.place
             ON CONFLICT DO NOTHING RETURNING id",
        );
        let issued = written(issued, digest, record)
            .bind::<Nullable<Uuid>, _>(session.map(Id::from))
            .bind::<Integer, _>(i32::from(most));
        self.any(issued).await
    }

    async fn find_api_token(&self, digest: &Digest) -> Answer<Option<ApiTokenRecord>, Self> {
        let found = Statement::new(concat!(
            live!(),
            " AND a.state <> 'suspended' WHERE t.digest = $1"
        ));
        let found = found.bind::<Bytea, _>(digest.as_bytes().to_vec());
        self.first(found).await
    }

    async fn touch_api_token(
        &self,
        id: ApiTokenId,
        now: SystemTime,
        apart: Duration,
    ) -> Answer<bool, Self> {
        let touched = Statement::new(
            "UPDATE auth_api_tokens SET last_used_at = $2
             WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3 OR last_used_at >= $4)
             RETURNING id",
        );
        let touched = touched
            .bind::<Uuid, Id>(id.into())
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<Timestamptz, Moment>((now - apart).into())
            .bind::<Timestamptz, Moment>((now + apart).into());
        self.any(touched).await
    }

    async fn rotate_api_token(
        &self,
        old: ApiTokenId,
        old_expires_at: SystemTime,
        digest: &Digest,
        new: &ApiTokenRecord,
    ) -> Answer<bool, Self> {
        let rotated = Statement::new(
            "WITH rotated AS (
                 UPDATE auth_api_tokens t
                 SET next = $2, expires_at = least(t.expires_at, $11)
                 FROM auth_accounts a
                 WHERE t.id = $10 AND t.account_id = $3 AND t.audience IS NOT DISTINCT FROM $4
                   AND t.next IS NULL AND (t.expires_at IS NULL OR t.expires_at > $7)
                   AND a.id = t.account_id AND a.state <> 'suspended' AND a.token_epoch = t.epoch
                 RETURNING t.epoch, t.place
             )
             INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at,
                 expires_at, last_used_at, epoch, place)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, epoch, place FROM rotated RETURNING id",
        );
        let rotated = written(rotated, digest, new)
            .bind::<Uuid, Id>(old.into())
            .bind::<Timestamptz, Moment>(old_expires_at.into());
        match self.any(rotated).await {
            Err(error) if error.is_taken() => Ok(false),
            rotated => rotated,
        }
    }

    async fn revoke_api_token(&self, account: AccountId, id: ApiTokenId) -> Answer<bool, Self> {
        let revoked = Statement::new(
            "DELETE FROM auth_api_tokens WHERE account_id = $1 AND id = $2 RETURNING id",
        );
        let revoked = revoked
            .bind::<Uuid, Id>(account.into())
            .bind::<Uuid, Id>(id.into());
        self.any(revoked).await
    }

    async fn revoke_api_tokens(
        &self,
        account: AccountId,
        audience: Option<Id>,
    ) -> Answer<u64, Self> {
        let revoked = Statement::new(
            "WITH revoked AS (
                 DELETE FROM auth_api_tokens
                 WHERE account_id = $1 AND ($2 IS NULL OR audience = $2) RETURNING id
             )
             SELECT count(*) FROM revoked",
        );
        let revoked = revoked
            .bind::<Uuid, Id>(account.into())
            .bind::<Nullable<Uuid>, _>(audience);
        self.count(revoked).await
    }

    async fn api_tokens_of(&self, account: AccountId) -> Answer<Vec<ApiTokenRecord>, Self> {
        let found = Statement::new(concat!(live!(), " WHERE t.account_id = $1"));
        self.all(found.bind::<Uuid, Id>(account.into())).await
    }

    async fn purge_api_tokens(&self, expired_before: SystemTime, most: u32) -> Answer<u64, Self> {
        let purged = Statement::new(purge!("auth_api_tokens", "digest", "expires_at < $1", "$2"));
        let purged = purged
            .bind::<Timestamptz, Moment>(expired_before.into())
            .bind::<BigInt, _>(i64::from(most));
        self.count(purged).await
    }
}

/// The first nine binds.
fn written(statement: Statement, digest: &Digest, record: &ApiTokenRecord) -> Statement {
    statement
        .bind::<Bytea, _>(digest.as_bytes().to_vec())
        .bind::<Uuid, Id>(record.id.into())
        .bind::<Uuid, Id>(record.account.into())
        .bind::<Nullable<Uuid>, _>(record.audience)
        .bind::<Text, _>(record.label.clone())
        .bind::<Text, _>(record.scopes.clone())
        .bind::<Timestamptz, Moment>(record.created_at.into())
        .bind::<Nullable<Timestamptz>, _>(record.expires_at.map(Moment::from))
        .bind::<Nullable<Timestamptz>, _>(record.last_used_at.map(Moment::from))
}

impl Read for ApiTokenRecord {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<ApiTokenRecord> {
        let time = |column| row.option::<Timestamptz, Moment>(column);
        Ok(ApiTokenRecord {
            id: row.id("id")?,
            account: row.id("account_id")?,
            audience: row.option::<Uuid, Id>("audience")?,
            label: row.text("label")?,
            scopes: row.text("scopes")?,
            created_at: row.time("created_at")?,
            expires_at: time("expires_at")?.map(Into::into),
            last_used_at: time("last_used_at")?.map(Into::into),
        })
    }
}
