use std::fmt;

use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::pseudonym::keyed;

/// Where the chain ends: how many entries there are, and the hash of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// The number of the last entry.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its number and its hash.
    pub head: Head,
    /// The bytes of its [`Record`](super::Record).
    pub body: Vec<u8>,
}

/// The entry of that number is not the one that was written there, or is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// The number.
    pub number: u64,
}

/// The key that says of a head that it was one.
#[derive(Clone)]
pub struct CheckpointKey(Hmac<Sha256>);

/// A head with the word of the key's holder, to be kept where the database's users do not write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checkpoint {
    /// The head.
    pub head: Head,
    /// Its HMAC-SHA-256.
    pub mac: [u8; 32],
}

/// The end of the chain that leads from `start` through all `entries`.
///
/// Check at the end that it is the store's head, and that a [`Checkpoint`]'s head was on the way.
///
/// # Errors
/// The first entry that does not follow the one before.
pub fn verify<'e>(
    start: Head,
    entries: impl IntoIterator<Item = &'e Entry>,
) -> Result<Head, Broken> {
    let mut head = start;
    for entry in entries {
        let next = head.next(&entry.body);
        if next != entry.head {
            let number = next.number;
            return Err(Broken { number });
        }
        head = next;
    }
    Ok(head)
}

impl Head {
    /// The head of a chain without entries.
    pub const START: Head = Head {
        number: 0,
        hash: [0; 32],
    };

    /// The head with one entry more: its hash is the SHA-256 of the hash before and the body.
    #[must_use]
    pub fn next(&self, body: &[u8]) -> Head {
        Head {
            number: self.number.saturating_add(1),
            hash: Sha256::new()
                .chain_update(self.hash)
                .chain_update(body)
                .finalize()
                .into(),
        }
    }
}

impl CheckpointKey {
    /// The key of those bytes, from a source of randomness.
    pub fn new(key: &[u8; 32]) -> CheckpointKey {
        CheckpointKey(keyed(key))
    }

    /// Says of a head that it is one.
    pub fn seal(&self, head: Head) -> Checkpoint {
        let mac = self.mac(head).finalize().into_bytes().into();
        Checkpoint { head, mac }
    }

    /// Whether this key said so; it is compared in constant time.
    pub fn sealed(&self, checkpoint: &Checkpoint) -> bool {
        let mac = self.mac(checkpoint.head);
        mac.verify_slice(&checkpoint.mac).is_ok()
    }

    fn mac(&self, head: Head) -> Hmac<Sha256> {
        let mac = self.0.clone().chain_update(b"audit checkpoint");
        mac.chain_update(head.number.to_be_bytes())
            .chain_update(head.hash)
    }
}

impl fmt::Debug for CheckpointKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckpointKey(redacted)")
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the audit log is broken at entry {}", self.number)
    }
}

impl std::error::Error for Broken {}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<Entry> {
        let mut head = Head::START;
        let bodies = [&b"one"[..], b"two", b"three", b"four"];
        let entries = bodies.map(|body| {
            head = head.next(body);
            let body = body.to_vec();
            Entry { head, body }
        });
        entries.to_vec()
    }

    #[test]
    fn a_whole_chain_leads_to_its_head() {
        let chain = chain();
        let end = chain[3].head;
        assert_eq!(verify(Head::START, &chain), Ok(end));
        assert_eq!(verify(chain[1].head, &chain[2..]), Ok(end));
        assert_eq!(end.number, 4);
    }

    #[test]
    fn every_change_is_found_at_its_place() {
        let broken = |number, change: fn(&mut Vec<Entry>)| {
            let mut chain = chain();
            change(&mut chain);
            assert_eq!(verify(Head::START, &chain), Err(Broken { number }));
        };
        broken(2, |chain| chain[1].body[0] ^= 1);
        broken(2, |chain| chain[1].head.hash[31] ^= 1);
        broken(2, |chain| drop(chain.remove(1)));
        broken(1, |chain| drop(chain.remove(0)));
        broken(2, |chain| chain.swap(1, 2));
        broken(3, |chain| chain.insert(2, chain[1].clone()));
        broken(3, |chain| chain[2].head.number = 9);
    }

    #[test]
    fn a_chain_written_anew_does_not_lead_through_a_checkpoint() {
        let [key, other] = [[1; 32], [2; 32]].map(|key| CheckpointKey::new(&key));
        let mut chain = chain();
        let checkpoint = key.seal(chain[2].head);
        assert!(key.sealed(&checkpoint) && !other.sealed(&checkpoint));

        chain.remove(1);
        let mut head = Head::START;
        for entry in &mut chain {
            head = head.next(&entry.body);
            entry.head = head;
        }
        assert_eq!(verify(Head::START, &chain), Ok(head));
        assert!(chain.iter().all(|entry| entry.head != checkpoint.head));
        let forged = Checkpoint { head, ..checkpoint };
        assert!(!key.sealed(&forged));
        let mut earlier = checkpoint;
        earlier.head.number -= 1;
        assert!(!key.sealed(&earlier));
    }

    #[test]
    fn the_key_is_never_shown() {
        let key = CheckpointKey::new(&[1; 32]);
        assert_eq!(format!("{key:?}"), "CheckpointKey(redacted)");
    }
}
