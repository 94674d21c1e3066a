//! Codes for when the device is gone.

use std::array;
use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::base32::{CROCKFORD, encode, grouped};
use crate::NoRandomness;
use crate::random;

/// The bytes of a code: 120 bits, above the 112 from which a plain hash will do (ASVS 6.5.2).
const BYTES: usize = 15;
/// The characters of a code.
const CHARACTERS: usize = 24;
/// The codes of a set.
const CODES: usize = 10;
/// The longest text that is read as a code, with whatever stands between its groups.
const LONGEST: usize = 64;

/// A code that stands for the second factor, once.
///
/// ```
/// use weft_auth::totp::RecoveryCode;
///
/// let code = RecoveryCode::parse("0123-4567-89ab-cdef-ghjk-mnpq")?;
/// assert_eq!(*code.grouped(), "0123-4567-89AB-CDEF-GHJK-MNPQ");
/// let typed = RecoveryCode::parse("ol23 4567 89AB CDEF GHJK MNPQ")?;
/// assert_eq!(typed.digest().as_bytes(), code.digest().as_bytes());
/// # Ok::<(), weft_auth::totp::NotARecoveryCode>(())
/// ```
///
/// # Security
/// What is stored is the digest, and it is used up by one statement that deletes the row of that user
/// and digest: whoever deletes it has used it, and nobody else. Make all codes anew when one set is shown
/// again, and tell the user by mail when one was used.
pub struct RecoveryCode(Zeroizing<String>);

/// What is stored of a recovery code: its SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecoveryDigest([u8; 32]);

/// The text is not a recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotARecoveryCode;

impl RecoveryCode {
    /// Ten new codes, to be shown once.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate_set() -> Result<[RecoveryCode; CODES], NoRandomness> {
        let random = random::bytes::<{ BYTES * CODES }>()?;
        let piece = |place: usize| &random[place * BYTES..][..BYTES];
        Ok(array::from_fn(|place| {
            RecoveryCode(encode(piece(place), CROCKFORD))
        }))
    }

    /// The code in `text`: in any case, with hyphens and spaces wherever, and with the letters that are
    /// taken for digits.
    ///
    /// # Errors
    /// When it is not 24 characters of that kind.
    pub fn parse(text: &str) -> Result<RecoveryCode, NotARecoveryCode> {
        if text.len() > LONGEST {
            return Err(NotARecoveryCode);
        }
        let mut code = Zeroizing::new(String::with_capacity(LONGEST));
        for byte in text.bytes().filter(|c| !b" -".contains(c)) {
            let read = match byte.to_ascii_uppercase() {
                b'O' => b'0',
                b'I' | b'L' => b'1',
                other => other,
            };
            if !CROCKFORD.contains(&read) {
                return Err(NotARecoveryCode);
            }
            code.push(char::from(read));
        }
        match code.len() == CHARACTERS {
            true => Ok(RecoveryCode(code)),
            false => Err(NotARecoveryCode),
        }
    }

    /// The code in groups of four, to be shown.
    pub fn grouped(&self) -> Zeroizing<String> {
        grouped(&self.0, "-")
    }

    /// What to store, and to look it up by.
    pub fn digest(&self) -> RecoveryDigest {
        RecoveryDigest(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl RecoveryDigest {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(redacted)")
    }
}

impl fmt::Debug for RecoveryDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryDigest(redacted)")
    }
}

impl fmt::Display for NotARecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not a recovery code")
    }
}

impl std::error::Error for NotARecoveryCode {}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_set_is_ten_different_codes_that_read_back() {
        let codes = RecoveryCode::generate_set().unwrap();
        let digests: HashSet<_> = codes.iter().map(RecoveryCode::digest).collect();
        assert_eq!(digests.len(), 10);
        for code in &codes {
            let shown = code.grouped();
            assert_eq!(shown.len(), 29);
            let read = RecoveryCode::parse(&shown).unwrap();
            assert_eq!(read.digest(), code.digest());
        }
    }

    #[test]
    fn the_digest_is_the_sha_256_of_the_24_characters() {
        let code = RecoveryCode::parse("0000-0000-0000-0000-0000-0000").unwrap();
        let digest: [u8; 32] = Sha256::digest([b'0'; 24]).into();
        assert_eq!(code.digest().as_bytes(), &digest);
    }

    #[test]
    fn what_is_not_a_code_is_not_looked_up() {
        for text in [
            "",
            "-",
            "0123-4567-89ab-cdef-ghjk-mnp",
            "0123-4567-89ab-cdef-ghjk-mnpqr",
            "0123-4567-89ab-cdef-ghjk-mnpu",
            "0123_4567_89ab_cdef_ghjk_mnpq",
            "0123-4567-89ab-cdef-ghjk-mnp\u{e9}",
            "0123-4567-89ab-cdef-ghjk-mnpq\n",
            "\u{661}123-4567-89ab-cdef-ghjk-mnpq",
            &"0".repeat(1 << 20),
            &"-".repeat(65),
        ] {
            assert!(RecoveryCode::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_code_is_never_shown() {
        let code = RecoveryCode::parse(&"0".repeat(24)).unwrap();
        let shown = format!("{code:?} {:?}", code.digest());
        assert_eq!(shown, "RecoveryCode(redacted) RecoveryDigest(redacted)");
    }
}
