//! Secrets at rest: sealed by AES-256-GCM under a key that is not in the database, each for its user.

use std::fmt;
use std::str::FromStr;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use zeroize::Zeroizing;

use super::secret::Secret;
pub use crate::keys::KeyringError;
use crate::{keys, random};

/// Keys with ids: the last one seals, all of them open.
///
/// It is written as `id:key`, separated by commas or whitespace, with 32 bytes in base64 for a key
/// (`openssl rand -base64 32`). To exchange a key, write a new one behind it; seal again what is not
/// [current](Keyring::is_current); then take the old one out.
///
/// ```
/// use weft_auth::totp::Secret;
/// use weft_auth::totp::seal::{Keyring, SealError};
///
/// let keys: Keyring = "2026-11:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=".parse()?;
/// let secret = Secret::generate()?;
/// let sealed = keys.seal(&secret, b"user 7")?;
/// assert_eq!(keys.open(&sealed, b"user 7")?.expose(), secret.expose());
/// assert_eq!(keys.open(&sealed, b"user 8").unwrap_err(), SealError::NotForThisUser);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Whoever has the database alone reads no secret, and gives none to another user; `user` has to name
/// one without doubt, as by the id in full. What was sealed for a user before still opens for that user.
///
/// A key is good for 2³² sealings, since nonces are random. Keys and secrets are wiped when dropped; what
/// ring expands of a key stays on the stack.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<Key>,
}

#[derive(Clone)]
struct Key {
    id: String,
    bytes: Zeroizing<[u8; 32]>,
}

/// Why nothing was sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SealError {
    /// The system gave no randomness for a nonce.
    Unsealable,
    /// It was sealed under a key that is not here.
    UnknownKey,
    /// It was sealed for another user, changed, or never sealed.
    NotForThisUser,
}

/// What a ciphertext is bound to besides its user, so that nothing sealed for another purpose under the
/// same key opens here.
const PURPOSE: &[u8] = b"weft-auth totp";
/// The first byte of what is sealed, followed by the key's id with its length, nonce and ciphertext.
const VERSION: u8 = 1;

impl Keyring {
    /// Seals the secret under the last key, for that user alone.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn seal(&self, secret: &Secret, user: &[u8]) -> Result<Vec<u8>, SealError> {
        self.seal_bytes(secret.expose(), (PURPOSE, user))
    }

    /// Opens what was sealed for that user.
    ///
    /// # Errors
    /// When its key is not here, or it is not the whole of what was sealed for that user.
    pub fn open(&self, sealed: &[u8], user: &[u8]) -> Result<Secret, SealError> {
        let secret = self.open_bytes(sealed, (PURPOSE, user))?;
        Secret::from_bytes(&secret).map_err(|_| SealError::NotForThisUser)
    }

    /// Seals `plain` for a purpose of one length, and for whom.
    pub(crate) fn seal_bytes(
        &self,
        plain: &[u8],
        (purpose, whom): (&[u8], &[u8]),
    ) -> Result<Vec<u8>, SealError> {
        let key = self.keys.last().ok_or(SealError::UnknownKey)?;
        let nonce = *random::bytes::<NONCE_LEN>().map_err(|_| SealError::Unsealable)?;
        let head = key.head();
        let mut ciphertext = Zeroizing::new(plain.to_vec());
        let tag = key
            .aes()?
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                bound(purpose, &head, whom),
                &mut ciphertext,
            )
            .map_err(|_| SealError::Unsealable)?;
        Ok([&head, &nonce[..], &ciphertext, tag.as_ref()].concat())
    }

    /// Opens what was sealed for that purpose and for whom.
    pub(crate) fn open_bytes(
        &self,
        sealed: &[u8],
        (purpose, whom): (&[u8], &[u8]),
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, rest) = id(sealed).ok_or(SealError::NotForThisUser)?;
        let mut keys = self.keys.iter();
        let key = keys
            .find(|key| key.id.as_bytes() == id)
            .ok_or(SealError::UnknownKey)?;
        let (nonce, ciphertext) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::NotForThisUser)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let opened = key.aes()?.open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            bound(purpose, &key.head(), whom),
            &mut buffer,
        );
        let length = opened.map_err(|_| SealError::NotForThisUser)?.len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// Whether it says that it was sealed under the key that seals today.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        let current = self.keys.last().map(|key| key.id.as_bytes());
        id(sealed).map(|(id, _)| id) == current
    }
}

impl Key {
    fn head(&self) -> Vec<u8> {
        let length = [VERSION, self.id.len() as u8];
        [&length, self.id.as_bytes()].concat()
    }

    fn aes(&self) -> Result<LessSafeKey, SealError> {
        let key = UnboundKey::new(&AES_256_GCM, self.bytes.as_slice());
        key.map(LessSafeKey::new).map_err(|_| SealError::Unsealable)
    }
}

/// What the ciphertext is bound to. The head says its own length, so it ends where the user begins.
fn bound(purpose: &[u8], head: &[u8], user: &[u8]) -> Aad<Vec<u8>> {
    Aad::from([purpose, head, user].concat())
}

/// The id of the key that it was sealed under, and what follows.
fn id(sealed: &[u8]) -> Option<(&[u8], &[u8])> {
    match sealed {
        [VERSION, length, rest @ ..] => rest.split_at_checked(usize::from(*length)),
        _ => None,
    }
}

impl FromStr for Keyring {
    type Err = KeyringError;

    fn from_str(text: &str) -> Result<Keyring, KeyringError> {
        let keys = keys::read(text)?.into_iter();
        let keys = keys.map(|(id, bytes)| Key { id, bytes }).collect();
        Ok(Keyring { keys })
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        f.debug_struct("Keyring")
            .field("ids", &ids)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SealError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SealError::Unsealable => "could not be sealed",
            SealError::UnknownKey => "sealed under an unknown key",
            SealError::NotForThisUser => "not sealed for this user",
        })
    }
}

impl std::error::Error for SealError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A token of a link has the length of a secret, and both may be sealed under one key.
    #[test]
    fn what_was_sealed_for_another_purpose_does_not_open() {
        let keys: Keyring = "1:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ="
            .parse()
            .unwrap();
        let mail = (&b"weft-auth mail"[..], &b"user 7"[..]);
        let sealed = keys.seal_bytes(&[b'A'; 43], mail).unwrap();
        assert_eq!(*keys.open_bytes(&sealed, mail).unwrap(), [b'A'; 43]);
        let opened = keys.open(&sealed, b"user 7");
        assert_eq!(opened.unwrap_err(), SealError::NotForThisUser);
    }
}
