use std::cmp::Reverse;
use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::limits::SECRETS;
use crate::mac::Key;

/// The shortest key that is taken, in bytes (Standard Webhooks asks for 24 to 64).
const SHORTEST: usize = 24;

/// A secret as its sender shows it, with a name and the time it is in force.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use weft_webhooks::{Scheme, Secret, Verifier};
///
/// // A rotation: both are in force until the old one's end.
/// let end = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
/// let old = Secret::new("2026-05", "whsec_4kq0yS1cVdZb7uWm2LxT9fGhJ3nR8pEa")?.with_not_after(end);
/// let new = Secret::new("2026-11", "whsec_Zp7mB2vX9tQe5rKd8yHc1wLs6nFj3gUa")?;
/// assert_eq!(format!("{new:?}"), "Secret { id: \"2026-11\", .. }");
/// let verifier = Verifier::new(Scheme::stripe(), [old, new])?;
/// # Ok::<(), weft_webhooks::SecretError>(())
/// ```
#[derive(Clone)]
pub struct Secret {
    id: String,
    text: Zeroizing<String>,
    not_before: Option<SystemTime>,
    not_after: Option<SystemTime>,
}

/// Why a secret, or a set of them, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SecretError {
    /// The id is not 1 to 64 characters of visible ASCII.
    Id,
    /// The secret is empty.
    Empty,
    /// The secret begins or ends with whitespace, or holds a control character.
    Whitespace,
    /// The key that the secret stands for has fewer than 24 bytes.
    TooShort,
    /// The secret is not written as the sender writes it.
    Encoding,
    /// Two secrets have the same id.
    DuplicateId,
    /// There are no secrets, or more than 8.
    Count,
}

impl Secret {
    /// The secret of that id, which the proof of a request will carry.
    ///
    /// # Errors
    /// When the id or the text is none that a secret can have. Its key is judged by
    /// [`Verifier::new`](crate::Verifier::new), which knows the sender.
    pub fn new(id: &str, text: &str) -> Result<Secret, SecretError> {
        if !(1..=64).contains(&id.len()) || !id.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(SecretError::Id);
        }
        if text.is_empty() {
            return Err(SecretError::Empty);
        }
        if text.trim().len() != text.len() || text.chars().any(char::is_control) {
            return Err(SecretError::Whitespace);
        }
        Ok(Secret {
            id: id.to_owned(),
            text: Zeroizing::new(text.to_owned()),
            not_before: None,
            not_after: None,
        })
    }

    /// The same, not in force before `time`.
    #[must_use]
    pub fn with_not_before(mut self, time: SystemTime) -> Secret {
        self.not_before = Some(time);
        self
    }

    /// The same, not in force from `time` on.
    #[must_use]
    pub fn with_not_after(mut self, time: SystemTime) -> Secret {
        self.not_after = Some(time);
        self
    }

    fn in_force(&self, now: SystemTime) -> bool {
        self.not_before.is_none_or(|time| time <= now)
            && self.not_after.is_none_or(|time| now < time)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secret")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SecretError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SecretError::Id => "the secret's id is not 1 to 64 characters of visible ASCII",
            SecretError::Empty => "the secret is empty",
            SecretError::Whitespace => {
                "the secret has whitespace around it or control characters in it"
            }
            SecretError::TooShort => "the secret's key has fewer than 24 bytes",
            SecretError::Encoding => "the secret is not written as its sender writes it",
            SecretError::DuplicateId => "two secrets have the same id",
            SecretError::Count => "there are not 1 to 8 secrets",
        })
    }
}

impl std::error::Error for SecretError {}

/// Those bytes, if they are long enough to be a key.
pub(crate) fn long_enough(bytes: &[u8]) -> Result<&[u8], SecretError> {
    if bytes.len() < SHORTEST {
        return Err(SecretError::TooShort);
    }
    Ok(bytes)
}

/// The key of those bytes, if they are long enough to be one.
pub(crate) fn hmac_key(bytes: &[u8]) -> Result<Key, SecretError> {
    Key::hmac(long_enough(bytes)?).ok_or(SecretError::Encoding)
}

/// The secrets of one endpoint, with the keys that they stand for.
#[derive(Clone)]
pub(crate) struct Ring<K>(Vec<(Secret, K)>);

