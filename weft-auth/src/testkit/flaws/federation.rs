//! Flaws of single sign-on.

use std::time::SystemTime;

use super::{Flaw, Flawed};
use crate::sso::{
    Claim, Connection, ConnectionId, ConnectionState, Domain, DomainOwner, DomainProof,
    IdentityKey, IdentityRecord, OrganizationId, Pending, Revocation, Timestamp,
};
use crate::store::{
    Account, AccountStore, Answer, DirectoryStore, FlowStore, IdentityStore, SessionStore,
};
use crate::testkit::forward::forward;
use crate::{AccountId, Mailbox, SessionId};

/// What can look for accounts and end sessions besides.
trait People: IdentityStore + AccountStore + SessionStore {}

impl<S: IdentityStore + AccountStore + SessionStore> People for S {}

forward! { Flawed:
    FlowStore {
        keep_flow(flow: &Pending) -> ();
        purge_flows(started_before: SystemTime, most: u32) -> u64;
    } {
        async fn consume_flow(&self, state_digest: &[u8; 32]) -> Answer<Option<Pending>, Self> {
            let flow = self.inner.consume_flow(state_digest).await?;
            if let Some(flow) = flow.as_ref().filter(|_| self.is(Flaw::FlowStaysThere)) {
                self.inner.keep_flow(flow).await?;
            }
            Ok(flow)
        }
    }
    DirectoryStore {
        connection(id: &ConnectionId) -> Option<Connection>;
        connections_of(organization: &OrganizationId) -> Vec<Connection>;
        owner_of_domain(domain: &Domain) -> Option<DomainOwner>;
        claims_of(organization: &OrganizationId) -> Vec<Claim>;
    } {
        async fn keep_connection(&self, connection: &Connection) -> Answer<(), Self> {
            let written = |state, at: Option<&Timestamp>| Connection::restore(
                connection.id().clone(),
                connection.organization_id().cloned(),
                state,
                at.cloned(),
            );
            let is_deleted = connection.state() == ConnectionState::Deleted;
            if self.is(Flaw::LastStateIsKept) {
                let kept = self.inner.connection(connection.id()).await?;
                if kept.is_some_and(|kept| kept.state() != ConnectionState::Deleted) {
                    // What makes room for whatever comes.
                    let late = written(connection.state(), Timestamp::new("9999-01-01T00:00:00.000Z").as_ref());
                    return self.inner.keep_connection(&late).await;
                }
            }
            match self.is(Flaw::DeletedConnectionIsInactive) && is_deleted {
                true => {
                    let inactive = written(ConnectionState::Inactive, connection.updated_at());
                    self.inner.keep_connection(&inactive).await
                }
                false => self.inner.keep_connection(connection).await,
            }
        }

        async fn claim_domain(
            &self,
            organization: &OrganizationId,
            domain: &Domain,
        ) -> Answer<(), Self> {
            self.inner.claim_domain(organization, domain).await?;
            let at = Timestamp::new("0001-01-01T00:00:00.000Z");
            if let Some(at) = at.filter(|_| self.is(Flaw::ClaimIsBelieved)) {
                let verified = DomainProof::Verified;
                self.inner.keep_domain(organization, domain, verified, &at).await?;
            }
            Ok(())
        }

        async fn keep_domain(
            &self,
            organization: &OrganizationId,
            domain: &Domain,
            proof: DomainProof,
            at: &Timestamp,
        ) -> Answer<bool, Self> {
            let kept = self.inner.keep_domain(organization, domain, proof, at).await?;
            Ok(kept || self.is(Flaw::DomainIsTaken))
        }

        async fn enforce_domain(
            &self,
            organization: &OrganizationId,
            domain: &Domain,
            enforced: bool,
            but: Option<SessionId>,
        ) -> Answer<bool, Self> {
            let but = but.filter(|_| !self.is(Flaw::EnforcedSparesNobody));
            let set = self.inner.enforce_domain(organization, domain, enforced, but).await?;
            Ok(set || self.is(Flaw::DomainIsEnforcedByAnybody))
        }

        async fn delete_organization(
            &self,
            organization: &OrganizationId,
            at: &Timestamp,
        ) -> Answer<(), Self> {
            match self.is(Flaw::OrganizationLeavesDomains) {
                true => Ok(()),
                false => self.inner.delete_organization(organization, at).await,
            }
        }

        async fn forget_organization(&self, organization: &OrganizationId) -> Answer<u64, Self> {
            let connections = self.inner.connections_of(organization).await?;
            let ended = self.inner.forget_organization(organization).await?;
            for kept in connections.iter().filter(|_| self.is(Flaw::ForgottenIsDeleted)) {
                let (id, at) = (kept.id().clone(), kept.updated_at().cloned());
                let deleted = ConnectionState::Deleted;
                let deleted = Connection::restore(id, Some(organization.clone()), deleted, at);
                self.inner.keep_connection(&deleted).await?;
            }
            Ok(ended)
        }
    }
}

