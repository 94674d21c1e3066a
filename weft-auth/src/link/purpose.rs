/// What a link is for; it is good for nothing else.
///
/// The order is stored in the audit log: new ones come last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Purpose {
    /// To sign in.
    SignIn,
    /// To choose a new password.
    Reset,
    /// To make an account.
    Register,
    /// To be somebody's guest or member.
    Invite,
    /// To let the account have another mailbox: it goes to the one that it has.
    ChangeFrom,
    /// To be the account's other mailbox: it goes there.
    ChangeTo,
    /// To let passwords and second factors be tried again.
    Unlock,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 7] = [
        Purpose::SignIn,
        Purpose::Reset,
        Purpose::Register,
        Purpose::Invite,
        Purpose::ChangeFrom,
        Purpose::ChangeTo,
        Purpose::Unlock,
    ];

    /// Its stable name, to be stored.
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::SignIn => "sign-in",
            Purpose::Reset => "reset",
            Purpose::Register => "register",
            Purpose::Invite => "invite",
            Purpose::ChangeFrom => "change-from",
            Purpose::ChangeTo => "change-to",
            Purpose::Unlock => "unlock",
        }
    }

    /// The purpose of that name.
    pub fn from_name(name: &str) -> Option<Purpose> {
        Purpose::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Whether only the browser that asked may use it. Nobody asked for an invitation nor for a lock,
    /// and what a scanner that presses buttons unlocks is a hundred guesses in most of a day.
    pub const fn is_bound(self) -> bool {
        !matches!(self, Purpose::Invite | Purpose::Unlock)
    }

    /// Whether it is of an account, which has to have the same mailbox when it is spent.
    pub const fn needs_account(self) -> bool {
        !matches!(self, Purpose::Register | Purpose::Invite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_purpose_has_its_place_and_its_name() {
        for (place, purpose) in Purpose::ALL.into_iter().enumerate() {
            assert_eq!(purpose as usize, place);
            assert_eq!(Purpose::from_name(purpose.name()), Some(purpose));
        }
        assert_eq!(Purpose::from_name(""), None);
    }
}
