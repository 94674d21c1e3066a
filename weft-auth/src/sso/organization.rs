use serde::Deserialize;
use uuid::Uuid;

use super::{Domain, DomainProof, OrganizationId, Timestamp};

/// An organisation as WorkOS has it, with the domains that it says are its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Parts")]
pub struct Organization {
    id: OrganizationId,
    external_id: Option<String>,
    domains: Vec<OrganizationDomain>,
}

/// A domain of an organisation, and how far the proof is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OrganizationDomain {
    /// The domain.
    pub domain: Domain,
    /// How far the proof is.
    pub proof: DomainProof,
    /// When that was changed.
    pub updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Parts {
    id: OrganizationId,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    domains: Vec<DomainParts>,
}

#[derive(Deserialize)]
struct DomainParts {
    domain: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default, deserialize_with = "Timestamp::lenient")]
    updated_at: Option<Timestamp>,
}

impl Organization {
    /// The id that WorkOS has for it.
    pub fn id(&self) -> &OrganizationId {
        &self.id
    }

    /// Whether it was made for what has that id here: its external id says so.
    pub fn is_for(&self, id: Uuid) -> bool {
        self.external_id.as_deref() == Some(&*id.to_string())
    }

    /// Its domains. One that is written as none is left out.
    pub fn domains(&self) -> &[OrganizationDomain] {
        &self.domains
    }

    pub(super) fn has(&self, domain: &Domain) -> bool {
        self.domains.iter().any(|own| own.domain == *domain)
    }
}

impl From<Parts> for Organization {
    fn from(parts: Parts) -> Organization {
        let domains = parts.domains.into_iter().filter_map(DomainParts::read);
        Organization {
            id: parts.id,
            external_id: parts.external_id,
            domains: domains.collect(),
        }
    }
}

impl DomainParts {
    fn read(self) -> Option<OrganizationDomain> {
        Some(OrganizationDomain {
            domain: Domain::new(&self.domain)?,
            proof: match self.state.as_deref() {
                Some("verified" | "legacy_verified") => DomainProof::Verified,
                Some("failed") => DomainProof::Failed,
                _ => DomainProof::Pending,
            },
            updated_at: self.updated_at,
        })
    }
}
