use std::cmp::Ordering;

use super::{Memory, Tables};
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
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        self.step(|tables| {
            let own = tables.owner(domain);
            let own = own.filter(|row| row.organization == *organization);
            own.map(|row| row.claim.enforced = enforced).is_some()
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

    fn claim_of(&self, organization: &OrganizationId, domain: &Domain) -> Option<&ClaimRow> {
        self.claims.get(&(organization.clone(), domain.clone()))
    }

    fn owner(&mut self, domain: &Domain) -> Option<&mut ClaimRow> {
        self.claims
            .values_mut()
            .find(|row| row.claim.domain == *domain && row.claim.proof == DomainProof::Verified)
    }
}
