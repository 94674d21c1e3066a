use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Bool, Nullable, Text, Uuid};
use uuid::Uuid as Id;

use super::row::{Columns, Read};
use super::statement::Statement;
use super::{Lend, PgStore};
use crate::store::{Account, AccountState, AccountStore, Answer};
use crate::{AccountId, Mailbox, SessionId};

/// The columns of an account, of the rows `a` and `t` as [`owners`] joins them.
macro_rules! owner {
    () => {
        "a.id AS owner_id, a.mailbox AS owner_mailbox, a.password AS owner_password, \
         a.state AS owner_state, a.break_glass AS owner_break_glass, a.epoch AS owner_epoch, \
         t.account_id IS NOT NULL AS owner_second_factor"
    };
}

/// Joins an account and its app to what is before.
macro_rules! owners {
    ($on:literal) => {
        concat!(
            " LEFT JOIN auth_accounts a ON ",
            $on,
            " LEFT JOIN auth_totps t ON t.account_id = a.id"
        )
    };
}

pub(super) use {owner, owners};

/// An account, if the row has one.
pub(super) struct Owner(pub(super) Option<Account>);

/// The epoch that an account is in.
struct Epoch(u64);

/// Whether something is the case.
struct Is(bool);

impl<L: Lend> AccountStore for PgStore<L> {
    async fn account_by_mailbox(&self, mailbox: &Mailbox) -> Answer<Option<Account>, Self> {
        let found = Statement::new(concat!(
            "SELECT ",
            owner!(),
            " FROM (VALUES (1)) AS one",
            owners!("a.mailbox = $1")
        ));
        let found = found.bind::<Text, _>(mailbox.as_str().to_owned());
        let Owner(account) = self.one(found).await?;
        Ok(account)
    }

    async fn account(&self, id: AccountId) -> Answer<Option<Account>, Self> {
        let found = Statement::new(concat!(
            "SELECT ",
            owner!(),
            " FROM (VALUES (1)) AS one",
            owners!("a.id = $1")
        ));
        let Owner(account) = self.one(found.bind::<Uuid, Id>(id.into())).await?;
        Ok(account)
    }

