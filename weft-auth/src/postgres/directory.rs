use diesel::deserialize;
use diesel::pg::Pg;
use diesel::row::NamedRow;
use diesel::sql_types::{Bool, Nullable, Text, Uuid};
use uuid::Uuid as Id;

use super::row::{Columns, Read};
use super::statement::Statement;
use super::{Lend, PgStore};
use crate::SessionId;
use crate::link::Purpose;
use crate::sso::{
    Claim, Connection, ConnectionId, ConnectionState, Domain, DomainOwner, DomainProof,
    OrganizationId, Timestamp,
};
use crate::store::{Answer, DirectoryStore};

impl<L: Lend> DirectoryStore for PgStore<L> {
    async fn keep_connection(&self, connection: &Connection) -> Answer<(), Self> {
        let kept = Statement::new(
            "INSERT INTO auth_connections AS c (id, organization, state, updated_at)
             VALUES ($1, $2, $3, $4)
             ON CONFLICT (id) DO UPDATE SET
                 organization = excluded.organization, state = excluded.state,
                 updated_at = excluded.updated_at
             WHERE c.state <> 'deleted' AND (
                 excluded.state = 'deleted' OR excluded.updated_at > c.updated_at
                 OR excluded.updated_at = c.updated_at
                     AND c.state = 'active' AND excluded.state <> 'active')
             RETURNING id",
        );
        let organization = connection.organization_id();
        let kept = kept
            .bind::<Text, _>(connection.id().as_str().to_owned())
            .bind::<Nullable<Text>, _>(organization.map(|id| id.as_str().to_owned()))
            .bind::<Text, _>(connection.state().name())
            .bind::<Text, _>(time(connection.updated_at()));
        self.any(kept).await.map(drop)
    }

    async fn connection(&self, id: &ConnectionId) -> Answer<Option<Connection>, Self> {
        let found = Statement::new("SELECT * FROM auth_connections WHERE id = $1");
        let found = found.bind::<Text, _>(id.as_str().to_owned());
        self.first(found).await
    }

    async fn connections_of(&self, organization: &OrganizationId) -> Answer<Vec<Connection>, Self> {
        let found = Statement::new("SELECT * FROM auth_connections WHERE organization = $1");
        let found = found.bind::<Text, _>(organization.as_str().to_owned());
        self.all(found).await
    }

