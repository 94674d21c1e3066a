use std::cmp::Ordering;

use super::{Memory, Tables};
use crate::SessionId;
use crate::link::Purpose;
use crate::sso::{
    Claim, Connection, ConnectionId, ConnectionState, Domain, DomainOwner, DomainProof,
    OrganizationId, Timestamp,
};
use crate::store::{Answer, DirectoryStore};

pub(super) struct ClaimRow {
    pub(super) organization: OrganizationId,
    pub(super) claim: Claim,
    pub(super) at: Option<Timestamp>,
}

impl DirectoryStore for Memory {
    fn keep_connection(
        &self,
        connection: &Connection,
    ) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| {
            let mut kept = tables.connections.iter_mut();
            match kept.find(|kept| kept.id() == connection.id()) {
                Some(kept) if connection.replaces(kept) => *kept = connection.clone(),
                Some(_) => {}
                None => tables.connections.push(connection.clone()),
            }
        })
    }

    fn connection(
        &self,
        id: &ConnectionId,
    ) -> impl Future<Output = Answer<Option<Connection>, Self>> + Send {
        self.step(|tables| {
            let mut kept = tables.connections.iter();
            kept.find(|kept| kept.id() == id).cloned()
        })
    }

    fn connections_of(
        &self,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<Vec<Connection>, Self>> + Send {
        self.step(|tables| {
            let kept = tables.connections.iter();
            let own = kept.filter(|kept| kept.organization_id() == Some(organization));
            own.cloned().collect()
        })
    }

    fn claim_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
    ) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| {
            let row = tables.claim(organization, domain);
            if row.claim.proof != DomainProof::Verified {
                row.claim.proof = DomainProof::Pending;
            }
        })
    }

    fn keep_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
        proof: DomainProof,
        at: &Timestamp,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let verified = proof == DomainProof::Verified;
            let is_kept = |row: &ClaimRow| match row.at.as_ref().cmp(&Some(at)) {
                Ordering::Greater => true,
                Ordering::Equal => verified || row.claim.proof != DomainProof::Verified,
                Ordering::Less => false,
            };
            if tables.claim_of(organization, domain).is_some_and(is_kept) {
                return true;
            }
            let owner = tables.owner(domain);
            if verified && owner.is_some_and(|owner| owner.organization != *organization) {
                return false;
            }
            let row = tables.claim(organization, domain);
            row.claim = Claim::new(domain.clone(), proof, row.claim.enforced && verified);
            row.at = Some(at.clone());
            true
        })
    }

    fn enforce_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
        enforced: bool,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let own = tables.owner(domain);
            let Some(own) = own.filter(|row| row.organization == *organization) else {
                return false;
            };
            own.claim.enforced = enforced;
            if enforced {
                tables.leave_one_way_in(domain, but);
            }
            true
        })
    }

    fn owner_of_domain(
        &self,
        domain: &Domain,
    ) -> impl Future<Output = Answer<Option<DomainOwner>, Self>> + Send {
        self.step(|tables| {
            let row = tables.owner(domain)?;
            Some(DomainOwner::new(
                row.organization.clone(),
                row.claim.enforced,
            ))
        })
    }

    fn claims_of(
        &self,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<Vec<Claim>, Self>> + Send {
        self.step(|tables| {
            let rows = tables.claims.values();
            let own = rows.filter(|row| row.organization == *organization);
            own.map(|row| row.claim.clone()).collect()
        })
    }

    fn delete_organization(
        &self,
        organization: &OrganizationId,
        at: &Timestamp,
    ) -> impl Future<Output = Answer<(), Self>> + Send {
        self.step(|tables| {
            for kept in &mut tables.connections {
                if kept.organization_id() == Some(organization) {
                    *kept = Connection::restore(
                        kept.id().clone(),
                        Some(organization.clone()),
                        ConnectionState::Deleted,
                        kept.updated_at().cloned(),
                    );
                }
            }
            let rows = tables.claims.values_mut();
            for row in rows.filter(|row| row.organization == *organization) {
                row.claim = Claim::new(row.claim.domain.clone(), DomainProof::Withdrawn, false);
                row.at = row.at.take().max(Some(at.clone()));
            }
        })
    }

    fn forget_organization(
        &self,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<u64, Self>> + Send {
        self.step(|tables| {
            let came = tables.all_over(organization);
            let ended = tables.end_federated(came);
            tables
                .connections
                .retain(|kept| kept.organization_id() != Some(organization));
            tables
                .claims
                .retain(|_, row| row.organization != *organization);
            tables
                .identities
                .retain(|(known, _)| known.organization != *organization);
            ended
        })
    }
}

impl Tables {
    /// The claim of that organisation, pending if there was none.
    fn claim(&mut self, organization: &OrganizationId, domain: &Domain) -> &mut ClaimRow {
        let key = (organization.clone(), domain.clone());
        self.claims.entry(key).or_insert_with(|| ClaimRow {
            organization: organization.clone(),
            claim: Claim::new(domain.clone(), DomainProof::Pending, false),
            at: None,
        })
    }

    fn leave_one_way_in(&mut self, domain: &Domain, but: Option<SessionId>) {
        let accounts = self.accounts.values_mut();
        for account in accounts.filter(|account| account.mailbox.domain() == domain.as_str()) {
            let (id, epoch) = (account.id, account.epoch);
            account.epoch += 1;
            self.sessions.retain(|row| {
                row.record.account != id
                    || row.record.connection.is_some()
                    || Some(row.record.id) == but
            });
            let left = self.sessions.iter_mut();
            for row in left.filter(|row| row.record.account == id && row.epoch == epoch) {
                row.epoch += 1;
            }
            self.challenges
                .retain(|_, (record, _)| record.account != id);
            let leads_away = |purpose| matches!(purpose, Purpose::ChangeFrom | Purpose::ChangeTo);
            self.links
                .retain(|row| row.record.account != Some(id) || !leads_away(row.record.purpose));
        }
    }

    fn claim_of(&self, organization: &OrganizationId, domain: &Domain) -> Option<&ClaimRow> {
        self.claims.get(&(organization.clone(), domain.clone()))
    }

    fn owner(&mut self, domain: &Domain) -> Option<&mut ClaimRow> {
        self.claims
            .values_mut()
            .find(|row| row.claim.domain == *domain && row.claim.proof == DomainProof::Verified)
    }
}
