//! What an authenticator app and the server share.

use std::fmt;

use zeroize::Zeroizing;

use crate::NoRandomness;
use crate::random;

/// RFC 4226, section 4, R6: at least 128 bits, 160 recommended; ours are never shorter (CVE-2024-8796).
const SHORTEST: usize = 20;
/// A block of SHA-512's HMAC is longer; a QR code is not.
const LONGEST: usize = 64;

/// A shared secret of at least 160 bits.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// The secret has fewer than 20 bytes, or more than 64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretLength;

impl Secret {
    /// A new secret of 160 bits.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Secret, NoRandomness> {
        let bytes = random::bytes::<SHORTEST>()?;
        Ok(Secret(Zeroizing::new(bytes.to_vec())))
    }

    /// A secret that was there before.
    ///
    /// # Errors
    /// When it has not 20 to 64 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Secret, SecretLength> {
        match (SHORTEST..=LONGEST).contains(&bytes.len()) {
            true => Ok(Secret(Zeroizing::new(bytes.to_vec()))),
            false => Err(SecretLength),
        }
    }

    /// The secret itself. What is stored is to be sealed first.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

impl fmt::Display for SecretLength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the secret has not 20 to 64 bytes")
    }
}

impl std::error::Error for SecretLength {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cve_2024_8796_a_secret_has_at_least_160_bits() {
        for (length, fits) in [
            (0, false),
            (15, false),
            (19, false),
            (20, true),
            (64, true),
            (65, false),
        ] {
            let secret = Secret::from_bytes(&vec![7; length]);
            assert_eq!(secret.is_ok(), fits, "{length}");
        }
        let [one, other] = [(); 2].map(|()| Secret::generate().unwrap());
        assert_eq!(one.expose().len(), 20);
        assert_ne!(one.expose(), other.expose());
    }

    #[test]
    fn a_secret_is_never_shown() {
        let secret = Secret::from_bytes(b"12345678901234567890");
        assert_eq!(format!("{secret:?}"), "Ok(Secret(redacted))");
    }
}