impl<S: People> IdentityStore for Flawed<S> {
    async fn recognize_identity(
        &self,
        identity: &IdentityRecord,
    ) -> Answer<Option<AccountId>, Self> {
        let known = self.inner.recognize_identity(identity).await?;
        let Ok(mailbox) = Mailbox::parse(&identity.email) else {
            return Ok(known);
        };
        let by_address = self.inner.account_by_mailbox(&mailbox).await?;
        let by_address = by_address.filter(|_| self.is(Flaw::PersonIsKnownByAddress));
        Ok(known.or(by_address.map(|account| account.id)))
    }

    async fn create_identified_account(
        &self,
        account: &Account,
        identity: &IdentityRecord,
    ) -> Answer<bool, Self> {
        if !self.is(Flaw::AccountIsMadeAndThenIdentified) {
            let created = self.inner.create_identified_account(account, identity);
            return created.await;
        }
        let created = self.inner.create_account(account).await?;
        let linked = self
            .inner
            .link_identity(identity, account.id, &account.mailbox, None);
        Ok(created && linked.await?)
    }

    async fn link_identity(
        &self,
        identity: &IdentityRecord,
        account: AccountId,
        mailbox: &Mailbox,
        but: Option<SessionId>,
    ) -> Answer<bool, Self> {
        let now = self.inner.account(account).await?;
        let now = now.filter(|_| self.is(Flaw::MailboxIsReadAgain));
        let mailbox = now.as_ref().map_or(mailbox, |now| &now.mailbox);
        let linked = self.inner.link_identity(identity, account, mailbox, but);
        linked.await
    }

    async fn unlink_identity(
        &self,
        account: AccountId,
        identity: &IdentityKey,
    ) -> Answer<bool, Self> {
        self.inner.unlink_identity(account, identity).await
    }

    async fn unlink_identities(
        &self,
        account: AccountId,
        organization: &OrganizationId,
    ) -> Answer<u64, Self> {
        if !self.is(Flaw::IdentitiesOutliveTheMember) {
            return self.inner.unlink_identities(account, organization).await;
        }
        let own = self.inner.identities_of(account).await?;
        let own = own.iter().filter(|own| own.organization == *organization);
        Ok(own.count() as u64)
    }

    async fn identities_of(&self, account: AccountId) -> Answer<Vec<IdentityRecord>, Self> {
        self.inner.identities_of(account).await
    }

    async fn people_of(&self, revocation: &Revocation) -> Answer<Vec<AccountId>, Self> {
        match self.is(Flaw::PeopleAreForgotten) {
            true => Ok(Vec::new()),
            false => self.inner.people_of(revocation).await,
        }
    }

    async fn revoke_federated(&self, revocation: &Revocation) -> Answer<u64, Self> {
        match revocation {
            Revocation::Person {
                organization,
                idp_id: None,
                emails,
            } if emails.is_empty() && self.is(Flaw::NobodyIsEverybody) => {
                let all = Revocation::Organization(organization.clone());
                self.inner.revoke_federated(&all).await
            }
            Revocation::Connection(id) if self.is(Flaw::RevocationLeavesChallenges) => {
                self.inner.revoke_connection(id.as_str()).await
            }
            _ => self.inner.revoke_federated(revocation).await,
        }
    }
}
