//! Bearer tokens: shown once, kept as a digest.

use std::fmt;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    error::Unspecified,
    rand::{SecureRandom, SystemRandom},
};
use zeroize::Zeroizing;

/// A token as its bearer holds it.
pub struct BearerToken(Zeroizing<String>);

/// What the database keeps of a token: its SHA-256. 256 random bits need no salt and no stretching.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; 32]);

impl BearerToken {
    /// A new token from the system's randomness.
    ///
    /// # Errors
    /// When the system has none to give.
    pub fn generate() -> Result<BearerToken, Unspecified> {
        let mut bytes = Zeroizing::new([0_u8; 32]);
        SystemRandom::new().fill(bytes.as_mut_slice())?;
        Ok(BearerToken(Zeroizing::new(format!(
            "{PREFIX}{}",
            URL_SAFE_NO_PAD.encode(bytes.as_slice())
        ))))
    }

    /// The token in `text`, if it has the form of one.
    pub fn parse(text: &str) -> Option<BearerToken> {
        let body = text.strip_prefix(PREFIX)?;
        let fits = body.len() == 43
            && body
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        fits.then(|| BearerToken(Zeroizing::new(text.to_owned())))
    }

    /// The token itself, to be handed to its bearer.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to look it up by.
    pub fn digest(&self) -> TokenDigest {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        TokenDigest(bytes)
    }
}

impl TokenDigest {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(redacted)")
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(redacted)")
    }
}

const PREFIX: &str = "weft_";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_back_and_debug_hides_it() {
        let token = BearerToken::generate().unwrap();
        let again = BearerToken::parse(token.expose()).unwrap();
        assert!(token.digest() == again.digest());
        assert_eq!(
            format!("{token:?} {:?}", token.digest()),
            "BearerToken(redacted) TokenDigest(redacted)"
        );
    }

    #[test]
    fn what_is_not_a_token_is_not_looked_up() {
        for text in ["", "weft_", "Bearer x", "weft_\u{e9}", &"weft_ ".repeat(9)] {
            assert!(BearerToken::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_digest_is_sha_256() {
        let token = BearerToken(Zeroizing::new("abc".to_owned()));
        assert_eq!(token.digest().as_bytes()[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
