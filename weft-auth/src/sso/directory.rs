use std::collections::BTreeSet;
use std::fmt;
use std::time::SystemTime;

use super::{
    Change, Connection, ConnectionId, Domain, DomainProof, Event, Organization, OrganizationId,
    Revocation, Target, Timestamp, reconcile,
};
use crate::store::{SsoStore, Store};
use crate::{AccountId, Error};

/// What WorkOS says of organisations, carried over to a store.
///
/// ```
/// # #[cfg(feature = "testkit")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # weft_auth::testkit::Threads::block_on(async {
/// use weft_auth::sso::{ConnectionId, Directory, Event};
/// use weft_auth::testkit::Memory;
///
/// let directory = Directory::new(Memory::new());
/// // A webhook whose signature was verified.
/// let body = br#"{"id": "event_1", "event": "connection.activated", "data": {"id": "conn_1",
///     "organization_id": "org_1", "state": "active", "updated_at": "2026-11-25T03:18:00.000Z"}}"#;
/// let ended = directory.apply(&Event::parse(body)?).await?;
/// assert_eq!(ended.sessions, 0);
/// let target = directory.target(&ConnectionId::new("conn_1")?).await?;
/// assert!(target.is_some()); // a start by its identity provider becomes one of ours
/// # Ok(()) })
/// # }
/// # #[cfg(not(feature = "testkit"))]
/// # fn main() {}
/// ```
#[derive(Debug, Clone)]
pub struct Directory<S> {
    store: S,
}

/// What ended by what WorkOS says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[must_use = "the people's API tokens for the organisation end as well"]
pub struct Ended {
    /// How many sessions.
    pub sessions: u64,
    /// Whose access to the organisation ended: their
    /// [API tokens](crate::store::ApiTokenStore::revoke_api_tokens) for what it is with you are to be revoked.
    /// Where a connection ended, this is nobody.
    pub people: BTreeSet<AccountId>,
}

/// A domain that was verified for one organisation is said to be verified for another one. This has ended all
/// the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainTaken(pub Ended);

type Result<T, S> = std::result::Result<T, Error<DomainTaken, <S as Store>::Error>>;

impl<S: SsoStore> Directory<S> {
    /// The directory in `store`.
    pub fn new(store: S) -> Directory<S> {
        Directory { store }
    }

    /// Keeps what an event says, unless what is kept is later, then ends the sessions that end by it, and
    /// says what ended. Events may come late, twice and in any order: where a later one has proved a domain
    /// again, that it was lost before ends nothing.
    ///
    /// # Errors
    /// When the store fails, or a domain that another organisation has is verified: answer with an error, so
    /// that the event comes again, since the other one's end may be on its way.
    pub async fn apply(&self, event: &Event) -> Result<Ended, S> {
        match event.change() {
            Some(Change::Connection(connection)) => {
                let kept = self.store.keep_connection(connection).await;
                kept.map_err(Error::Store)?;
            }
            Some(Change::Domain {
                organization,
                domain,
                proof,
                at,
            }) => {
                let kept = self.store.keep_domain(organization, domain, *proof, at);
                if !kept.await.map_err(Error::Store)? {
                    return Err(Error::Refused(DomainTaken(Ended::default())));
                }
            }
            Some(Change::OrganizationDeleted { organization, at }) => {
                let deleted = self.store.delete_organization(organization, at).await;
                deleted.map_err(Error::Store)?;
            }
            None => {}
        }
        match event.revocation() {
            Some(Revocation::Domain {
                organization,
                domain,
            }) if self.is_verified(organization, domain).await? => Ok(Ended::default()),
            // The end of a directory says nothing of the people who were in it.
            Some(directory @ Revocation::Organization(_)) if event.change().is_none() => {
                let Ended { sessions, .. } = self.revoke(directory).await?;
                Ok(Ended {
                    sessions,
                    ..Ended::default()
                })
            }
            Some(revocation) => self.revoke(revocation).await,
            None => Ok(Ended::default()),
        }
    }

    async fn is_verified(&self, organization: &OrganizationId, domain: &Domain) -> Result<bool, S> {
        let owner = self.store.owner_of_domain(domain).await;
        let owner = owner.map_err(Error::Store)?;
        Ok(owner.is_some_and(|owner| owner.organization == *organization))
    }

