//! Names for people in tables that must not name them.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The key under which mailboxes and addresses become [`Pseudonym`]s.
///
/// # Security
/// Keep it apart from the database. Who has both can test guesses; who has the tables alone learns only
/// that two rows are of one person. Without the key, what was written under it is anonymous.
#[derive(Clone)]
pub struct PseudonymKey(Hmac<Sha256>);

/// An HMAC-SHA-256 of whom or what a row is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pseudonym([u8; 32]);

impl PseudonymKey {
    /// The key of those bytes, from a source of randomness.
    pub fn new(key: &[u8; 32]) -> PseudonymKey {
        PseudonymKey(keyed(key))
    }

    /// The pseudonym of `subject`, which is another one in each table `of`.
    pub(crate) fn pseudonym(&self, of: &str, subject: &[u8]) -> Pseudonym {
        let mut mac = self.0.clone();
        mac.update(of.as_bytes());
        mac.update(&[0]);
        mac.update(subject);
        Pseudonym(mac.finalize().into_bytes().into())
    }
}

/// The state of an HMAC under 32 bytes, which are filled up to a block as RFC 2104 has it.
pub(crate) fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    Hmac::new((&*block).into())
}

impl Pseudonym {
    /// The pseudonym of those bytes, as it was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Pseudonym {
        Pseudonym(bytes)
    }

    /// Its bytes, to be stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for PseudonymKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PseudonymKey(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subject_has_another_pseudonym_in_each_table_and_under_each_key() {
        let [one, other] = [[1; 32], [2; 32]].map(|key| PseudonymKey::new(&key));
        let ada = one.pseudonym("audit", b"ada");
        assert_eq!(ada, one.pseudonym("audit", b"ada"));
        assert_ne!(ada, one.pseudonym("audit", b"eve"));
        assert_ne!(ada, one.pseudonym("totp", b"ada"));
        assert_ne!(ada, other.pseudonym("audit", b"ada"));
    }

    /// The expected bytes are those of Python's `hmac`.
    #[test]
    fn a_pseudonym_is_an_hmac_of_table_and_subject() {
        let ada = PseudonymKey::new(&[1; 32]).pseudonym("audit", b"ada");
        let known = [210, 74, 159, 105, 137, 68, 206, 223];
        assert_eq!(ada.as_bytes()[..8], known);
    }

    #[test]
    fn the_key_is_never_shown() {
        let key = PseudonymKey::new(&[1; 32]);
        assert_eq!(format!("{key:?}"), "PseudonymKey(redacted)");
    }
}