    async fn requires_single_sign_on(&self, domain: &str) -> Answer<bool, Self> {
        let found = Statement::new(
            "SELECT EXISTS (SELECT FROM auth_domains WHERE domain = $1
                 AND proof = 'verified' AND enforced) AS is",
        );
        let Is(is) = self.one(found.bind::<Text, _>(domain.to_owned())).await?;
        Ok(is)
    }

    async fn create_account(&self, account: &Account) -> Answer<bool, Self> {
        let created = Statement::new(
            "INSERT INTO auth_accounts (id, mailbox, password, state, break_glass)
             SELECT $1, $2, $3, $4, $5 WHERE NOT $6 ON CONFLICT DO NOTHING RETURNING id",
        );
        let created = created
            .bind::<Uuid, Id>(account.id.into())
            .bind::<Text, _>(account.mailbox.as_str().to_owned())
            .bind::<Nullable<Text>, _>(account.password.clone())
            .bind::<Text, _>(name(account.state))
            .bind::<Bool, _>(account.break_glass)
            .bind::<Bool, _>(account.second_factor);
        self.any(created).await
    }

    async fn replace_password(
        &self,
        id: AccountId,
        hash: &str,
        but: Option<SessionId>,
    ) -> Answer<Option<u64>, Self> {
        let replaced = Statement::new(
            "WITH account AS (
                 UPDATE auth_accounts a SET password = $2, epoch = a.epoch + 1,
                     token_epoch = a.token_epoch + CASE WHEN $3 IS NULL THEN 1 ELSE 0 END
                 WHERE a.id = $1 AND ($3 IS NULL OR EXISTS (
                     SELECT FROM auth_sessions s
                     WHERE s.id = $3 AND s.account_id = a.id AND s.epoch = a.epoch))
                 RETURNING a.id, a.epoch
             ), kept AS (
                 UPDATE auth_sessions s SET epoch = account.epoch FROM account
                 WHERE s.account_id = account.id AND s.id = $3
             ), sessions AS (
                 DELETE FROM auth_sessions s USING account
                 WHERE s.account_id = account.id AND s.id IS DISTINCT FROM $3
             ), links AS (
                 DELETE FROM auth_links l USING account WHERE l.account_id = account.id
             ), tokens AS (
                 DELETE FROM auth_api_tokens t USING account
                 WHERE t.account_id = account.id AND $3 IS NULL
             )
             SELECT epoch FROM account",
        );
        let replaced = replaced
            .bind::<Uuid, Id>(id.into())
            .bind::<Text, _>(hash.to_owned())
            .bind::<Nullable<Uuid>, _>(but.map(Id::from));
        let replaced = self.first(replaced).await?;
        Ok(replaced.map(|Epoch(epoch)| epoch))
    }

    async fn rehash_password(&self, id: AccountId, old: &str, new: &str) -> Answer<bool, Self> {
        let replaced = Statement::new(
            "UPDATE auth_accounts SET password = $3 WHERE id = $1 AND password = $2 RETURNING id",
        );
        let replaced = replaced
            .bind::<Uuid, Id>(id.into())
            .bind::<Text, _>(old.to_owned())
            .bind::<Text, _>(new.to_owned());
        self.any(replaced).await
    }

    async fn change_mailbox(
        &self,
        id: AccountId,
        from: &Mailbox,
        to: &Mailbox,
    ) -> Answer<bool, Self> {
        let changed = Statement::new(
            "WITH account AS (
                 UPDATE auth_accounts SET mailbox = $3 WHERE id = $1 AND mailbox = $2
                 AND NOT EXISTS (SELECT FROM auth_accounts WHERE mailbox = $3) RETURNING id
             ), identities AS (
                 DELETE FROM auth_identities i USING account WHERE i.account_id = account.id
             ), sessions AS (
                 DELETE FROM auth_sessions s USING account
                 WHERE s.account_id = account.id AND s.connection IS NOT NULL
             ), challenges AS (
                 DELETE FROM auth_challenges c USING account
                 WHERE c.account_id = account.id AND c.connection IS NOT NULL
             )
             SELECT id FROM account",
        );
        let changed = changed
            .bind::<Uuid, Id>(id.into())
            .bind::<Text, _>(from.as_str().to_owned())
            .bind::<Text, _>(to.as_str().to_owned());
        match self.any(changed).await {
            // Somebody got it since the statement began.
            Err(error) if error.is_taken() => Ok(false),
            changed => changed,
        }
    }

    async fn verify_mailbox(&self, id: AccountId, mailbox: &Mailbox) -> Answer<bool, Self> {
        let verified = Statement::new(
            "UPDATE auth_accounts SET state = 'active'
             WHERE id = $1 AND mailbox = $2 AND state = 'unverified' RETURNING id",
        );
        let verified = verified
            .bind::<Uuid, Id>(id.into())
            .bind::<Text, _>(mailbox.as_str().to_owned());
        self.any(verified).await
    }

    async fn suspend_account(&self, id: AccountId) -> Answer<bool, Self> {
        let suspended = Statement::new(
            "WITH account AS (
                 UPDATE auth_accounts SET state = 'suspended', epoch = epoch + 1 WHERE id = $1
                 RETURNING id
             ), sessions AS (
                 DELETE FROM auth_sessions s USING account WHERE s.account_id = account.id
             ), links AS (
                 DELETE FROM auth_links l USING account WHERE l.account_id = account.id
             )
             SELECT id FROM account",
        );
        self.any(suspended.bind::<Uuid, Id>(id.into())).await
    }

    async fn delete_account(&self, id: AccountId) -> Answer<bool, Self> {
        // What refers to an account goes with it; links do not, so that they tell nobody apart.
        let deleted = Statement::new(
            "WITH account AS (
                 DELETE FROM auth_accounts WHERE id = $1 RETURNING id
             ), links AS (
                 DELETE FROM auth_links l USING account WHERE l.account_id = account.id
             )
             SELECT id FROM account",
        );
        self.any(deleted.bind::<Uuid, Id>(id.into())).await
    }
}

pub(super) fn name(state: AccountState) -> &'static str {
    match state {
        AccountState::Active => "active",
        AccountState::Unverified => "unverified",
        AccountState::Suspended => "suspended",
    }
}

impl Read for Owner {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Owner> {
        let Some(id) = row.option::<Uuid, Id>("owner_id")? else {
            return Ok(Owner(None));
        };
        Ok(Owner(Some(Account {
            id: id.into(),
            mailbox: Mailbox::parse(&row.text("owner_mailbox")?)?,
            password: row.option::<Text, _>("owner_password")?,
            state: match row.text("owner_state")?.as_str() {
                "active" => AccountState::Active,
                "unverified" => AccountState::Unverified,
                "suspended" => AccountState::Suspended,
                _ => return Err("the stored state of an account is none".into()),
            },
            second_factor: row.value::<Bool, _>("owner_second_factor")?,
            break_glass: row.value::<Bool, _>("owner_break_glass")?,
            epoch: row.number("owner_epoch")?,
        })))
    }
}

impl Read for Epoch {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Epoch> {
        row.number("epoch").map(Epoch)
    }
}

impl Read for Is {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Is> {
        row.value::<Bool, _>("is").map(Is)
    }
}
