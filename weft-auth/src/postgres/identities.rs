use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz, Uuid};
use uuid::Uuid as Id;

use super::accounts::name;
use super::moment::Moment;
use super::row::{Columns, Read};
use super::statement::Statement;
use super::{Lend, PgStore};
use crate::sso::{ConnectionId, IdentityKey, IdentityRecord, OrganizationId, Revocation};
use crate::store::{Account, Answer, IdentityStore};
use crate::{AccountId, Mailbox, SessionId};

/// Deletes what came over the connections of `came`, of its accounts or of all, and counts the sessions.
macro_rules! end {
    ($($came:tt)*) => {
        concat!(
            "WITH came AS (",
            $($came)*,
            "), challenges AS ( \
                 DELETE FROM auth_challenges c USING came WHERE c.connection = came.connection \
                 AND (came.account_id IS NULL OR c.account_id = came.account_id) \
             ), ended AS ( \
                 DELETE FROM auth_sessions s USING came WHERE s.connection = came.connection \
                 AND (came.account_id IS NULL OR s.account_id = came.account_id) RETURNING s.id \
             ) SELECT count(*) FROM ended"
        )
    };
}

/// The identities of an organisation that are a person's, with their accounts.
macro_rules! persons {
    () => {
        "SELECT i.account_id, i.connection FROM auth_identities i \
         JOIN auth_accounts a ON a.id = i.account_id WHERE i.organization = $1 \
         AND (i.idp_id = $2 OR i.email = ANY ($3) OR a.mailbox = ANY ($3))"
    };
}

/// The same of all who have an address in a domain.
macro_rules! of_domain {
    () => {
        "SELECT i.account_id, i.connection FROM auth_identities i \
         JOIN auth_accounts a ON a.id = i.account_id WHERE i.organization = $1 \
         AND (split_part(i.email, '@', 2) = $2 OR split_part(a.mailbox, '@', 2) = $2)"
    };
}

/// The statements about a connection, an organisation, one of its people, and all in a domain.
struct About {
    connection: Option<&'static str>,
    organization: &'static str,
    person: &'static str,
    domain: &'static str,
}

/// Whose an identity is.
struct Whose(AccountId);

impl<L: Lend> IdentityStore for PgStore<L> {
    async fn recognize_identity(
        &self,
        identity: &IdentityRecord,
    ) -> Answer<Option<AccountId>, Self> {
        let known = Statement::new(
            "UPDATE auth_identities SET email = $4
             WHERE connection = $1 AND idp_id = $2 AND organization = $3 RETURNING account_id",
        );
        let whose = self.first(written(known, identity)).await?;
        Ok(whose.map(|Whose(account)| account))
    }

    async fn create_identified_account(
        &self,
        account: &Account,
        identity: &IdentityRecord,
    ) -> Answer<bool, Self> {
        let created = Statement::new(
            "WITH account AS (
                 INSERT INTO auth_accounts (id, mailbox, password, state, break_glass)
                 SELECT $6, $7, $8, $9, $10 WHERE NOT $11 AND NOT EXISTS (
                     SELECT FROM auth_identities WHERE connection = $1 AND idp_id = $2)
                 ON CONFLICT DO NOTHING RETURNING id
             )
             INSERT INTO auth_identities (connection, idp_id, organization, email, since, account_id)
             SELECT $1, $2, $3, $4, $5, id FROM account RETURNING account_id",
        );
        let created = written(created, identity)
            .bind::<Uuid, Id>(account.id.into())
            .bind::<Text, _>(account.mailbox.as_str().to_owned())
            .bind::<Nullable<Text>, _>(account.password.clone())
            .bind::<Text, _>(name(account.state))
            .bind::<Bool, _>(account.break_glass)
            .bind::<Bool, _>(account.second_factor);
        match self.any(created).await {
            // The identity got an account since the statement began.
            Err(error) if error.is_taken() => Ok(false),
            created => created,
        }
    }

    async fn link_identity(
        &self,
        identity: &IdentityRecord,
        account: AccountId,
        mailbox: &Mailbox,
        but: Option<SessionId>,
    ) -> Answer<bool, Self> {
        let linked = Statement::new(
            "WITH account AS (
                 SELECT id FROM auth_accounts WHERE id = $6 AND mailbox = $7 AND state = 'active'
                 FOR NO KEY UPDATE
             ), linked AS (
                 INSERT INTO auth_identities (connection, idp_id, organization, email, since, account_id)
                 SELECT $1, $2, $3, $4, $5, id FROM account ON CONFLICT DO NOTHING RETURNING account_id
             ), sessions AS (
                 DELETE FROM auth_sessions s USING linked
                 WHERE s.account_id = linked.account_id AND s.id IS DISTINCT FROM $8
             ), challenges AS (
                 DELETE FROM auth_challenges c USING linked WHERE c.account_id = linked.account_id
             ), links AS (
                 DELETE FROM auth_links l USING linked WHERE l.account_id = linked.account_id
             )
             SELECT account_id FROM linked",
        );
        let linked = written(linked, identity)
            .bind::<Uuid, Id>(account.into())
            .bind::<Text, _>(mailbox.as_str().to_owned())
            .bind::<Nullable<Uuid>, _>(but.map(Id::from));
        self.any(linked).await
    }

    async fn unlink_identity(
        &self,
        account: AccountId,
        identity: &IdentityKey,
    ) -> Answer<bool, Self> {
        let unlinked = Statement::new(
            "WITH identity AS (
                 DELETE FROM auth_identities
                 WHERE account_id = $1 AND connection = $2 AND idp_id = $3
                 RETURNING account_id, connection
             ), sessions AS (
                 DELETE FROM auth_sessions s USING identity i
                 WHERE s.account_id = i.account_id AND s.connection = i.connection
             ), challenges AS (
                 DELETE FROM auth_challenges c USING identity i
                 WHERE c.account_id = i.account_id AND c.connection = i.connection
             )
             SELECT account_id FROM identity",
        );
        let unlinked = unlinked
            .bind::<Uuid, Id>(account.into())
            .bind::<Text, _>(identity.connection().as_str().to_owned())
            .bind::<Text, _>(identity.idp_id().to_owned());
        self.any(unlinked).await
    }

    async fn unlink_identities(
        &self,
        account: AccountId,
        organization: &OrganizationId,
    ) -> Answer<u64, Self> {
        let unlinked = Statement::new(
            "WITH identities AS (
                 DELETE FROM auth_identities WHERE account_id = $1 AND organization = $2
                 RETURNING account_id, connection
             ), sessions AS (
                 DELETE FROM auth_sessions s USING identities i
                 WHERE s.account_id = i.account_id AND s.connection = i.connection
             ), challenges AS (
                 DELETE FROM auth_challenges c USING identities i
                 WHERE c.account_id = i.account_id AND c.connection = i.connection
             )
             SELECT count(*) FROM identities",
        );
        let unlinked = unlinked
            .bind::<Uuid, Id>(account.into())
            .bind::<Text, _>(organization.as_str().to_owned());
        self.count(unlinked).await
    }

    async fn identities_of(&self, account: AccountId) -> Answer<Vec<IdentityRecord>, Self> {
        let found = Statement::new("SELECT * FROM auth_identities WHERE account_id = $1");
        self.all(found.bind::<Uuid, Id>(account.into())).await
    }

    async fn people_of(&self, revocation: &Revocation) -> Answer<Vec<AccountId>, Self> {
        let Some(people) = PEOPLE.statement(revocation) else {
            return Ok(Vec::new());
        };
        let people: Vec<Whose> = self.all(people).await?;
        Ok(people.into_iter().map(|Whose(account)| account).collect())
    }

    async fn revoke_federated(&self, revocation: &Revocation) -> Answer<u64, Self> {
        match END.statement(revocation) {
            Some(ended) => self.count(ended).await,
            None => Ok(0),
        }
    }
}

