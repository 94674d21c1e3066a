use super::{Account, Answer, Store};
use crate::sso::{IdentityKey, IdentityRecord, OrganizationId, Revocation};
use crate::{AccountId, Mailbox, SessionId};

/// Who is whom: identities of connections, by connection and the identity provider's id, and their
/// accounts. An account has one identity of a connection at most.
pub trait IdentityStore: Store {
    /// The account of an identity, if that is of the same organisation; its address is set to the record's,
    /// and since when it is linked is not.
    fn recognize_identity(
        &self,
        identity: &IdentityRecord,
    ) -> impl Future<Output = Answer<Option<AccountId>, Self>> + Send;

    /// Adds an account and its identity, both or neither. False if the mailbox or the identity has one.
    fn create_identified_account(
        &self,
        account: &Account,
        identity: &IdentityRecord,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Adds an identity of an account that is active and whose mailbox is still that one, and in the same
    /// statement deletes the account's links and challenges, and its sessions but for that one. False, and
    /// nothing changes, also if the identity has an account or the account has one of that connection.
    fn link_identity(
        &self,
        identity: &IdentityRecord,
        account: AccountId,
        mailbox: &Mailbox,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes an identity of the account, and in the same statement the account's sessions and challenges
    /// that came over its connection.
    fn unlink_identity(
        &self,
        account: AccountId,
        identity: &IdentityKey,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes the account's identities of that organisation, and in the same statement the account's
    /// sessions and challenges that came over their connections, and says how many identities that were.
    fn unlink_identities(
        &self,
        account: AccountId,
        organization: &OrganizationId,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;

    /// The account's identities.
    fn identities_of(
        &self,
        account: AccountId,
    ) -> impl Future<Output = Answer<Vec<IdentityRecord>, Self>> + Send;

    /// Whose access to an organisation ends by a revocation, each once, so that what else they have of it can
    /// be ended as well: the accounts of those of its identities that [`revoke_federated`] is about, and those
    /// with a mailbox that a person is said to have. Of a connection that is nobody: its people may come over
    /// another one.
    ///
    /// [`revoke_federated`]: IdentityStore::revoke_federated
    fn people_of(
        &self,
        revocation: &Revocation,
    ) -> impl Future<Output = Answer<Vec<AccountId>, Self>> + Send;

    /// Deletes the sessions and the challenges that a revocation is about, and says how many sessions that
    /// were. Only what came over a connection is deleted:
    ///
    /// - of a connection: all that came over it;
    /// - of an organisation: all that came over a connection that is kept for it, or that one of its
    ///   identities is of;
    /// - of a person or a domain: of each identity of that organisation that has the id, or the address or
    ///   domain, be it its own or its account's mailbox, what its account has over its connection. An id or an
    ///   address that is not said is nobody's.
    fn revoke_federated(
        &self,
        revocation: &Revocation,
    ) -> impl Future<Output = Answer<u64, Self>> + Send;
}
