//! Tokens that are nothing but random: of sessions, and in links.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::NoRandomness;
use crate::random;

/// The characters of 32 bytes in base64url.
pub(super) const CHARACTERS: usize = 43;

/// The tokens of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Session {}

/// The tokens of links that are sent: to sign in, to reset, to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Link {}

/// The secrets of browsers that asked for a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Browser {}

/// The tokens of those who owe a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Challenge {}

/// The tokens of programs, which have a [prefix](super::Prefix).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {}

/// What a token is for; one kind is not taken for another.
pub trait Kind: sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for Session {}
impl sealed::Sealed for Link {}
impl sealed::Sealed for Api {}
impl sealed::Sealed for Browser {}
impl sealed::Sealed for Challenge {}
impl Kind for Session {}
impl Kind for Link {}
impl Kind for Api {}
impl Kind for Browser {}
impl Kind for Challenge {}

/// A token as its bearer holds it: 43 characters of base64url.
///
/// ```
/// use weft_auth::token::{Session, Token};
///
/// let token = Token::<Session>::generate()?;
/// let again = Token::<Session>::parse(token.expose())?;
/// assert_eq!(again.digest(), token.digest());
/// assert_eq!(format!("{token:?}"), "Token(redacted)");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Token<K: Kind> {
    text: Zeroizing<String>,
    kind: PhantomData<K>,
}

/// What the database keeps of a token: the SHA-256 of its text.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest<K: Kind> {
    bytes: [u8; 32],
    kind: PhantomData<K>,
}

/// The text is not written as a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAToken;

impl<K: Kind> Token<K> {
    /// A new token.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Token<K>, NoRandomness> {
        Ok(Token::from_random(&*random::bytes()?))
    }

    /// The token of those bytes, which nobody else may ever have known.
    pub fn from_random(bytes: &[u8; 32]) -> Token<K> {
        Token {
            text: encode(bytes),
            kind: PhantomData,
        }
    }

    /// The token in `text`.
    ///
    /// # Errors
    /// When it is anything but what [`expose`](Token::expose) writes; nothing is looked up then.
    pub fn parse(text: &str) -> Result<Token<K>, NotAToken> {
        match is_encoded(text) {
            true => Ok(Token {
                text: Zeroizing::new(text.to_owned()),
                kind: PhantomData,
            }),
            false => Err(NotAToken),
        }
    }

    /// The token itself, to be handed to its bearer.
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// What to store, and to look it up by.
    pub fn digest(&self) -> TokenDigest<K> {
        TokenDigest::of(&self.text)
    }
}

impl<K: Kind> TokenDigest<K> {
    pub(super) fn of(text: &str) -> TokenDigest<K> {
        TokenDigest {
            bytes: Sha256::digest(text).into(),
            kind: PhantomData,
        }
    }

    /// The digest of those bytes, as it was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> TokenDigest<K> {
        TokenDigest {
            bytes,
            kind: PhantomData,
        }
    }

    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }
}

pub(super) fn encode(bytes: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether that is how 32 bytes are written; there is one way.
pub(super) fn is_encoded(text: &str) -> bool {
    text.len() == CHARACTERS && URL_SAFE_NO_PAD.decode(text).map(Zeroizing::new).is_ok()
}

impl<K: Kind> fmt::Debug for Token<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

impl<K: Kind> fmt::Debug for TokenDigest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(redacted)")
    }
}

impl fmt::Display for NotAToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not a token")
    }
}

impl std::error::Error for NotAToken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_reads_back() {
        let [one, other] = [(); 2].map(|()| Token::<Link>::generate().unwrap());
        assert_eq!(one.expose().len(), 43);
        assert!(one.digest() != other.digest());
        let again = Token::<Link>::parse(one.expose()).unwrap();
        assert!(again.digest() == one.digest());
        let bytes: [u8; 32] = std::array::from_fn(|n| n as u8);
        let fixed = Token::<Link>::from_random(&bytes);
        assert_eq!(
            fixed.expose(),
            "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
        );
    }

    /// RUSTSEC-2021-0100: one backend's digests were wrong. FIPS 180's examples, on the path that this
    /// processor takes.
    #[test]
    fn rustsec_2021_0100_the_digest_is_the_sha_256_of_the_text() {
        let hex = |text: &str| {
            let digest = TokenDigest::<Session>::of(text);
            let bytes = digest.as_bytes().iter();
            bytes.map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex("abc"), abc);
        let million = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
        assert_eq!(hex(&"a".repeat(1_000_000)), million);
    }

    /// Tokens that are nearly alike are not near each other in an index of digests, so an index's time
    /// tells nothing about how much of a guess was right.
    #[test]
    fn cve_2019_16782_a_token_is_looked_up_by_its_digest() {
        let digest = |last: u8| {
            let mut bytes = [7; 32];
            bytes[31] = last;
            Token::<Session>::from_random(&bytes).digest()
        };
        let first: std::collections::HashSet<_> = (0..8).map(|n| digest(n).bytes[0]).collect();
        assert!(first.len() > 1);
    }

    /// CVE-2019-16109: a blank token matched a row that had none.
    #[test]
    fn cve_2019_16109_what_is_not_a_token_is_not_looked_up() {
        let right = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        let parse = Token::<Session>::parse;
        assert!(parse(right).is_ok());
        for text in [
            "",
            " ",
            "null",
            &right[1..],
            &format!("{right}A"),
            &format!("{right}="),
            &format!(" {}", &right[1..]),
            &format!("{}\n", &right[1..]),
            &format!("{}\0", &right[1..]),
            &right.replace("AAEC", "AA+C"),
            &right.replace("AAEC", "AA/C"),
            &right.replace("AAEC", "éé"),
            // Other spellings of the same bytes.
            &right.replace("Hh8", "Hh9"),
            &right.replace("Hh8", "Hh-"),
            &"A".repeat(1 << 20),
        ] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = Token::<Session>::generate().unwrap();
        let shown = format!("{token:?} {:?}", token.digest());
        assert_eq!(shown, "Token(redacted) TokenDigest(redacted)");
    }
}
