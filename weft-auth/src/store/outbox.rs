use std::fmt;
use std::sync::Arc;

use super::{Answer, Store};
use crate::Mailbox;
use crate::link::Purpose;
use crate::token::{Link, Token};

/// A mail that is to be sent once it is committed.
///
/// # Security
/// A decoy is stored like any other, with a token that no row has, so that asking costs the same for an
/// address that nobody has; whoever sends takes it out and drops it. What is in the outbox opens links:
/// keep it from everybody but the sender, and delete it when it was sent.
#[derive(Clone)]
pub struct Mail {
    /// What it says.
    pub kind: MailKind,
    /// Where it goes.
    pub to: Mailbox,
    /// The token of the link in it, where there is one.
    pub token: Option<Arc<Token<Link>>>,
    /// Whether it is not to be sent.
    pub decoy: bool,
}

/// What a mail says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MailKind {
    /// Here is the link that was asked for.
    Link(Purpose),
    /// Somebody wanted to register with this address, which has an account.
    AlreadyRegistered,
    /// The password was replaced.
    PasswordReplaced,
    /// The account has another mailbox now; this goes to the one before.
    MailboxChanged,
    /// A second factor was enrolled.
    SecondFactorEnrolled,
    /// The second factor was removed.
    SecondFactorRemoved,
    /// The account was deleted.
    AccountDeleted,
    /// The recovery codes were replaced.
    RecoveryCodesReplaced,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// Somebody who knows the password got five second factors wrong in a row.
    SecondFactorFailing,
    /// An identity of single sign-on was linked to the account.
    IdentityLinked,
    /// An identity of single sign-on was taken from the account.
    IdentityUnlinked,
    /// An API token was made.
    ApiTokenMade,
    /// An API token was revoked.
    ApiTokenRevoked,
}

/// Mail that waits to be sent.
pub trait OutboxStore: Store {
    /// Adds a mail.
    fn post(&self, mail: &Mail) -> impl Future<Output = Answer<(), Self>> + Send;
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
