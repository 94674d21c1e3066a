use std::future::ready;

use super::{Answer, Store};
use crate::{AccountId, Mailbox, SessionId};

/// What is known of an account when somebody signs in.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// Its id.
    pub id: AccountId,
    /// Where mail goes, which is unique.
    pub mailbox: Mailbox,
    /// Its password's hash as a PHC string, unless it has none.
    pub password: Option<String>,
    /// Whether one may sign in.
    pub state: AccountState,
    /// Whether a second factor is enrolled.
    pub second_factor: bool,
    /// Whether it may sign in with a password where its domain has single sign-on: the owner who is left
    /// when the connection breaks.
    pub break_glass: bool,
    /// How often all that it was signed in with was made void: 0 for a new one, and one more with each
    /// password that is replaced and each suspension. A sign-in that began in an earlier epoch ends in no
    /// session, however late it gets there.
    pub epoch: u64,
}

/// Whether one may sign in to an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AccountState {
    /// Yes.
    Active,
    /// Once the mailbox is proved.
    Unverified,
    /// No: suspended or closed.
    Suspended,
}

/// Accounts, by id and by mailbox.
pub trait AccountStore: Store {
    /// The account of a mailbox.
    ///
    /// # Security
    /// The statement has to return one row whether there is an account or not, as by
    /// `SELECT … FROM (VALUES (1)) AS one LEFT JOIN accounts ON mailbox = $1`, so that it is the same
    /// work to the client.
    fn account_by_mailbox(
        &self,
        mailbox: &Mailbox,
    ) -> impl Future<Output = Answer<Option<Account>, Self>> + Send;

    /// The account of an id.
    fn account(&self, id: AccountId) -> impl Future<Output = Answer<Option<Account>, Self>> + Send;

    /// Whether a domain's people sign in through its organisation's connection alone. It is asked before
    /// any account is looked for, and does not depend on one.
    fn requires_single_sign_on(
        &self,
        domain: &str,
    ) -> impl Future<Output = Answer<bool, Self>> + Send {
        let _ = domain;
        ready(Ok(false))
    }

    /// Adds an account. False if its mailbox or its id has one, or it owes a second factor: nobody has
    /// enrolled one yet.
    fn create_account(&self, account: &Account) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Sets a password, and in the same statement deletes the account's links and its sessions but for
    /// that one, which is of the new [epoch](Account::epoch) from now on. Returns that epoch. `None`, and
    /// nothing is set, if there is no such account, or that session is none of its epoch: it was ended
    /// while its request was in flight.
    ///
    /// Without a session to leave, the account's API tokens end as well, whoever issues one meanwhile: nobody
    /// knows who made them. Whoever is signed in and changes a password knows, and keeps them.
    fn replace_password(
        &self,
        id: AccountId,
        hash: &str,
        but: Option<SessionId>,
    ) -> impl Future<Output = Answer<Option<u64>, Self>> + Send;

    /// Sets another hash of the same password, if it is still `old`.
    fn rehash_password(
        &self,
        id: AccountId,
        old: &str,
        new: &str,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Sets another mailbox, if it is still `from`, and in the same statement deletes the account's
    /// identities of single sign-on, and its sessions and challenges that came over a connection: nobody
    /// vouches for the new mailbox. False, and nothing changes, also if `to` is another account's.
    fn change_mailbox(
        &self,
        id: AccountId,
        from: &Mailbox,
        to: &Mailbox,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Makes an unverified account active, if its mailbox is still that one.
    fn verify_mailbox(
        &self,
        id: AccountId,
        mailbox: &Mailbox,
    ) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Suspends an account, and in the same statement deletes its sessions and links and begins a new
    /// [epoch](Account::epoch).
    fn suspend_account(&self, id: AccountId) -> impl Future<Output = Answer<bool, Self>> + Send;

    /// Deletes an account, and in the same statement all that is its: sessions, links, challenges, and
    /// the second factor with its recovery codes.
    fn delete_account(&self, id: AccountId) -> impl Future<Output = Answer<bool, Self>> + Send;
}

impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account")
            .field("id", &self.id)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
