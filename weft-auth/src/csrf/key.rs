use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::Token;

/// Keys with ids: the last one signs, all of them verify.
///
/// It is written as `id:key`, separated by commas or whitespace, with 32 bytes in base64 for a key
/// (`openssl rand -base64 32`). To exchange a key, write a new one behind it, and take the old one out
/// when nobody has a form open any more that was signed with it.
#[derive(Clone)]
pub struct Keyring {
    newest: Key,
    older: Vec<Key>,
}

#[derive(Clone)]
pub(crate) struct Key {
    id: String,
    /// The state after the padded key, which saves hashing it for each request.
    mac: Hmac<Sha256>,
}

/// Why a list of keys is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyringError {
    /// There is no key.
    Empty,
    /// The id of the key at that place, from 1, is not 1 to 32 letters, digits, `-` and `_`.
    Id(usize),
    /// The id at that place is there before.
    DuplicateId(usize),
    /// The key at that place is not 32 bytes in base64.
    Key(usize),
}

pub(crate) const LONGEST_ID: usize = 32;

impl Keyring {
    pub(crate) fn newest(&self) -> &Key {
        &self.newest
    }

    /// The key that a token says it is signed with.
    pub(crate) fn of(&self, token: &Token) -> Option<&Key> {
        self.all().find(|key| key.id == token.key_id())
    }

    fn all(&self) -> impl Iterator<Item = &Key> {
        self.older.iter().chain([&self.newest])
    }
}

impl Key {
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn mac(&self) -> Hmac<Sha256> {
        self.mac.clone()
    }
}

/// Whether a text can be the id of a key.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain)
}

impl FromStr for Keyring {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<Keyring, KeyringError> {
        let mut keys: Vec<Key> = Vec::new();
        let written = text.split(|c: char| c == ',' || c.is_ascii_whitespace());
        for (place, key) in (1..).zip(written.filter(|key| !key.is_empty())) {
            let (id, key) = key.split_once(':').ok_or(KeyringError::Id(place))?;
            if !is_id(id) {
                return Err(KeyringError::Id(place));
            }
            if keys.iter().any(|known| known.id == id) {
                return Err(KeyringError::DuplicateId(place));
            }
            let bytes = STANDARD.decode(key).map(Zeroizing::new);
            let bytes = bytes.ok().filter(|bytes| bytes.len() == 32);
            let bytes = bytes.ok_or(KeyringError::Key(place))?;
            let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&bytes);
            let mac = mac.map_err(|_| KeyringError::Key(place))?;
            let id = id.to_owned();
            keys.push(Key { id, mac });
        }
        let newest = keys.pop().ok_or(KeyringError::Empty)?;
        Ok(Keyring {
            newest,
            older: keys,
        })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.all().map(Key::id).collect();
        f.debug_struct("Keyring")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for KeyringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyringError::Empty => f.write_str("no key"),
            KeyringError::Id(place) => write!(f, "key {place} has no id of letters and digits"),
            KeyringError::DuplicateId(place) => write!(f, "key {place} has the id of another"),
            KeyringError::Key(place) => write!(f, "key {place} is not 32 bytes in base64"),
        }
    }
}

impl std::error::Error for KeyringError {}
