use std::collections::HashMap;
use std::fmt;
use std::time::SystemTime;

use super::{Domain, OrganizationId, Plan, Refusal, RefusalKind};

/// What an organisation wants for addresses in a domain that it has proved to own.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DomainPolicy {
    /// The organisation.
    pub organization: OrganizationId,
    /// Whether nothing but single sign-on is taken.
    pub enforced: bool,
    /// What the organisation pays for.
    pub plan: Plan,
}

/// The policies of all domains that somebody has proved to own.
#[derive(Debug, Clone, Default)]
pub struct DomainPolicies(HashMap<Domain, DomainPolicy>);

/// Two organisations have policies for one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DuplicateDomain(pub Domain);

/// How somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Route<'p> {
    /// By password, link, or whatever else there is.
    Local,
    /// As the person likes.
    Either(&'p OrganizationId),
    /// By single sign-on.
    Sso(&'p OrganizationId),
    /// Single sign-on is asked for, and the plan has none any more: owners alone, by
    /// [`BreakGlass`]. Passwords do not come back for everyone, since that would let in whom the
    /// identity provider has long turned away.
    OwnersOnly(&'p OrganizationId),
}

/// An owner who signs in without single sign-on where that is enforced.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "it has to be written into the audit log"]
pub struct BreakGlass(());

impl DomainPolicy {
    /// Of that organisation.
    pub fn new(organization: OrganizationId, enforced: bool, plan: Plan) -> DomainPolicy {
        DomainPolicy {
            organization,
            enforced,
            plan,
        }
    }
}

impl DomainPolicies {
    /// Those.
    ///
    /// # Errors
    /// When a domain is there twice: whose it is has to be decided before.
    pub fn new(
        policies: impl IntoIterator<Item = (Domain, DomainPolicy)>,
    ) -> Result<DomainPolicies, DuplicateDomain> {
        let mut known = HashMap::new();
        for (domain, policy) in policies {
            if known.contains_key(&domain) {
                return Err(DuplicateDomain(domain));
            }
            known.insert(domain, policy);
        }
        Ok(DomainPolicies(known))
    }

    /// How the person with that address signs in. It is the domain that decides, before anybody is
    /// looked up, so that the answer tells nobody who is there.
    pub fn route(&self, address: &str, now: SystemTime) -> Route<'_> {
        let domain = Domain::of_address(address);
        let Some(policy) = domain.and_then(|domain| self.0.get(&domain)) else {
            return Route::Local;
        };
        let organization = &policy.organization;
        match (policy.enforced, policy.plan.has_sso(now)) {
            (true, true) => Route::Sso(organization),
            (true, false) => Route::OwnersOnly(organization),
            (false, true) => Route::Either(organization),
            (false, false) => Route::Local,
        }
    }
}

impl BreakGlass {
    /// Lets an owner in who proved two factors: a plan that ended, or an identity provider that is down,
    /// locks nobody out for good.
    ///
    /// # Errors
    /// For others, and with one factor.
    pub fn open(is_owner: bool, two_factors: bool) -> Result<BreakGlass, Refusal> {
        match is_owner && two_factors {
            true => Ok(BreakGlass(())),
            false => Err(Refusal::new(RefusalKind::NotAnOwner)),
        }
    }
}

impl fmt::Display for DuplicateDomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "two policies for the domain {}", self.0)
    }
}

impl std::error::Error for DuplicateDomain {}
