use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::SecretError;
use crate::mac::Signature;
use crate::secret::long_enough;

/// What a signature is made with.
#[derive(Clone)]
pub(crate) enum SigningKey {
    /// The state after the padded key, as in [`Key`](crate::mac::Key).
    Hmac(Hmac<Sha256>),
    #[cfg(feature = "ed25519")]
    Ed25519(Box<ed25519_dalek::SigningKey>),
}

impl SigningKey {
    pub(crate) fn hmac(secret: &[u8]) -> Result<SigningKey, SecretError> {
        <Hmac<Sha256> as KeyInit>::new_from_slice(long_enough(secret)?)
            .map(SigningKey::Hmac)
            .map_err(|_| SecretError::Encoding)
    }

    /// The key of a seed of 32 bytes, or of a seed with its public key behind it.
    #[cfg(feature = "ed25519")]
    pub(crate) fn ed25519(private: &[u8]) -> Option<SigningKey> {
        use ed25519_dalek::SigningKey as Key;

        let key = match private.len() {
            32 => Key::from_bytes(private.try_into().ok()?),
            _ => Key::from_keypair_bytes(private.try_into().ok()?).ok()?,
        };
        Some(SigningKey::Ed25519(Box::new(key)))
    }

    /// The signature of the texts `before`, followed by `body`.
    pub(crate) fn sign(&self, before: &[&str], body: &[u8]) -> Signature {
        match self {
            SigningKey::Hmac(state) => {
                let mut mac = state.clone();
                before.iter().for_each(|part| mac.update(part.as_bytes()));
                mac.update(body);
                Signature::Hmac(mac.finalize().into_bytes().into())
            }
            #[cfg(feature = "ed25519")]
            SigningKey::Ed25519(key) => {
                let message = [before.concat().as_bytes(), body].concat();
                let signature = ed25519_dalek::Signer::sign(&**key, &message);
                Signature::Ed25519(Box::new(signature.to_bytes()))
            }
        }
    }
}
