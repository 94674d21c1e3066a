//! The tokens of programs.

use std::fmt;

use zeroize::Zeroizing;

use super::bearer::{Api, NotAToken, TokenDigest, encode, is_encoded};
use crate::NoRandomness;
use crate::random;

/// What a service's tokens begin with, so that whoever finds one knows where to report it, and scanners
/// for leaked secrets know it when they see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix(&'static str);

/// The prefix is not 2 to 16 lower-case letters and digits that begin with a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PrefixError;

/// A token as its program holds it: the prefix, `_`, and 43 characters of base64url.
///
/// There is no checksum: what is written as a token and is none costs one look-up.
///
/// ```
/// use weft_auth::token::{ApiToken, Prefix};
///
/// const PREFIX: Prefix = match Prefix::new("weft") {
///     Ok(prefix) => prefix,
///     Err(_) => unreachable!(),
/// };
/// let token = ApiToken::generate(PREFIX)?;
/// assert!(token.expose().starts_with("weft_"));
/// assert_eq!(ApiToken::parse(PREFIX, token.expose())?.digest(), token.digest());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct ApiToken(Zeroizing<String>);

impl Prefix {
    /// That prefix.
    ///
    /// # Errors
    /// When it is not 2 to 16 lower-case letters and digits, of which the first is a letter.
    pub const fn new(text: &'static str) -> Result<Prefix, PrefixError> {
        let bytes = text.as_bytes();
        if bytes.len() < 2 || bytes.len() > 16 || !bytes[0].is_ascii_lowercase() {
            return Err(PrefixError);
        }
        let mut place = 1;
        while place < bytes.len() {
            if !bytes[place].is_ascii_lowercase() && !bytes[place].is_ascii_digit() {
                return Err(PrefixError);
            }
            place += 1;
        }
        Ok(Prefix(text))
    }
}

impl ApiToken {
    /// A new token.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate(prefix: Prefix) -> Result<ApiToken, NoRandomness> {
        Ok(ApiToken::from_random(prefix, &*random::bytes()?))
    }

    /// The token of those bytes, which nobody else may ever have known.
    pub fn from_random(Prefix(prefix): Prefix, bytes: &[u8; 32]) -> ApiToken {
        let text = [prefix, "_", &encode(bytes)].concat();
        ApiToken(Zeroizing::new(text))
    }

    /// The token in `text`.
    ///
    /// # Errors
    /// When it is anything but what [`expose`](ApiToken::expose) writes; nothing is looked up then.
    pub fn parse(Prefix(prefix): Prefix, text: &str) -> Result<ApiToken, NotAToken> {
        let rest = text.strip_prefix(prefix);
        let body = rest.and_then(|rest| rest.strip_prefix('_'));
        match body.is_some_and(is_encoded) {
            true => Ok(ApiToken(Zeroizing::new(text.to_owned()))),
            false => Err(NotAToken),
        }
    }

    /// The token itself, to be shown once.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What to store, and to look it up by: of the whole text, prefix and all.
    pub fn digest(&self) -> TokenDigest<Api> {
        TokenDigest::of(&self.0)
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(redacted)")
    }
}

impl fmt::Display for PrefixError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the prefix is not 2 to 16 lower-case letters and digits")
    }
}

impl std::error::Error for PrefixError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_lower_case_letters_and_digits() {
        for text in [
            "",
            "w",
            "Weft",
            "we ft",
            "we_ft",
            "we-ft",
            "9ft",
            "é",
            "wéft",
            "abcdefghijklmnopq",
        ] {
            assert_eq!(Prefix::new(text), Err(PrefixError), "{text}");
        }
        assert!(Prefix::new("weft").is_ok() && Prefix::new("w2").is_ok());
    }

    #[test]
    fn the_text_is_prefix_and_bytes_and_the_digest_is_of_all_of_it() {
        let prefix = Prefix::new("weft").unwrap();
        let token = ApiToken::from_random(prefix, &std::array::from_fn(|n| n as u8));
        let text = "weft_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        assert_eq!(token.expose(), text);
        assert!(token.digest() == TokenDigest::of(text));
        assert!(ApiToken::parse(prefix, text).unwrap().digest() == token.digest());
    }

    #[test]
    fn what_is_not_a_token_of_ours_is_not_looked_up() {
        let prefix = Prefix::new("weft").unwrap();
        let right = "weft_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
        for text in [
            "",
            "weft_",
            &right[5..],
            &right.replace("weft_", "weft"),
            &right.replace("weft_", "WEFT_"),
            &right.replace("weft_", "weft__"),
            &right.replace("weft_", "weft_weft_"),
            &right.replace("weft_", "other_"),
            &right.replace("weft_", "Bearer weft_"),
            &format!("{right} "),
            &right.replace("Hh8", "Hh9"),
            &right[..right.len() - 1],
        ] {
            assert!(ApiToken::parse(prefix, text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let token = ApiToken::generate(Prefix::new("weft").unwrap());
        assert_eq!(format!("{token:?}"), "Ok(ApiToken(redacted))");
    }
}
