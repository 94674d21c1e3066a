use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::random::{self, NoRandomness};

/// 128 bits for one answer, which its scripts and style sheets bear (ASVS 5.0, 3.4.3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn random() -> Result<Nonce, NoRandomness> {
        random::bytes().map(|bytes| Nonce::from_bytes(*bytes))
    }

    /// The one of those bytes, which nobody may guess and no other answer may have.
    pub fn from_bytes(bytes: [u8; 16]) -> Nonce {
        Nonce(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The value of the attribute `nonce`, which needs no escaping.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
