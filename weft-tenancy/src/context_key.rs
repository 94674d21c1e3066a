use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The key that signs the context of transactions: policies written
/// [`signed`](crate::Policies::signed) believe no other.
///
/// ```
/// use std::time::SystemTime;
/// use weft_tenancy::ContextKey;
///
/// let secret = [7; 32]; // 32 to 64 random bytes
/// let key = ContextKey::new("2026-11", &secret)?;
/// // Once, as the owner: the database learns to check what it signs.
/// assert!(key.sql().starts_with("INSERT INTO weft.context_keys"));
/// assert!(key.sign("7", "*", SystemTime::UNIX_EPOCH).starts_with("v1|2026-11|7|*|300|"));
/// # Ok::<(), weft_tenancy::ContextKeyError>(())
/// ```
///
/// Rotation: insert the new key, sign with it, and give the old one's row a `not_after`.
///
/// # Security
/// HMAC-SHA256 over organisation, shops and expiry. A transaction that began before the expiry keeps
/// its context to its end. Who can run SQL as the same role and sees a signed context of another
/// organisation can use it until it expires; it travels as a bind, so `pg_stat_activity` does not
/// show it, but a server that logs the values of binds does.
#[derive(Clone)]
pub struct ContextKey {
    id: String,
    secret: Zeroizing<Vec<u8>>,
    lifetime: Duration,
}

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContextKeyError {
    /// The id is not 1 to 32 of `a-z`, `0-9` and `-`.
    Id,
    /// The secret is not 32 to 64 bytes.
    Length,
}

impl ContextKey {
    /// The key of that id.
    ///
    /// # Errors
    /// When the id or the secret's length is none that a key can have.
    pub fn new(id: &str, secret: &[u8]) -> Result<ContextKey, ContextKeyError> {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-';
        if !(1..=32).contains(&id.len()) || !id.bytes().all(plain) {
            return Err(ContextKeyError::Id);
        }
        if !(32..=BLOCK).contains(&secret.len()) {
            return Err(ContextKeyError::Length);
        }
        Ok(ContextKey {
            id: id.to_owned(),
            secret: Zeroizing::new(secret.to_vec()),
            lifetime: Duration::from_secs(300),
        })
    }

    /// The same with another time between signing and the latest beginning of a transaction, which
    /// is to cover the difference of the two machines' clocks; 5 minutes unless told.
    #[must_use]
    pub fn with_lifetime(self, lifetime: Duration) -> ContextKey {
        ContextKey { lifetime, ..self }
    }

    /// The context of `org` and `shops` (`*`, or an array's text such as `{1,2}`), signed at `now`.
    pub fn sign(&self, org: &str, shops: &str, now: SystemTime) -> String {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let expiry = now.saturating_add(self.lifetime).as_secs();
        let text = format!("v1|{}|{org}|{shops}|{expiry}", self.id);
        // HMAC takes keys of any length.
        let signature = <Hmac<Sha256> as KeyInit>::new_from_slice(&self.secret)
            .map(|mac| mac.chain_update(text.as_bytes()).finalize().into_bytes());
        let signature = signature.map_or_else(|_| String::new(), |bytes| hex(&bytes));
        format!("{text}|{signature}")
    }

    /// The statement with which the owner of `weft.context_keys` lets the database check this key.
    ///
    /// # Security
    /// It holds the key: run it, and write it nowhere.
    pub fn sql(&self) -> Zeroizing<String> {
        let pad = |with: u8| {
            let mut pad = Zeroizing::new(vec![with; BLOCK]);
            for (byte, secret) in pad.iter_mut().zip(self.secret.iter()) {
                *byte ^= secret;
            }
            Zeroizing::new(hex(&pad))
        };
        Zeroizing::new(format!(
            "INSERT INTO weft.context_keys (id, inner_pad, outer_pad) VALUES ('{}', '\\x{}', '\\x{}')",
            self.id,
            *pad(0x36),
            *pad(0x5c)
        ))
    }
}

impl fmt::Debug for ContextKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContextKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for ContextKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ContextKeyError::Id => "the key's id is not 1 to 32 of a-z, 0-9 and -",
            ContextKeyError::Length => "the key's secret is not 32 to 64 bytes",
        })
    }
}

impl std::error::Error for ContextKeyError {}

/// The block of SHA-256, to which HMAC pads its key (RFC 2104, 2).
const BLOCK: usize = 64;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_never_shown() {
        let key = ContextKey::new("k", &[0xab; 32]).unwrap();
        assert_eq!(format!("{key:?}"), "ContextKey { id: \"k\", .. }");
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for id in ["", "A", "a|b", "a'b", &"a".repeat(33)] {
            assert_eq!(
                ContextKey::new(id, &[1; 32]).unwrap_err(),
                ContextKeyError::Id
            );
        }
        for length in [0, 31, 65] {
            let refused = ContextKey::new("k", &vec![1; length]).unwrap_err();
            assert_eq!(refused, ContextKeyError::Length);
        }
    }
}