    /// Keeps the connections that WorkOS has for an organisation today, all pages of them, then ends the
    /// sessions that came over others, and says what ended: for events that were lost.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn reconcile(
        &self,
        organization: &OrganizationId,
        today: &[Connection],
    ) -> Result<Ended, S> {
        for connection in today {
            let kept = self.store.keep_connection(connection).await;
            kept.map_err(Error::Store)?;
        }
        let known = self.store.connections_of(organization).await;
        let known = known.map_err(Error::Store)?;
        let bound = known.iter().map(|connection| connection.id().clone());
        let mut ended = Ended::default();
        for revocation in reconcile(organization, bound, today) {
            ended.add(self.revoke(&revocation).await?);
        }
        Ok(ended)
    }

    /// Keeps the domains that WorkOS has for an organisation today, then ends the sessions of people with
    /// addresses in those that are not proved any more, and says what ended. One that it has no more was
    /// withdrawn `now`: that it is gone is all that WorkOS says of it.
    ///
    /// # Errors
    /// When the store fails, or a domain that another organisation has is verified; all others are kept.
    pub async fn keep_organization(
        &self,
        today: &Organization,
        now: SystemTime,
    ) -> Result<Ended, S> {
        let (id, now) = (today.id(), Timestamp::of(now));
        let before = self.store.claims_of(id).await.map_err(Error::Store)?;
        let mut is_taken = false;
        for own in today.domains() {
            let at = own.updated_at.as_ref().unwrap_or(&now);
            let kept = self.store.keep_domain(id, &own.domain, own.proof, at);
            is_taken |= !kept.await.map_err(Error::Store)?;
        }
        for claim in &before {
            if claim.proof == DomainProof::Withdrawn || today.has(&claim.domain) {
                continue;
            }
            let gone = DomainProof::Withdrawn;
            let kept = self.store.keep_domain(id, &claim.domain, gone, &now);
            kept.await.map_err(Error::Store)?;
        }
        let verified = self.verified_domains(id).await?;
        let mut ended = Ended::default();
        for claim in before {
            if claim.proof == DomainProof::Verified && !verified.contains(&claim.domain) {
                let (organization, domain) = (id.clone(), claim.domain);
                let revocation = Revocation::Domain {
                    organization,
                    domain,
                };
                ended.add(self.revoke(&revocation).await?);
            }
        }
        match is_taken {
            true => Err(Error::Refused(DomainTaken(ended))),
            false => Ok(ended),
        }
    }

    /// Forgets an organisation that signs nobody in here any more, and says how many sessions end by it. Its
    /// domains are free for others, and what is said of it later is as if it were new.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn forget(&self, organization: &OrganizationId) -> Result<u64, S> {
        let ended = self.store.forget_organization(organization).await;
        ended.map_err(Error::Store)
    }

    /// The domains that an organisation has proved to own, for [`admit`](super::Exchanged::admit).
    ///
    /// # Errors
    /// When the store fails.
    pub async fn verified_domains(&self, organization: &OrganizationId) -> Result<Vec<Domain>, S> {
        let claims = self.store.claims_of(organization).await;
        let claims = claims.map_err(Error::Store)?.into_iter();
        let verified = claims.filter(|claim| claim.proof == DomainProof::Verified);
        Ok(verified.map(|claim| claim.domain).collect())
    }

    /// For whom to start a flow where a connection's identity provider began.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn target(&self, connection: &ConnectionId) -> Result<Option<Target>, S> {
        let kept = self.store.connection(connection).await;
        let kept = kept.map_err(Error::Store)?;
        let organization = kept
            .filter(Connection::is_active)
            .and_then(|kept| kept.organization_id().cloned());
        Ok(organization.map(|organization| Target::connection(connection.clone(), organization)))
    }

    async fn revoke(&self, revocation: &Revocation) -> Result<Ended, S> {
        let sessions = self.store.revoke_federated(revocation).await;
        let sessions = sessions.map_err(Error::Store)?;
        let people = self.store.people_of(revocation).await;
        Ok(Ended {
            sessions,
            people: people.map_err(Error::Store)?.into_iter().collect(),
        })
    }
}

impl Ended {
    fn add(&mut self, more: Ended) {
        self.sessions += more.sessions;
        self.people.extend(more.people);
    }
}

impl fmt::Display for DomainTaken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the domain was verified for another organisation")
    }
}

impl std::error::Error for DomainTaken {}