impl About {
    /// The one of a revocation, if there is one.
    fn statement(&self, revocation: &Revocation) -> Option<Statement> {
        let of = |sql, organization: &OrganizationId| {
            Statement::new(sql).bind::<Text, _>(organization.as_str().to_owned())
        };
        Some(match revocation {
            Revocation::Connection(id) => {
                Statement::new(self.connection?).bind::<Text, _>(id.as_str().to_owned())
            }
            Revocation::Organization(organization) => of(self.organization, organization),
            Revocation::Person {
                organization,
                idp_id,
                emails,
            } => of(self.person, organization)
                .bind::<Nullable<Text>, _>(idp_id.clone())
                .bind::<Array<Text>, _>(emails.clone()),
            Revocation::Domain {
                organization,
                domain,
            } => of(self.domain, organization).bind::<Text, _>(domain.as_str().to_owned()),
        })
    }
}

/// The first five binds.
fn written(statement: Statement, identity: &IdentityRecord) -> Statement {
    statement
        .bind::<Text, _>(identity.key.connection().as_str().to_owned())
        .bind::<Text, _>(identity.key.idp_id().to_owned())
        .bind::<Text, _>(identity.organization.as_str().to_owned())
        .bind::<Text, _>(identity.email.clone())
        .bind::<Timestamptz, Moment>(identity.since.into())
}

impl Read for Whose {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Whose> {
        row.id("account_id").map(Whose)
    }
}

impl Read for IdentityRecord {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<IdentityRecord> {
        let connection = ConnectionId::new(row.text("connection")?)?;
        let key = IdentityKey::new(connection, &row.text("idp_id")?);
        Ok(IdentityRecord {
            key: key.ok_or("the stored id of an identity is none")?,
            organization: OrganizationId::new(row.text("organization")?)?,
            email: row.text("email")?,
            since: row.time("since")?,
        })
    }
}

const PEOPLE: About = About {
    connection: None,
    organization: "SELECT DISTINCT account_id FROM auth_identities WHERE organization = $1",
    person: concat!(
        "SELECT account_id FROM (",
        persons!(),
        ") AS known UNION SELECT id FROM auth_accounts WHERE mailbox = ANY ($3)"
    ),
    domain: concat!(
        "SELECT DISTINCT account_id FROM (",
        of_domain!(),
        ") AS known"
    ),
};

const END: About = About {
    connection: Some(end!("SELECT NULL::uuid AS account_id, $1 AS connection")),
    organization: end!(
        "SELECT NULL::uuid AS account_id, id AS connection FROM auth_connections \
         WHERE organization = $1 \
         UNION SELECT NULL, connection FROM auth_identities WHERE organization = $1"
    ),
    person: end!(persons!()),
    domain: end!(of_domain!()),
};
