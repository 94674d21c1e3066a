//! Lists of keys with ids, as configurations hold them.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A key of 32 bytes, and its id.
pub(crate) type NamedKey = (String, Zeroizing<[u8; 32]>);

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

/// Whether a text can be the id of a key.
pub(crate) fn is_id(id: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain)
}

/// The keys that are written as `id:key`, separated by commas or whitespace: at least one, in order.
pub(crate) fn read(text: &str) -> Result<Vec<NamedKey>, KeyringError> {
    let mut keys: Vec<NamedKey> = Vec::new();
    let written = text.split(|c: char| c == ',' || c.is_ascii_whitespace());
    for (place, key) in (1..).zip(written.filter(|key| !key.is_empty())) {
        let (id, key) = key.split_once(':').ok_or(KeyringError::Id(place))?;
        if !is_id(id) {
            return Err(KeyringError::Id(place));
        }
        if keys.iter().any(|(known, _)| known == id) {
            return Err(KeyringError::DuplicateId(place));
        }
        let decoded = STANDARD.decode(key).map(Zeroizing::new);
        let decoded = decoded.map_err(|_| KeyringError::Key(place))?;
        let bytes = <[u8; 32]>::try_from(decoded.as_slice()).map(Zeroizing::new);
        let bytes = bytes.map_err(|_| KeyringError::Key(place))?;
        keys.push((id.to_owned(), bytes));
    }
    match keys.is_empty() {
        true => Err(KeyringError::Empty),
        false => Ok(keys),
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
