//! The keys that data keys are wrapped under.

use std::fmt;
use std::str::FromStr;

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::EnvelopeError;
use super::data_key::{DataKey, random};

/// Keys with ids: the last one wraps, all of them unwrap.
///
/// It is written as `id:key`, separated by commas or whitespace, with 32 bytes in base64 for a key
/// (`openssl rand -base64 32`). To exchange a key, write a new one behind it; wrap again what is not
/// [current](MasterKeys::is_current); then take the old one out.
#[derive(Clone)]
pub struct MasterKeys(Vec<Master>);

#[derive(Clone)]
struct Master {
    id: String,
    key: LessSafeKey,
}

/// Why a list of keys cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is no key.
    Empty,
    /// An id is 1 to 32 letters, digits, `-` and `_`.
    Id,
    /// Two keys have the same id.
    DuplicateId,
    /// A key is 32 bytes in base64.
    Key,
}

/// What is bound to each wrapped key besides its tenant.
const PURPOSE: &[u8] = b"weft-storage data key";
/// The first byte of what is wrapped, followed by the id with its length, nonce and ciphertext.
const VERSION: u8 = 1;

impl MasterKeys {
    /// Wraps a data key under the last key, for that tenant alone.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn wrap(&self, key: &DataKey, tenant: Uuid) -> Result<Vec<u8>, EnvelopeError> {
        let master = self.0.last().ok_or(EnvelopeError::UnknownKey)?;
        let nonce = *random::<NONCE_LEN>()?;
        let head = [&[VERSION, master.id.len() as u8], master.id.as_bytes()].concat();
        let mut buffer = Zeroizing::new(key.expose().to_vec());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        let tag =
            master
                .key
                .seal_in_place_separate_tag(nonce_used, bound(&head, tenant), &mut buffer);
        let tag = tag.map_err(|_| EnvelopeError::Corrupt)?;
        Ok([&head, &nonce[..], &buffer, tag.as_ref()].concat())
    }

    /// Unwraps the data key of that tenant.
    ///
    /// # Errors
    /// When its key is not here, or it is not the whole of what was wrapped for that tenant.
    pub fn unwrap(&self, wrapped: &[u8], tenant: Uuid) -> Result<DataKey, EnvelopeError> {
        let changed = EnvelopeError::NotForThisTenant;
        let (id, rest) = id(wrapped).ok_or(changed)?;
        let master = self.0.iter().find(|master| master.id.as_bytes() == id);
        let master = master.ok_or(EnvelopeError::UnknownKey)?;
        let (nonce, ciphertext) = rest.split_first_chunk::<NONCE_LEN>().ok_or(changed)?;
        let head = &wrapped[..2 + id.len()];
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let opened = master
            .key
            .open_in_place(nonce, bound(head, tenant), &mut buffer);
        let opened = opened.map_err(|_| changed)?;
        DataKey::from_bytes(opened).ok_or(changed)
    }

    /// Whether it says that it was wrapped under the key that wraps today.
    pub fn is_current(&self, wrapped: &[u8]) -> bool {
        let current = self.0.last().map(|master| master.id.as_bytes());
        id(wrapped).map(|(id, _)| id) == current
    }
}

/// What the ciphertext is bound to. The head says its own length, so it ends where the tenant begins.
fn bound(head: &[u8], tenant: Uuid) -> Aad<Vec<u8>> {
    Aad::from([PURPOSE, head, tenant.as_bytes()].concat())
}

