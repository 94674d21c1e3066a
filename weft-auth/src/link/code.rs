use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::token::{Browser, Link, Token, TokenDigest};

/// The digits of a code: of 10⁸ codes somebody may try five.
const DIGITS: usize = 8;

/// What a link shows on another device: eight digits, to be typed in where the link was asked for.
///
/// # Security
/// It is good only together with the secret of the browser that asked, and for five attempts. The token
/// cannot be told from it, nor it from what is stored of the token.
pub struct Code(Zeroizing<String>);

/// What is stored of a code, which is another one for each browser.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct CodeDigest([u8; 32]);

/// The text is not eight digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

impl Code {
    /// The code of the link with that token.
    pub(crate) fn of(token: &Token<Link>) -> Code {
        let hash = Sha256::new()
            .chain_update(b"weft-auth link code")
            .chain_update(token.expose());
        let hash: Zeroizing<[u8; 32]> = Zeroizing::new(hash.finalize().into());
        // The first 64 bits: 10⁸ divides 2⁶⁴ up to a part in 10¹¹.
        let number = hash
            .first_chunk()
            .map_or(0, |bytes| u64::from_be_bytes(*bytes));
        let number = number % 10_u64.pow(DIGITS as u32);
        Code(Zeroizing::new(format!("{number:0DIGITS$}")))
    }

    /// The code that was typed, with or without a space in its middle.
    ///
    /// # Errors
    /// When it is anything but eight digits.
    pub fn parse(text: &str) -> Result<Code, NotACode> {
        let digits = match text.split_once(' ') {
            Some((first, last)) if first.len() == DIGITS / 2 => [first, last],
            _ => [text, ""],
        };
        let digits = Zeroizing::new(digits.concat());
        match digits.len() == DIGITS && digits.bytes().all(|c| c.is_ascii_digit()) {
            true => Ok(Code(digits)),
            false => Err(NotACode),
        }
    }

    /// The code in two groups, to be shown.
    pub fn grouped(&self) -> Zeroizing<String> {
        let (first, last) = self.0.split_at(DIGITS / 2);
        Zeroizing::new([first, " ", last].concat())
    }

    /// What to store, and to compare it by.
    pub(crate) fn digest(&self, browser: &TokenDigest<Browser>) -> CodeDigest {
        let digest = Sha256::new()
            .chain_update(browser.as_bytes())
            .chain_update(self.0.as_bytes());
        CodeDigest(digest.finalize().into())
    }
}

impl CodeDigest {
    /// The digest's bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The digest of those bytes, as it was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> CodeDigest {
        CodeDigest(bytes)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(redacted)")
    }
}

impl fmt::Debug for CodeDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeDigest(redacted)")
    }
}

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the code is not eight digits")
    }
}

impl std::error::Error for NotACode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_as_it_is_shown() {
        let [token, other] = [[1; 32], [2; 32]].map(|bytes| Token::from_random(&bytes));
        let code = Code::of(&token);
        let browser = Token::from_random(&[3; 32]).digest();
        let typed = Code::parse(&code.grouped()).unwrap();
        assert!(typed.digest(&browser) == code.digest(&browser));
        assert!(Code::of(&other).digest(&browser) != code.digest(&browser));
        let elsewhere = Token::from_random(&[4; 32]).digest();
        assert!(code.digest(&elsewhere) != code.digest(&browser));
    }

    #[test]
    fn a_code_is_eight_digits() {
        assert!(Code::parse("12345678").is_ok() && Code::parse("1234 5678").is_ok());
        for text in [
            "",
            "1234567",
            "123456789",
            " 12345678",
            "12345678 ",
            "123 45678",
            "1234  5678",
            "1234-5678",
            "1234567a",
            "١٢٣٤٥٦٧٨",
            "1234 567",
        ] {
            assert!(Code::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_code_is_never_shown() {
        let code = Code::parse("12345678");
        assert_eq!(format!("{code:?}"), "Ok(Code(redacted))");
    }
}
