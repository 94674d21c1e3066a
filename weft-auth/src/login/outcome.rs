use std::time::SystemTime;

use crate::password::Password;
use crate::session::{Proofs, Started};
use crate::token::{Challenge, Token};
use crate::{AccountId, Mailbox};

/// How a sign-in ended, where it was not refused.
#[derive(Debug)]
#[must_use = "the token has to get to the browser"]
pub enum Outcome {
    /// Somebody is signed in.
    SignedIn(SignedIn),
    /// Something was proved, and a second factor is owed. There is no session.
    SecondFactorNeeded(SecondFactorNeeded),
}

/// A session that began.
#[derive(Debug)]
pub struct SignedIn {
    /// The token for the cookie, and the session.
    pub started: Started,
    /// What is to be hashed anew once the answer is sent, by [`Login::rehash`](super::Login::rehash).
    pub rehash: Option<Rehash>,
}

/// A second factor that is owed.
#[derive(Debug)]
pub struct SecondFactorNeeded {
    /// For a cookie of its own, until the factor is proved.
    pub challenge: Token<Challenge>,
    /// When it is too late.
    pub expires_at: SystemTime,
    /// What is to be hashed anew once the answer is sent, by [`Login::rehash`](super::Login::rehash).
    pub rehash: Option<Rehash>,
}

/// The hash of a password that was right, with parameters or a pepper of former times.
#[derive(Debug)]
pub struct Rehash {
    pub(super) account: AccountId,
    pub(super) mailbox: Mailbox,
    pub(super) password: Password,
}

/// What a store keeps of a second factor that is owed, besides the digest of its token and the number
/// of attempts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChallengeRecord {
    /// Who owes it.
    pub account: AccountId,
    /// The account's [epoch](crate::store::Account::epoch) when what was proved was proved.
    pub epoch: u64,
    /// What was proved before.
    pub proofs: Proofs,
    /// The connection of single sign-on that it was proved through.
    pub connection: Option<String>,
    /// Whether the session is to outlive the browser.
    pub remembered: bool,
    /// When it was opened.
    pub opened_at: SystemTime,
    /// From when on it is void.
    pub expires_at: SystemTime,
}
