use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit};
use sha2::Sha256;

use super::Token;
use crate::keys::{self, KeyringError};

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

impl FromStr for Keyring {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<Keyring, KeyringError> {
        let keys = keys::read(text)?.into_iter().zip(1..);
        let keys = keys.map(|((id, bytes), place)| {
            let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(bytes.as_slice());
            let mac = mac.map_err(|_| KeyringError::Key(place))?;
            Ok(Key { id, mac })
        });
        let mut older = keys.collect::<Result<Vec<_>, _>>()?;
        let newest = older.pop().ok_or(KeyringError::Empty)?;
        Ok(Keyring { newest, older })
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
