use serde::Deserialize;

use super::{ConnectionId, OrganizationId};

/// A connection to an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connection {
    id: ConnectionId,
    #[serde(default)]
    organization_id: Option<OrganizationId>,
    state: ConnectionState,
}

/// What a connection is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ConnectionState {
    /// Its type has yet to be chosen.
    RequiresType,
    /// It has yet to be set up.
    Draft,
    /// It works.
    Active,
    /// It is being tried.
    Validating,
    /// It was turned off.
    Inactive,
    /// It is being deleted.
    Deleting,
    /// One that is not known here.
    #[serde(other)]
    Other,
}

impl Connection {
    /// Its id.
    pub fn id(&self) -> &ConnectionId {
        &self.id
    }

    /// The organisation that it belongs to.
    pub fn organization_id(&self) -> Option<&OrganizationId> {
        self.organization_id.as_ref()
    }

    /// What it is good for.
    pub fn state(&self) -> ConnectionState {
        self.state
    }

    /// Whether people of that organisation sign in over it.
    pub(super) fn is_active_for(&self, organization: &OrganizationId) -> bool {
        self.state == ConnectionState::Active && self.organization_id.as_ref() == Some(organization)
    }
}
