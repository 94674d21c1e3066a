use super::{Answer, Store};
use crate::SessionId;
use crate::sso::{
    Claim, Connection, ConnectionId, Domain, DomainOwner, DomainProof, OrganizationId, Timestamp,
};

/// What organisations have: connections, and domains of which one organisation at most has proved that it
/// is its own.
///
/// What [`AccountStore::requires_single_sign_on`](super::AccountStore::requires_single_sign_on) asks for
/// is here: whether the domain is [enforced](DirectoryStore::enforce_domain).
pub trait DirectoryStore: Store {
    /// Keeps a connection, unless what is there is not [replaced](Connection::replaces) by it.
    fn keep_connection(
        &self,
        connection: &Connection,
    ) -> impl Future<Output = Answer<(), Self>> + Send;

    /// A connection, also one that was deleted.
    fn connection(
        &self,
        id: &ConnectionId,
    ) -> impl Future<Output = Answer<Option<Connection>, Self>> + Send;

    /// The organisation's connections, also those that were deleted.
    fn connections_of(
        &self,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<Vec<Connection>, Self>> + Send;

    /// Adds a claim that is pending, or makes one pending that failed or was withdrawn. One that is verified
    /// stays so. Any number of organisations may claim a domain.
    fn claim_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
    ) -> impl Future<Output = Answer<(), Self>> + Send;

    /// Sets how far a proof is, if what is there is earlier, or as early and verified where this is not. What
    /// is not verified any more is not enforced either. False, and nothing changes, if it were verified for
    /// two organisations.
    fn keep_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
        proof: DomainProof,
        at: &Timestamp,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Sets whether a domain's people sign in through the organisation's connection alone. False, and nothing
    /// changes, unless the domain was verified for that organisation.
    ///
    /// Where it is set, the same statement begins a new [epoch](super::Account::epoch) of each account with a
    /// mailbox in the domain and deletes all challenges of theirs, their links to another mailbox, and the
    /// sessions that came over no connection, but for that one; the sessions that are left are of the new epoch.
    fn enforce_domain(
        &self,
        organization: &OrganizationId,
        domain: &Domain,
        enforced: bool,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// The organisation that the domain was verified for.
    fn owner_of_domain(
        &self,
        domain: &Domain,
    ) -> impl Future<Output = Answer<Option<DomainOwner>, Self>> + Send;

    /// The organisation's claims.
    fn claims_of(
        &self,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<Vec<Claim>, Self>> + Send;

    /// Makes the organisation's connections deleted and its claims withdrawn, those that were of a later
    /// time too.
    fn delete_organization(
        &self,
        organization: &OrganizationId,
        at: &Timestamp,
    ) -> impl Future<Output = Answer<(), Self>> + Send;

    /// Deletes all that is kept of the organisation, its connections, claims and identities, and in the same
    /// statement the sessions and challenges that came over them, and says how many sessions that were. What
    /// is said of it afterwards is kept as if it were the first.
    fn forget_organization(
        &self,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