impl<K> Ring<K> {
    /// The secrets with what `key` makes of their texts.
    pub(crate) fn new(
        secrets: impl IntoIterator<Item = Secret>,
        key: impl Fn(&str) -> Result<K, SecretError>,
    ) -> Result<Ring<K>, SecretError> {
        let mut ring: Vec<(Secret, K)> = Vec::new();
        for secret in secrets {
            if ring.iter().any(|(other, _)| other.id == secret.id) {
                return Err(SecretError::DuplicateId);
            }
            let key = key(&secret.text)?;
            ring.push((secret, key));
        }
        if !(1..=SECRETS).contains(&ring.len()) {
            return Err(SecretError::Count);
        }
        Ok(Ring(ring))
    }

    /// Those in force at `now`, by id.
    pub(crate) fn in_force(&self, now: SystemTime) -> impl Iterator<Item = (&str, &K)> + Clone {
        let held = self.0.iter();
        held.filter(move |(secret, _)| secret.in_force(now))
            .map(|(secret, key)| (secret.id.as_str(), key))
    }

    /// The keys of those in force at `now`, from the one that came into force last to the first; of
    /// two that did at once, the later in the ring is the newer.
    pub(crate) fn newest_first(&self, now: SystemTime) -> Vec<&K> {
        let mut held: Vec<_> = self.0.iter().rev().collect();
        held.retain(|(secret, _)| secret.in_force(now));
        held.sort_by_key(|(secret, _)| Reverse(secret.not_before));
        held.into_iter().map(|(_, key)| key).collect()
    }
}

impl<K> fmt::Debug for Ring<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(secret, _)| secret))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    const TEXT: &str = "whsec_abcdefghijklmnopqrstuvwxyz";

    fn ring(secrets: impl IntoIterator<Item = Secret>) -> Result<Ring<Key>, SecretError> {
        Ring::new(secrets, |text| hmac_key(text.as_bytes()))
    }

    fn secret(id: &str) -> Secret {
        Secret::new(id, TEXT).unwrap()
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        let refused = |id, text| Secret::new(id, text).unwrap_err();
        assert_eq!(refused("a", ""), SecretError::Empty);
        for text in [
            " ",
            "\n",
            " secret",
            "secret\n",
            "sec\0ret",
            "sec\r\nret",
            "\u{a0}secret",
        ] {
            assert_eq!(refused("a", text), SecretError::Whitespace, "{text:?}");
        }
        for id in ["", "a b", "a\n", "é", &"a".repeat(65)] {
            assert_eq!(refused(id, TEXT), SecretError::Id, "{id:?}");
        }
    }

    #[test]
    fn a_key_has_at_least_24_bytes() {
        let ring = |text: &str| ring([Secret::new("a", text).unwrap()]);
        assert_eq!(ring("a").unwrap_err(), SecretError::TooShort);
        assert_eq!(ring(&"a".repeat(23)).unwrap_err(), SecretError::TooShort);
        assert!(ring(&"a".repeat(24)).is_ok());
    }

    #[test]
    fn a_ring_has_1_to_8_secrets_of_different_ids() {
        let ring = |ids: &[&str]| ring(ids.iter().map(|id| secret(id)));
        assert_eq!(ring(&[]).unwrap_err(), SecretError::Count);
        assert_eq!(
            ring(&["a", "b", "a"]).unwrap_err(),
            SecretError::DuplicateId
        );
        assert!(ring(&["1", "2", "3", "4", "5", "6", "7", "8"]).is_ok());
        let nine = ring(&["1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!(nine.unwrap_err(), SecretError::Count);
    }

    #[test]
    fn a_secret_is_in_force_from_not_before_up_to_not_after() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let secret = secret("a").with_not_before(at(10)).with_not_after(at(20));
        let ring = ring([secret]).unwrap();
        let in_force = |seconds| ring.in_force(at(seconds)).count();
        assert_eq!([9, 10, 19, 20].map(in_force), [0, 1, 1, 0]);
    }

    #[test]
    fn the_newest_is_the_one_that_came_into_force_last() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let secret = |id| Secret::new(id, id).unwrap();
        let secrets = [
            secret("always"),
            secret("new").with_not_before(at(20)),
            secret("old").with_not_before(at(10)).with_not_after(at(30)),
            secret("later"),
        ];
        let ring = Ring::new(secrets, |text| Ok(text.to_owned())).unwrap();
        let ids = |seconds| ring.newest_first(at(seconds));
        assert_eq!(ids(9), ["later", "always"]);
        assert_eq!(ids(10), ["old", "later", "always"]);
        assert_eq!(ids(20), ["new", "old", "later", "always"]);
        assert_eq!(ids(30), ["new", "later", "always"]);
    }

    #[test]
    fn a_secret_is_never_shown() {
        let ring = ring([secret("a")]).unwrap();
        assert_eq!(format!("{ring:?}"), "[Secret { id: \"a\", .. }]");
    }
}
