use std::fmt;

/// There is no session, or not one that is good for this.
///
/// The message is the same whatever was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(RefusalKind);

/// Why a session was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// No session has that token: it was signed out, revoked or rotated, or there never was one. Of a
    /// sign-in: it was void before it ended.
    Unknown,
    /// It was not used for too long.
    Idle,
    /// It is too old.
    Expired,
    /// It was written by a clock that is ahead of this one.
    FromTheFuture,
    /// Nothing was proved in the last ten minutes: ask for a proof again.
    NotRecent,
    /// Two factors were not proved: ask for the second one.
    SecondFactor,
    /// What was proved was proved of another account.
    OtherAccount,
}

impl Refusal {
    pub(crate) fn new(kind: RefusalKind) -> Refusal {
        Refusal(kind)
    }

    /// Why; stable, for metrics, and to know what to ask for.
    pub fn kind(&self) -> RefusalKind {
        self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("session refused")
    }
}

impl std::error::Error for Refusal {}
