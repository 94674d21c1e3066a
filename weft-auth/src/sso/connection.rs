use std::cmp::Ordering;

use serde::Deserialize;

use super::{ConnectionId, OrganizationId, Timestamp};

/// A connection to an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Connection {
    id: ConnectionId,
    #[serde(default)]
    organization_id: Option<OrganizationId>,
    state: ConnectionState,
    #[serde(default, deserialize_with = "Timestamp::lenient")]
    updated_at: Option<Timestamp>,
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
    /// It is no more, and never again.
    Deleted,
    /// One that is not known here.
    #[serde(other)]
    Other,
}

impl Connection {
    /// The one that was kept as those parts.
    pub fn restore(
        id: ConnectionId,
        organization_id: Option<OrganizationId>,
        state: ConnectionState,
        updated_at: Option<Timestamp>,
    ) -> Connection {
        Connection {
            id,
            organization_id,
            state,
            updated_at,
        }
    }

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

    /// When it was changed.
    pub fn updated_at(&self) -> Option<&Timestamp> {
        self.updated_at.as_ref()
    }

    /// Whether what this says is to take the place of what is kept: it is later, or as late and not
    /// `active` where that is. What was deleted stays so. In whichever order they come, the same is
    /// kept of all in the end.
    pub fn replaces(&self, kept: &Connection) -> bool {
        let [deleted, other_deleted] =
            [self, kept].map(|one| one.state == ConnectionState::Deleted);
        let [active, other_active] = [self, kept].map(Connection::is_active);
        match (deleted, other_deleted) {
            (_, true) => false,
            (true, false) => true,
            (false, false) => match self.updated_at.cmp(&kept.updated_at) {
                Ordering::Greater => true,
                Ordering::Equal => other_active && !active,
                Ordering::Less => false,
            },
        }
    }

    /// Whether it works.
    pub(super) fn is_active(&self) -> bool {
        self.state == ConnectionState::Active
    }

    /// Whether people of that organisation sign in over it.
    pub(crate) fn is_active_for(&self, organization: &OrganizationId) -> bool {
        self.is_active() && self.organization_id.as_ref() == Some(organization)
    }
}

impl ConnectionState {
    /// All of them.
    pub const ALL: [ConnectionState; 8] = [
        ConnectionState::RequiresType,
        ConnectionState::Draft,
        ConnectionState::Active,
        ConnectionState::Validating,
        ConnectionState::Inactive,
        ConnectionState::Deleting,
        ConnectionState::Deleted,
        ConnectionState::Other,
    ];

    /// As WorkOS writes it, and as it is stored.
    pub const fn name(self) -> &'static str {
        match self {
            ConnectionState::RequiresType => "requires_type",
            ConnectionState::Draft => "draft",
            ConnectionState::Active => "active",
            ConnectionState::Validating => "validating",
            ConnectionState::Inactive => "inactive",
            ConnectionState::Deleting => "deleting",
            ConnectionState::Deleted => "deleted",
            ConnectionState::Other => "other",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> ConnectionState {
        let known = ConnectionState::ALL.into_iter();
        let mut known = known.filter(|state| state.name() == name);
        known.next().unwrap_or(ConnectionState::Other)
    }
}
