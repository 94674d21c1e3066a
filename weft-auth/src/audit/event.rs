use crate::link::Purpose;
use crate::session::Proof;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// Somebody signed in with that.
    SignedIn(Proof),
    /// Somebody proved that, and owes a second factor.
    SecondFactorOwed(Proof),
    /// Somebody was refused.
    Refused(Reason),
    /// A link was asked for.
    LinkAsked(Purpose),
    /// A link was used up.
    LinkSpent(Purpose),
    /// A password was replaced.
    PasswordReplaced,
    /// An account got another mailbox.
    MailboxChanged,
    /// An account was made.
    Registered,
    /// A second factor was enrolled.
    SecondFactorEnrolled,
    /// A second factor was removed.
    SecondFactorRemoved,
    /// An identity of single sign-on was linked to an account that was there before.
    IdentityLinked,
    /// An identity of single sign-on was taken from its account.
    IdentityUnlinked,
    /// An account was deleted by whose it was.
    Deleted,
    /// The recovery codes were replaced.
    RecoveryCodesReplaced,
    /// An API token was made.
    ApiTokenMade,
    /// An API token was revoked by whose it was.
    ApiTokenRevoked,
}

macro_rules! reasons {
    ($($reason:ident, $name:literal, $sentence:literal;)*) => {
        /// Why somebody was refused. It is for those who operate the service, and never for who asked.
        ///
        /// The order is stored: new ones come last.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Reason {
            $(#[doc = $sentence] $reason,)*
        }

        impl Reason {
            /// All of them.
            pub const ALL: &'static [Reason] = &[$(Reason::$reason,)*];

            /// Its stable name, in kebab case.
            pub const fn name(self) -> &'static str {
                match self { $(Reason::$reason => $name,)* }
            }
        }
    };
}

reasons! {
    UnknownMailbox, "unknown-mailbox", "No account has that mailbox.";
    NoPassword, "no-password", "The account has no password.";
    WrongPassword, "wrong-password", "The password was another.";
    UnreadableHash, "unreadable-hash", "What is stored is no hash that is obeyed: somebody wrote to the table.";
    Unverified, "unverified", "The mailbox was never proved.";
    Suspended, "suspended", "The account is suspended.";
    SingleSignOn, "single-sign-on", "The domain's people sign in through their organisation.";
    TooMany, "too-many", "A limit was reached.";
    Busy, "busy", "Too many hashes at once.";
    Link, "link", "The link was used up, expired, void, of another browser, or never there.";
    Challenge, "challenge", "The challenge was used up, expired, tried too often, or never there.";
    WrongCode, "wrong-code", "The code of the second factor was another, or used before.";
    Taken, "taken", "The mailbox has an account by now.";
    NoSecondFactor, "no-second-factor", "The account has no second factor that could be asked for.";
    NoBreakGlass, "no-break-glass", "The password was right, and the account may not sign in without its organisation.";
    Overtaken, "overtaken", "The password was replaced, or the account suspended, during the sign-in.";
    NotAMailbox, "not-a-mailbox", "The identity provider gave an address that cannot be written to.";
    UnknownIdentity, "unknown-identity", "No account, or another one, has that identity of single sign-on.";
    Connection, "connection", "The connection of single sign-on is not active any more.";
    OtherDomain, "other-domain", "The account's mailbox is in no domain of the organisation that vouches.";
}

impl Event {
    /// Its number and that of its detail, to be stored.
    pub(super) fn code(self) -> [u8; 2] {
        match self {
            Event::SignedIn(proof) => [1, proof as u8],
            Event::SecondFactorOwed(proof) => [2, proof as u8],
            Event::Refused(reason) => [3, reason as u8],
            Event::LinkAsked(purpose) => [4, purpose as u8],
            Event::LinkSpent(purpose) => [5, purpose as u8],
            Event::PasswordReplaced => [6, 0],
            Event::MailboxChanged => [7, 0],
            Event::Registered => [8, 0],
            Event::SecondFactorEnrolled => [9, 0],
            Event::SecondFactorRemoved => [10, 0],
            Event::IdentityLinked => [11, 0],
            Event::IdentityUnlinked => [12, 0],
            Event::Deleted => [13, 0],
            Event::RecoveryCodesReplaced => [14, 0],
            Event::ApiTokenMade => [15, 0],
            Event::ApiTokenRevoked => [16, 0],
        }
    }

    /// The event of those numbers.
    pub(super) fn from_code([event, detail]: [u8; 2]) -> Option<Event> {
        let place = usize::from(detail);
        let proof = || Proof::ALL.get(place).copied();
        let purpose = || Purpose::ALL.get(place).copied();
        match (event, detail) {
            (1, _) => proof().map(Event::SignedIn),
            (2, _) => proof().map(Event::SecondFactorOwed),
            (3, _) => Reason::ALL.get(place).copied().map(Event::Refused),
            (4, _) => purpose().map(Event::LinkAsked),
            (5, _) => purpose().map(Event::LinkSpent),
            (6, 0) => Some(Event::PasswordReplaced),
            (7, 0) => Some(Event::MailboxChanged),
            (8, 0) => Some(Event::Registered),
            (9, 0) => Some(Event::SecondFactorEnrolled),
            (10, 0) => Some(Event::SecondFactorRemoved),
            (11, 0) => Some(Event::IdentityLinked),
            (12, 0) => Some(Event::IdentityUnlinked),
            (13, 0) => Some(Event::Deleted),
            (14, 0) => Some(Event::RecoveryCodesReplaced),
            (15, 0) => Some(Event::ApiTokenMade),
            (16, 0) => Some(Event::ApiTokenRevoked),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_what_its_numbers_say() {
        let all: Vec<Event> = (0..=u8::MAX)
            .flat_map(|event| (0..=u8::MAX).map(move |detail| [event, detail]))
            .filter_map(|code| {
                let event = Event::from_code(code)?;
                assert_eq!(event.code(), code);
                Some(event)
            })
            .collect();
        let (proofs, reasons, purposes) = (Proof::ALL.len(), Reason::ALL.len(), Purpose::ALL.len());
        assert_eq!(all.len(), 2 * proofs + reasons + 2 * purposes + 11);
    }

    #[test]
    fn names_are_kebab_case_and_unique() {
        let names: std::collections::HashSet<_> =
            Reason::ALL.iter().map(|reason| reason.name()).collect();
        assert_eq!(names.len(), Reason::ALL.len());
        for name in names {
            assert!(name.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'));
        }
    }
}
