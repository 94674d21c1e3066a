use std::fmt;
use std::time::SystemTime;

use super::{
    Connection, ConnectionId, ConnectionState, Domain, OrganizationId, Profile, Refusal,
    RefusalKind, Target,
};

/// What WorkOS says of somebody, before anybody believes it.
#[derive(Debug)]
#[must_use = "it has to be admitted"]
pub struct Exchanged {
    profile: Profile,
    target: Target,
}

/// Somebody who was admitted to an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    key: IdentityKey,
    organization: OrganizationId,
    connection: Connection,
    profile: Profile,
}

/// What a store keeps of an identity besides whose account it is.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityRecord {
    /// By what the person is known.
    pub key: IdentityKey,
    /// The organisation that the person belongs to.
    pub organization: OrganizationId,
    /// The address that the identity provider gave last, in lower case.
    pub email: String,
    /// Since when it is the account's.
    pub since: SystemTime,
}

/// By what somebody is known from one sign-in to the next (ASVS 5.0, 6.8.1). An address changes hands;
/// this does not.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdentityKey {
    connection: ConnectionId,
    idp_id: String,
}

impl Exchanged {
    pub(super) fn new(profile: Profile, target: Target) -> Exchanged {
        Exchanged { profile, target }
    }

    /// The connection that the profile came over, which has to be looked up.
    pub fn connection_id(&self) -> &ConnectionId {
        self.profile.connection_id()
    }

    /// Admits the person to the organisation that the flow was started for, if the profile is of that
    /// organisation, came over an active connection of it, names the person, and has an address in one
    /// of the domains that the organisation has proved to own.
    ///
    /// # Errors
    /// When one of these does not hold.
    pub fn admit(
        self,
        connection: &Connection,
        verified_domains: &[Domain],
    ) -> Result<Identity, Refusal> {
        let Exchanged { profile, target } = self;
        let refuse = |kind| Err(Refusal::new(kind));
        let organization = target.organization_id();
        if profile.organization_id() != Some(organization)
            || connection.organization_id() != Some(organization)
        {
            return refuse(RefusalKind::OtherOrganization);
        }
        let wanted = target.connection_id().unwrap_or(profile.connection_id());
        if profile.connection_id() != wanted || connection.id() != wanted {
            return refuse(RefusalKind::OtherConnection);
        }
        if connection.state() != ConnectionState::Active {
            return refuse(RefusalKind::InactiveConnection);
        }
        let key = IdentityKey::new(profile.connection_id().clone(), profile.idp_id());
        let Some(key) = key else {
            return refuse(RefusalKind::NoIdentity);
        };
        // WorkOS can be told to let guests in, so this may be the only guard.
        let domain = Domain::of_address(profile.email());
        if !domain.is_some_and(|domain| verified_domains.contains(&domain)) {
            return refuse(RefusalKind::EmailDomain);
        }
        Ok(Identity {
            key,
            organization: organization.clone(),
            connection: connection.clone(),
            profile,
        })
    }
}

impl Identity {
    /// By what the person is known.
    pub fn key(&self) -> &IdentityKey {
        &self.key
    }

    /// The organisation that the person belongs to.
    pub fn organization(&self) -> &OrganizationId {
        &self.organization
    }

    /// The connection that the person came over, as WorkOS had it then.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What else is said of the person.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }
}

impl IdentityKey {
    /// That id of that connection's identity provider, if it is 1 to 1024 bytes that say something.
    pub fn new(connection: ConnectionId, idp_id: &str) -> Option<IdentityKey> {
        let says = !idp_id.trim().is_empty() && !idp_id.chars().any(char::is_control);
        (says && idp_id.len() <= 1024).then(|| IdentityKey {
            connection,
            idp_id: idp_id.to_owned(),
        })
    }

    /// The connection.
    pub fn connection(&self) -> &ConnectionId {
        &self.connection
    }

    /// The identity provider's own id of the person.
    pub fn idp_id(&self) -> &str {
        &self.idp_id
    }
}

impl IdentityRecord {
    /// What is to be kept of an identity that is linked now.
    pub fn new(identity: &Identity, now: SystemTime) -> IdentityRecord {
        IdentityRecord {
            key: identity.key.clone(),
            organization: identity.organization.clone(),
            email: identity.profile.email().to_ascii_lowercase(),
            since: now,
        }
    }
}

impl fmt::Debug for IdentityRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IdentityRecord")
            .field("connection", &self.key.connection)
            .field("organization", &self.organization)
            .finish_non_exhaustive()
    }
}
