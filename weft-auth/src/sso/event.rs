use std::fmt;

use serde::Deserialize;
use serde_json::Value;

use super::{
    Connection, ConnectionId, ConnectionState, Domain, DomainProof, OrganizationId, Timestamp,
};

/// An event of WorkOS, of whose body the signature was verified.
///
/// Events come late, twice and out of order. A [`Revocation`] is carried out whenever it comes; what is
/// stored of a thing's state is replaced by a later [`updated_at`](Event::updated_at) only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    id: String,
    name: String,
    updated_at: Option<Timestamp>,
    revocation: Option<Revocation>,
    change: Option<Change>,
}

/// What an event says of the state of something, to be kept unless what is kept is later.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Change {
    /// A connection is in another state.
    Connection(Connection),
    /// An organisation has proved that a domain is its own, or has not any more.
    Domain {
        /// The organisation.
        organization: OrganizationId,
        /// The domain.
        domain: Domain,
        /// How far the proof is.
        proof: DomainProof,
        /// When that was.
        at: Timestamp,
    },
    /// An organisation is no more.
    OrganizationDeleted {
        /// The organisation.
        organization: OrganizationId,
        /// When that was.
        at: Timestamp,
    },
}

/// Whose sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation {
    /// All that came over a connection.
    Connection(ConnectionId),
    /// Those of one person in an organisation, whoever of these it is: the directory's id of somebody
    /// and the connection's need not be the same.
    Person {
        /// The organisation.
        organization: OrganizationId,
        /// The identity provider's id of the person.
        idp_id: Option<String>,
        /// The person's addresses, in lower case.
        emails: Vec<String>,
    },
    /// All of an organisation that came by single sign-on.
    Organization(OrganizationId),
    /// Those of an organisation's people with addresses in a domain.
    Domain {
        /// The organisation.
        organization: OrganizationId,
        /// The domain.
        domain: Domain,
    },
}

/// A body that is no event, or one that ends sessions or changes something and does not say whose, what or
/// when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventError;

#[derive(Deserialize)]
struct Envelope {
    id: String,
    event: String,
    data: Value,
    #[serde(default)]
    created_at: Value,
}

#[derive(Deserialize)]
struct ConnectionData {
    id: ConnectionId,
    #[serde(default)]
    organization_id: Option<OrganizationId>,
}

#[derive(Deserialize)]
struct PersonData {
    organization_id: OrganizationId,
    #[serde(default)]
    idp_id: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    emails: Vec<Address>,
    #[serde(default)]
    state: Option<String>,
}

#[derive(Deserialize)]
struct Address {
    #[serde(default)]
    value: Option<String>,
}

#[derive(Deserialize)]
struct DirectoryData {
    organization_id: OrganizationId,
}

#[derive(Deserialize)]
struct OrganizationData {
    id: OrganizationId,
}

#[derive(Deserialize)]
struct DomainData {
    organization_id: OrganizationId,
    domain: String,
}

impl Event {
    /// Reads a verified body.
    ///
    /// # Errors
    /// When it is no event, or one that ends sessions or changes something and does not say whose, what
    /// or when: answer with an error, so that it comes again and somebody looks.
    pub fn parse(verified_body: &[u8]) -> Result<Event, EventError> {
        let envelope: Envelope = serde_json::from_slice(verified_body).map_err(|_| EventError)?;
        if envelope.id.is_empty() {
            return Err(EventError);
        }
        let time = |value: &Value| value.as_str().and_then(Timestamp::new);
        let updated_at = envelope.data.get("updated_at").and_then(time);
        let at = updated_at.clone().or_else(|| time(&envelope.created_at));
        Ok(Event {
            updated_at,
            change: change(&envelope.event, &envelope.data, at)?,
            revocation: revocation(&envelope.event, envelope.data)?,
            id: envelope.id,
            name: envelope.event,
        })
    }

    /// Its id, by which a copy is known.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Its name, such as `connection.deleted`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// When the thing that it is about was changed.
    pub fn updated_at(&self) -> Option<&Timestamp> {
        self.updated_at.as_ref()
    }

    /// Whose sessions end by it.
    pub fn revocation(&self) -> Option<&Revocation> {
        self.revocation.as_ref()
    }

    /// What it says of the state of something.
    pub fn change(&self) -> Option<&Change> {
        self.change.as_ref()
    }
}

fn change(name: &str, data: &Value, at: Option<Timestamp>) -> Result<Option<Change>, EventError> {
    let connection = |state| {
        let data: ConnectionData = read(data.clone())?;
        let at = Some(at.clone().ok_or(EventError)?);
        let connection = Connection::restore(data.id, data.organization_id, state, at);
        Ok(Change::Connection(connection))
    };
    let domain = |proof| {
        let data: DomainData = read(data.clone())?;
        Ok(Change::Domain {
            organization: data.organization_id,
            domain: Domain::new(&data.domain).ok_or(EventError)?,
            proof,
            at: at.clone().ok_or(EventError)?,
        })
    };
    // The name decides: an object that comes along may be of another moment.
    let change = match name {
        "connection.activated" => connection(ConnectionState::Active)?,
        "connection.deactivated" => connection(ConnectionState::Inactive)?,
        "connection.deleted" => connection(ConnectionState::Deleted)?,
        "organization_domain.verified" => domain(DomainProof::Verified)?,
        "organization_domain.verification_failed" => domain(DomainProof::Failed)?,
        "organization_domain.deleted" => domain(DomainProof::Withdrawn)?,
        "organization.deleted" => Change::OrganizationDeleted {
            organization: read::<OrganizationData>(data.clone())?.id,
            at: at.ok_or(EventError)?,
        },
        _ => return Ok(None),
    };
    Ok(Some(change))
}

fn revocation(name: &str, data: Value) -> Result<Option<Revocation>, EventError> {
    Ok(Some(match name {
        "connection.deactivated" | "connection.deleted" => {
            Revocation::Connection(read::<ConnectionData>(data)?.id)
        }
        "dsync.user.deleted" => person(read(data)?)?,
        "dsync.user.updated" => {
            let data: PersonData = read(data)?;
            match data.state.as_deref() {
                Some("active") | None => return Ok(None),
                Some(_) => person(data)?,
            }
        }
        "dsync.deleted" => Revocation::Organization(read::<DirectoryData>(data)?.organization_id),
        "organization.deleted" => Revocation::Organization(read::<OrganizationData>(data)?.id),
        "organization_domain.deleted" | "organization_domain.verification_failed" => {
            let data: DomainData = read(data)?;
            Revocation::Domain {
                organization: data.organization_id,
                domain: Domain::new(&data.domain).ok_or(EventError)?,
            }
        }
        _ => return Ok(None),
    }))
}

fn person(data: PersonData) -> Result<Revocation, EventError> {
    let idp_id = data.idp_id.filter(|id| !id.trim().is_empty());
    let listed = data.emails.into_iter().filter_map(|address| address.value);
    let emails = data.email.into_iter().chain(listed);
    let mut emails: Vec<String> = emails
        .filter(|address| !address.trim().is_empty())
        .map(|address| address.to_ascii_lowercase())
        .collect();
    emails.sort();
    emails.dedup();
    if idp_id.is_none() && emails.is_empty() {
        return Err(EventError);
    }
    Ok(Revocation::Person {
        organization: data.organization_id,
        idp_id,
        emails,
    })
}

fn read<T: serde::de::DeserializeOwned>(data: Value) -> Result<T, EventError> {
    serde_json::from_value(data).map_err(|_| EventError)
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an event of WorkOS, or one that does not say whose, what or when")
    }
}

impl std::error::Error for EventError {}
