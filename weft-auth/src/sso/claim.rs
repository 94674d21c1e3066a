use super::{Domain, OrganizationId};

/// What an organisation has to do with a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The domain.
    pub domain: Domain,
    /// How far the proof is.
    pub proof: DomainProof,
    /// Whether its people sign in through the organisation's connection alone.
    pub enforced: bool,
}

/// How far an organisation is with proving that a domain is its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DomainProof {
    /// It says so.
    Pending,
    /// It was proved, and is no other organisation's.
    Verified,
    /// It could not be proved, or not again.
    Failed,
    /// It was given up.
    Withdrawn,
}

/// The organisation that has proved that a domain is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainOwner {
    /// The organisation.
    pub organization: OrganizationId,
    /// Whether the domain's people sign in through its connection alone.
    pub enforced: bool,
}

impl Claim {
    /// That one.
    pub fn new(domain: Domain, proof: DomainProof, enforced: bool) -> Claim {
        Claim {
            domain,
            proof,
            enforced,
        }
    }
}

impl DomainOwner {
    /// That one.
    pub fn new(organization: OrganizationId, enforced: bool) -> DomainOwner {
        DomainOwner {
            organization,
            enforced,
        }
    }
}

impl DomainProof {
    /// All of them.
    pub const ALL: [DomainProof; 4] = [
        DomainProof::Pending,
        DomainProof::Verified,
        DomainProof::Failed,
        DomainProof::Withdrawn,
    ];

    /// Its stable name, to be stored.
    pub const fn name(self) -> &'static str {
        match self {
            DomainProof::Pending => "pending",
            DomainProof::Verified => "verified",
            DomainProof::Failed => "failed",
            DomainProof::Withdrawn => "withdrawn",
        }
    }

    /// The proof of that name.
    pub fn from_name(name: &str) -> Option<DomainProof> {
        DomainProof::ALL.into_iter().find(|one| one.name() == name)
    }
}
