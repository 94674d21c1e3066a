use serde::Deserialize;

use super::{ConnectionId, OrganizationId};

/// What an identity provider says of somebody, as WorkOS passes it on.
///
/// `raw_attributes` are not read: they are deprecated, and what is in them depends on the date.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Profile {
    id: String,
    connection_id: ConnectionId,
    #[serde(default)]
    organization_id: Option<OrganizationId>,
    idp_id: String,
    email: String,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    groups: Option<Vec<String>>,
}

impl Profile {
    /// WorkOS's id of the profile, `prof_…`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The connection it came over.
    pub fn connection_id(&self) -> &ConnectionId {
        &self.connection_id
    }

    /// The organisation of the connection.
    pub fn organization_id(&self) -> Option<&OrganizationId> {
        self.organization_id.as_ref()
    }

    /// The identity provider's own id of the person.
    pub fn idp_id(&self) -> &str {
        &self.idp_id
    }

    /// The address that the identity provider gives.
    pub fn email(&self) -> &str {
        &self.email
    }

    /// First and last name, where they are given.
    pub fn name(&self) -> (Option<&str>, Option<&str>) {
        (self.first_name.as_deref(), self.last_name.as_deref())
    }

    /// Groups, where they are given.
    pub fn groups(&self) -> &[String] {
        self.groups.as_deref().unwrap_or_default()
    }
}
