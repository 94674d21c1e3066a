use std::time::SystemTime;

use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{BigInt, Bool, Bytea, Nullable, Text, Timestamptz, Uuid};
use uuid::Uuid as Id;

use super::accounts::{Owner, owner, owners};
use super::moment::Moment;
use super::row::{Columns, Read, digest};
use super::statement::{Statement, purge};
use super::{Lend, PgStore};
use crate::Mailbox;
use crate::clock::SKEW;
use crate::link::{CodeDigest, Purpose, Record};
use crate::store::{Answer, LinkStore, Mail, SpentLink};
use crate::token::{Browser, Link, TokenDigest};

/// Whether the link `l` could be used up, but for its browser; see [`good`].
macro_rules! good {
    () => {
        "l.purpose = $1 AND l.expires_at > $2 AND l.issued_at <= $3 \
         AND CASE WHEN l.account_id IS NULL THEN NOT $4 \
             ELSE EXISTS (SELECT FROM auth_accounts a \
                          WHERE a.id = l.account_id AND a.mailbox = l.mailbox) END"
    };
}

/// Deletes the good links that fit, and returns them with their accounts.
macro_rules! consume {
    ($fit:literal) => {
        concat!(
            "WITH l AS (DELETE FROM auth_links l WHERE ",
            $fit,
            " AND ",
            good!(),
            " RETURNING l.*) SELECT l.*, ",
            owner!(),
            " FROM l",
            owners!("a.id = l.account_id")
        )
    };
}

/// The first four binds.
fn good(sql: &'static str, purpose: Purpose, now: SystemTime) -> Statement {
    Statement::new(sql)
        .bind::<Text, _>(purpose.name())
        .bind::<Timestamptz, Moment>(now.into())
        .bind::<Timestamptz, Moment>((now + SKEW).into())
        .bind::<Bool, _>(purpose.needs_account())
}

