use std::time::{Duration, SystemTime};

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Bytea, Nullable, Text, Timestamptz, Uuid};
use uuid::Uuid as Id;

use super::moment::Moment;
use super::row::{Columns, Read};
use super::statement::Statement;
use super::{Lend, PgStore};
use crate::store::{Answer, ApiTokenStore};
use crate::token::{Api, ApiTokenRecord, TokenDigest};
use crate::{AccountId, ApiTokenId};

type Digest = TokenDigest<Api>;

impl<L: Lend> ApiTokenStore for PgStore<L> {
    async fn issue_api_token(
        &self,
        digest: &Digest,
        record: &ApiTokenRecord,
    ) -> Answer<bool, Self> {
        let issued = Statement::new(
            "INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at,
                 expires_at, last_used_at)
             SELECT $1, $2, a.id, $4, $5, $6, $7, $8, $9 FROM auth_accounts a
             WHERE a.id = $3 AND a.state <> 'suspended'
             ON CONFLICT DO NOTHING RETURNING id",
        );
        self.any(written(issued, digest, record)).await
    }

    async fn find_api_token(&self, digest: &Digest) -> Answer<Option<ApiTokenRecord>, Self> {
        let found = Statement::new(
            "SELECT t.* FROM auth_api_tokens t
             JOIN auth_accounts a ON a.id = t.account_id AND a.state <> 'suspended'
             WHERE t.digest = $1",
        );
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
                   AND a.id = t.account_id AND a.state <> 'suspended'
                 RETURNING t.id
             )
             INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at,
                 expires_at, last_used_at)
             SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM rotated RETURNING id",
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
        let found = Statement::new("SELECT * FROM auth_api_tokens WHERE account_id = $1");
        self.all(found.bind::<Uuid, Id>(account.into())).await
    }

    async fn purge_api_tokens(&self, expired_before: SystemTime) -> Answer<u64, Self> {
        let purged = Statement::new(
            "WITH purged AS (DELETE FROM auth_api_tokens WHERE expires_at < $1 RETURNING id)
             SELECT count(*) FROM purged",
        );
        let purged = purged.bind::<Timestamptz, Moment>(expired_before.into());
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
