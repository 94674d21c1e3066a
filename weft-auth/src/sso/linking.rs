use super::{Domain, Identity};

/// What becomes of an identity that nobody has signed in with before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Linking {
    /// A new account.
    Create,
    /// The account with that address; its sessions end, and its owner is told.
    Link,
    /// The account with that address, once its owner has proved to be it by password or mailbox. Who
    /// had it before may have made it to wait for somebody.
    ProveFirst,
}

impl Linking {
    /// Decides by the account that has the address, if there is one: its address as it is written
    /// there, and whether its owner has shown to read the mailbox.
    pub fn of(identity: &Identity, local: Option<(&str, bool)>) -> Linking {
        let Some((address, is_verified)) = local else {
            return Linking::Create;
        };
        // The identity's domain is one that its organisation owns: it was admitted.
        let same = address.eq_ignore_ascii_case(identity.profile().email())
            && Domain::of_address(address).is_some();
        match is_verified && same {
            true => Linking::Link,
            false => Linking::ProveFirst,
        }
    }
}
