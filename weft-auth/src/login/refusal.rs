use std::fmt;

use crate::audit::Reason;

/// Somebody was not signed in.
///
/// # Security
/// What can be told is the [`kind`](Refusal::kind), and none of the kinds depends on whether there is an
/// account: answer each with one status and one page. The reason is in the audit log alone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal(Reason);

/// What can be told of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// What was given does not sign in.
    Credentials,
    /// It was tried too often (429).
    TooMany,
    /// The machine has enough to do (503).
    Busy,
    /// This domain's people sign in through their organisation.
    SingleSignOn,
    /// The link, or the code in its place, is not good, or not any more.
    Link,
    /// The second factor was waited for too long or tried too often: begin anew.
    Challenge,
}

impl Refusal {
    pub(super) fn new(reason: Reason) -> Refusal {
        Refusal(reason)
    }

    /// What can be told.
    pub fn kind(&self) -> RefusalKind {
        match self.0 {
            Reason::UnknownMailbox
            | Reason::NoPassword
            | Reason::WrongPassword
            | Reason::UnreadableHash
            | Reason::Unverified
            | Reason::Suspended
            | Reason::NoSecondFactor
            | Reason::WrongCode
            | Reason::NoBreakGlass
            | Reason::Overtaken
            | Reason::NotAMailbox
            | Reason::UnknownIdentity
            | Reason::Connection
            | Reason::OtherDomain => RefusalKind::Credentials,
            Reason::TooMany => RefusalKind::TooMany,
            Reason::Busy => RefusalKind::Busy,
            Reason::SingleSignOn => RefusalKind::SingleSignOn,
            Reason::Link | Reason::Taken => RefusalKind::Link,
            Reason::Challenge => RefusalKind::Challenge,
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Refusal").field(&self.kind()).finish()
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sign-in refused")
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whether_there_is_an_account_is_not_told() {
        let told = |reason| format!("{:?} {}", Refusal::new(reason), Refusal::new(reason));
        let wrong = told(Reason::WrongPassword);
        for reason in [
            Reason::UnknownMailbox,
            Reason::NoPassword,
            Reason::UnreadableHash,
            Reason::Unverified,
            Reason::Suspended,
            Reason::NoBreakGlass,
            Reason::Overtaken,
        ] {
            assert_eq!(told(reason), wrong);
        }
    }
}