impl<L: Lend> LinkStore for PgStore<L> {
    async fn issue_link(
        &self,
        digest: &TokenDigest<Link>,
        record: &Record,
        mail: &Mail,
    ) -> Answer<(), Self> {
        let issued = Statement::new(
            "WITH mail AS (
                 INSERT INTO auth_outbox (kind, purpose, recipient, sealed_token, decoy)
                 VALUES ($1, $2, $3, $4, $5)
             )
             INSERT INTO auth_links (digest, purpose, account_id, mailbox, sent_to, browser, code,
                 carries, issued_at, expires_at)
             VALUES ($6, $7, $8, $9, $10, $11, $12, $13, $14, $15) RETURNING 1 AS issued",
        );
        let (browser, code) = match &record.browser {
            Some((browser, code)) => (Some(browser.as_bytes()), Some(code.as_bytes())),
            None => (None, None),
        };
        let mailbox = record.mailbox.as_ref();
        let issued = self
            .mailed(issued, mail)?
            .bind::<Bytea, _>(digest.as_bytes().to_vec())
            .bind::<Text, _>(record.purpose.name())
            .bind::<Nullable<Uuid>, _>(record.account.map(Id::from))
            .bind::<Nullable<Text>, _>(mailbox.map(|mailbox| mailbox.as_str().to_owned()))
            .bind::<Text, _>(record.sent_to.as_str().to_owned())
            .bind::<Nullable<Bytea>, _>(browser.map(|bytes| bytes.to_vec()))
            .bind::<Nullable<Bytea>, _>(code.map(|bytes| bytes.to_vec()))
            .bind::<Nullable<Text>, _>(record.carries.clone())
            .bind::<Timestamptz, Moment>(record.issued_at.into())
            .bind::<Timestamptz, Moment>(record.expires_at.into());
        self.any(issued).await.map(drop)
    }

    async fn find_link(
        &self,
        digest: &TokenDigest<Link>,
        purpose: Purpose,
        now: SystemTime,
    ) -> Answer<Option<Record>, Self> {
        let sql = concat!(
            "SELECT l.* FROM auth_links l WHERE l.digest = $5 AND ",
            good!()
        );
        let found = good(sql, purpose, now).bind::<Bytea, _>(digest.as_bytes().to_vec());
        self.first(found).await
    }

    async fn consume_link(
        &self,
        digest: &TokenDigest<Link>,
        purpose: Purpose,
        browser: Option<&TokenDigest<Browser>>,
        now: SystemTime,
    ) -> Answer<Option<SpentLink>, Self> {
        let sql = consume!("l.digest = $5 AND (l.browser = $6 OR l.browser IS NULL AND NOT $7)");
        let browser = browser.map(|browser| browser.as_bytes().to_vec());
        let spent = good(sql, purpose, now)
            .bind::<Bytea, _>(digest.as_bytes().to_vec())
            .bind::<Nullable<Bytea>, _>(browser)
            .bind::<Bool, _>(purpose.is_bound());
        self.first(spent).await
    }

    async fn count_code_attempt(
        &self,
        browser: &TokenDigest<Browser>,
        purpose: Purpose,
        most: u32,
        now: SystemTime,
    ) -> Answer<bool, Self> {
        let sql = concat!(
            "WITH counted AS (UPDATE auth_links l SET attempts = l.attempts + 1 \
             WHERE l.browser = $5 AND l.attempts <= $6 AND ",
            good!(),
            " RETURNING l.attempts) SELECT attempts FROM counted WHERE attempts <= $6"
        );
        let counted = good(sql, purpose, now)
            .bind::<Bytea, _>(browser.as_bytes().to_vec())
            .bind::<BigInt, _>(i64::from(most));
        self.any(counted).await
    }

    async fn consume_link_by_code(
        &self,
        browser: &TokenDigest<Browser>,
        code: &CodeDigest,
        purpose: Purpose,
        most: u32,
        now: SystemTime,
    ) -> Answer<Option<SpentLink>, Self> {
        let sql = consume!("l.browser = $5 AND l.code = $6 AND l.attempts <= $7");
        let spent = good(sql, purpose, now)
            .bind::<Bytea, _>(browser.as_bytes().to_vec())
            .bind::<Bytea, _>(code.as_bytes().to_vec())
            .bind::<BigInt, _>(i64::from(most));
        self.first(spent).await
    }

    async fn purge_links(&self, now: SystemTime, most: u32) -> Answer<u64, Self> {
        let purged = Statement::new(purge!("auth_links", "digest", "expires_at <= $1", "$2"));
        let purged = purged
            .bind::<Timestamptz, Moment>(now.into())
            .bind::<BigInt, _>(i64::from(most));
        self.count(purged).await
    }
}

impl Read for Record {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Record> {
        let mailbox = row.option::<Text, String>("mailbox")?;
        let browser = row.option::<Bytea, Vec<u8>>("browser")?;
        let code = row.option::<Bytea, Vec<u8>>("code")?;
        let purpose = Purpose::from_name(&row.text("purpose")?);
        Ok(Record {
            purpose: purpose.ok_or("the stored purpose is none")?,
            account: row.option::<Uuid, Id>("account_id")?.map(Into::into),
            mailbox: mailbox.map(|text| Mailbox::parse(&text)).transpose()?,
            sent_to: Mailbox::parse(&row.text("sent_to")?)?,
            browser: match (browser, code) {
                (Some(browser), Some(code)) => Some((
                    TokenDigest::from_bytes(digest(browser)?),
                    CodeDigest::from_bytes(digest(code)?),
                )),
                _ => None,
            },
            carries: row.option::<Text, _>("carries")?,
            issued_at: row.time("issued_at")?,
            expires_at: row.time("expires_at")?,
        })
    }
}

impl Read for SpentLink {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<SpentLink> {
        let Owner(account) = Owner::read(row)?;
        let record = Record::read(row)?;
        Ok(SpentLink { record, account })
    }
}
