//! A refused password.

use std::fmt;

use super::phc::StoredError;

/// The password was not right, for a reason that is nobody's business but yours.
///
/// All refusals read alike and took the same work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal(RefusalKind);

/// Why a password was refused, for metrics and alarms.
///
/// # Security
/// Whoever signs in must not learn it: it tells which accounts exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The stored hash is another password's.
    WrongPassword,
    /// There is no account, or it has no password.
    NoPassword,
    /// The stored hash was not obeyed, which is an alarm: somebody wrote to the table.
    Unreadable(StoredError),
}

impl Refusal {
    pub(super) fn new(kind: RefusalKind) -> Refusal {
        Refusal(kind)
    }

    /// The reason, to be counted and not to be told.
    pub fn kind(&self) -> RefusalKind {
        self.0
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Refusal(..)")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("password refused")
    }
}

impl std::error::Error for Refusal {}