    async fn claim_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
    ) -> Answer<(), Self> {
        let claimed = Statement::new(
            "INSERT INTO auth_domains AS d (organization, domain, proof, enforced, updated_at)
             VALUES ($1, $2, 'pending', false, '')
             ON CONFLICT (organization, domain) DO UPDATE SET proof = 'pending'
             WHERE d.proof <> 'verified' RETURNING domain",
        );
        self.any(of(claimed, organization, domain)).await.map(drop)
    }

    async fn keep_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
        proof: DomainProof,
        at: &Timestamp,
    ) -> Answer<bool, Self> {
        let kept = Statement::new(
            "INSERT INTO auth_domains AS d (organization, domain, proof, enforced, updated_at)
             VALUES ($1, $2, $3, false, $4)
             ON CONFLICT (organization, domain) DO UPDATE SET
                 proof = excluded.proof, enforced = d.enforced AND excluded.proof = 'verified',
                 updated_at = excluded.updated_at
             WHERE excluded.updated_at > d.updated_at
                OR excluded.updated_at = d.updated_at
                    AND d.proof = 'verified' AND excluded.proof <> 'verified'
             RETURNING domain",
        );
        let kept = of(kept, organization, domain)
            .bind::<Text, _>(proof.name())
            .bind::<Text, _>(time(Some(at)));
        match self.any(kept).await {
            // It is verified for another organisation.
            Err(error) if error.is_taken() => Ok(false),
            kept => kept.map(|_| true),
        }
    }

    async fn enforce_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
        enforced: bool,
        but: Option<SessionId>,
    ) -> Answer<bool, Self> {
        let set = Statement::new(
            "WITH domain AS (
                 UPDATE auth_domains SET enforced = $3
                 WHERE organization = $1 AND domain = $2 AND proof = 'verified'
                 RETURNING domain, enforced
             ), people AS (
                 UPDATE auth_accounts a SET epoch = a.epoch + 1 FROM domain d
                 WHERE d.enforced AND split_part(a.mailbox, '@', 2) = d.domain
                 RETURNING a.id, a.epoch
             ), kept AS (
                 UPDATE auth_sessions s SET epoch = p.epoch FROM people p
                 WHERE s.account_id = p.id AND s.epoch = p.epoch - 1
                   AND (s.connection IS NOT NULL OR s.id = $4)
             ), ended AS (
                 DELETE FROM auth_sessions s USING people p
                 WHERE s.account_id = p.id AND s.connection IS NULL AND s.id IS DISTINCT FROM $4
             ), challenges AS (
                 DELETE FROM auth_challenges c USING people p WHERE c.account_id = p.id
             ), links AS (
                 DELETE FROM auth_links l USING people p WHERE l.account_id = p.id AND l.purpose IN ($5, $6)
             )
             SELECT domain FROM domain",
        );
        let set = of(set, organization, domain)
            .bind::<Bool, _>(enforced)
            .bind::<Nullable<Uuid>, _>(but.map(Id::from))
            .bind::<Text, _>(Purpose::ChangeFrom.name().to_owned())
            .bind::<Text, _>(Purpose::ChangeTo.name().to_owned());
        self.any(set).await
    }

    async fn owner_of_domain(&self, domain: &Domain) -> Answer<Option<DomainOwner>, Self> {
        let found = Statement::new(
            "SELECT organization, enforced FROM auth_domains
             WHERE domain = $1 AND proof = 'verified'",
        );
        let found = found.bind::<Text, _>(domain.as_str().to_owned());
        self.first(found).await
    }

    async fn claims_of(&self, organization: &OrganizationId) -> Answer<Vec<Claim>, Self> {
        let found = Statement::new("SELECT * FROM auth_domains WHERE organization = $1");
        let found = found.bind::<Text, _>(organization.as_str().to_owned());
        self.all(found).await
    }

    async fn delete_organization(
        &self,
        organization: &OrganizationId,
        at: &Timestamp,
    ) -> Answer<(), Self> {
        let deleted = Statement::new(
            "WITH connections AS (
                 UPDATE auth_connections SET state = 'deleted' WHERE organization = $1
             )
             UPDATE auth_domains SET proof = 'withdrawn', enforced = false,
                 updated_at = greatest(updated_at, $2)
             WHERE organization = $1 RETURNING domain",
        );
        let deleted = deleted
            .bind::<Text, _>(organization.as_str().to_owned())
            .bind::<Text, _>(time(Some(at)));
        self.any(deleted).await.map(drop)
    }

    async fn forget_organization(&self, organization: &OrganizationId) -> Answer<u64, Self> {
        let forgotten = Statement::new(
            "WITH connections AS (
                 DELETE FROM auth_connections WHERE organization = $1 RETURNING id
             ), identities AS (
                 DELETE FROM auth_identities WHERE organization = $1 RETURNING connection
             ), domains AS (
                 DELETE FROM auth_domains WHERE organization = $1
             ), came AS (
                 SELECT id FROM connections UNION SELECT connection FROM identities
             ), challenges AS (
                 DELETE FROM auth_challenges c USING came WHERE c.connection = came.id
             ), ended AS (
                 DELETE FROM auth_sessions s USING came WHERE s.connection = came.id RETURNING s.id
             )
             SELECT count(*) FROM ended",
        );
        let forgotten = forgotten.bind::<Text, _>(organization.as_str().to_owned());
        self.count(forgotten).await
    }
}

/// The first two binds.
fn of(statement: Statement, organization: &OrganizationId, domain: &Domain) -> Statement {
    statement
        .bind::<Text, _>(organization.as_str().to_owned())
        .bind::<Text, _>(domain.as_str().to_owned())
}

/// A time that is not known is earlier than all.
fn time(time: Option<&Timestamp>) -> String {
    time.map_or("", Timestamp::as_str).to_owned()
}

impl Read for Connection {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Connection> {
        let organization = row.option::<Text, String>("organization")?;
        Ok(Connection::restore(
            ConnectionId::new(row.text("id")?)?,
            organization.map(OrganizationId::new).transpose()?,
            ConnectionState::from_name(&row.text("state")?),
            Timestamp::new(&row.text("updated_at")?),
        ))
    }
}

impl Read for Claim {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<Claim> {
        let domain = Domain::new(&row.text("domain")?);
        let proof = DomainProof::from_name(&row.text("proof")?);
        Ok(Claim::new(
            domain.ok_or("the stored domain is none")?,
            proof.ok_or("the stored proof of a domain is none")?,
            row.value::<Bool, _>("enforced")?,
        ))
    }
}

impl Read for DomainOwner {
    fn read<'r>(row: &Columns<'_, impl NamedRow<'r, Pg>>) -> deserialize::Result<DomainOwner> {
        let organization = OrganizationId::new(row.text("organization")?)?;
        Ok(DomainOwner::new(
            organization,
            row.value::<Bool, _>("enforced")?,
        ))
    }
}