/// The id of the key that it was wrapped under, and what follows.
fn id(wrapped: &[u8]) -> Option<(&[u8], &[u8])> {
    match wrapped {
        [VERSION, length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

impl FromStr for MasterKeys {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<MasterKeys, KeyringError> {
        let mut keys: Vec<Master> = Vec::new();
        let entries = text.split(|c: char| c == ',' || c.is_ascii_whitespace());
        for entry in entries.filter(|entry| !entry.is_empty()) {
            let (id, key) = entry.split_once(':').ok_or(KeyringError::Key)?;
            let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
            if !(1..=32).contains(&id.len()) || !id.bytes().all(plain) {
                return Err(KeyringError::Id);
            }
            if keys.iter().any(|key| key.id == id) {
                return Err(KeyringError::DuplicateId);
            }
            let bytes = STANDARD
                .decode(key)
                .map(Zeroizing::new)
                .map_err(|_| KeyringError::Key)?;
            let key = UnboundKey::new(&AES_256_GCM, &bytes).map_err(|_| KeyringError::Key)?;
            keys.push(Master {
                id: id.to_owned(),
                key: LessSafeKey::new(key),
            });
        }
        match keys.is_empty() {
            true => Err(KeyringError::Empty),
            false => Ok(MasterKeys(keys)),
        }
    }
}

impl fmt::Debug for MasterKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.0.iter().map(|master| master.id.as_str()).collect();
        f.debug_struct("MasterKeys")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyringError::Empty => "there is no key",
            KeyringError::Id => "an id is not 1 to 32 letters, digits, - and _",
            KeyringError::DuplicateId => "two keys have the same id",
            KeyringError::Key => "a key is not 32 bytes in base64",
        })
    }
}

impl std::error::Error for KeyringError {}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";
    const NEW: &str = "new:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

    #[test]
    fn a_data_key_is_one_tenants() {
        let keys: MasterKeys = OLD.parse().unwrap();
        let key = DataKey::generate().unwrap();
        let wrapped = keys.wrap(&key, Uuid::from_u128(1)).unwrap();
        let unwrapped = keys.unwrap(&wrapped, Uuid::from_u128(1)).unwrap();
        assert_eq!(unwrapped.expose(), key.expose());
        let other = keys.unwrap(&wrapped, Uuid::from_u128(2));
        assert_eq!(other.unwrap_err(), EnvelopeError::NotForThisTenant);
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(keys.unwrap(&changed, Uuid::from_u128(1)).is_err(), "{at}");
            assert!(
                keys.unwrap(&wrapped[..at], Uuid::from_u128(1)).is_err(),
                "{at}"
            );
        }
    }

    #[test]
    fn keys_are_exchanged() {
        let old: MasterKeys = OLD.parse().unwrap();
        let both: MasterKeys = format!("{OLD}, {NEW}").parse().unwrap();
        let new: MasterKeys = NEW.parse().unwrap();
        let (key, tenant) = (DataKey::generate().unwrap(), Uuid::from_u128(1));
        let wrapped = old.wrap(&key, tenant).unwrap();
        assert!(old.is_current(&wrapped) && !both.is_current(&wrapped));
        assert_eq!(
            new.unwrap(&wrapped, tenant).unwrap_err(),
            EnvelopeError::UnknownKey
        );
        let again = both
            .wrap(&both.unwrap(&wrapped, tenant).unwrap(), tenant)
            .unwrap();
        assert_eq!(new.unwrap(&again, tenant).unwrap().expose(), key.expose());
    }

    /// CVE-2021-38599: without a usable key, what was to be sealed went out in clear.
    #[test]
    fn cve_2021_38599_no_key_is_an_error() {
        for (text, error) in [
            ("", KeyringError::Empty),
            (" , ", KeyringError::Empty),
            (
                "q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=",
                KeyringError::Key,
            ),
            ("a:AAAA", KeyringError::Key),
            (
                ":q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=",
                KeyringError::Id,
            ),
            (&format!("{OLD} {OLD}"), KeyringError::DuplicateId),
        ] {
            assert_eq!(text.parse::<MasterKeys>().unwrap_err(), error, "{text}");
        }
        let shown = format!("{:?}", OLD.parse::<MasterKeys>().unwrap());
        assert!(!shown.contains("q1nB"), "{shown}");
    }
}
