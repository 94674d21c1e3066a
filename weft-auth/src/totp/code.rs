//! A code as it is typed.

use std::fmt;

use zeroize::Zeroize;

/// Six digits.
///
/// ```
/// use weft_auth::totp::Code;
///
/// assert!(Code::parse("012345").is_ok());
/// assert!(Code::parse(" 012345").is_err() && Code::parse("12345").is_err());
/// ```
///
/// # Security
/// A code has one spelling, so that no two texts are counted as different attempts, or remembered as
/// different codes (CVE-2025-6015). Take spaces out in the form, if at all, and not behind it.
pub struct Code(u32);

/// The text is not exactly six ASCII digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACode;

impl Code {
    /// The code in `text`.
    ///
    /// # Errors
    /// When it is anything but six ASCII digits.
    pub fn parse(text: &str) -> Result<Code, NotACode> {
        let digits = text.len() == 6 && text.bytes().all(|c| c.is_ascii_digit());
        let code = digits.then(|| text.parse().ok()).flatten();
        code.map(Code).ok_or(NotACode)
    }

    pub(super) fn number(&self) -> u32 {
        self.0
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(redacted)")
    }
}

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the code is not six digits")
    }
}

impl std::error::Error for NotACode {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cve_2025_6015_a_code_has_one_spelling() {
        for text in [
            "",
            "12345",
            "1234567",
            "0123456",
            " 123456",
            "123456 ",
            "123 456",
            "123-456",
            "123456\n",
            "\t123456",
            "123456\0",
            "+12345",
            "-12345",
            "12345a",
            "0x1234",
            "1e1234",
            "١٢٣٤٥٦",
            "１２３４５６",
            "12345\u{661}",
            "\u{feff}12345",
            &"1".repeat(1 << 20),
        ] {
            assert!(Code::parse(text).is_err(), "{text:?}");
        }
        for (text, number) in [("000000", 0), ("000001", 1), ("999999", 999_999)] {
            assert_eq!(Code::parse(text).map(|code| code.number()), Ok(number));
        }
    }

    #[test]
    fn a_code_is_never_shown() {
        let code = Code::parse("123456");
        assert_eq!(format!("{code:?}"), "Ok(Code(redacted))");
    }
}
