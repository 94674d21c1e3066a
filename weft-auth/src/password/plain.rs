//! A password as it was typed.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_public_assigned;
use zeroize::Zeroizing;

/// The most bytes of a password.
const BYTES: usize = 512;
/// The most characters; NIST and ASVS 6.2.9 ask for at least 64.
const CHARACTERS: usize = 128;
/// How many times its bytes a text can take in form NFKC (U+FDFA does).
const GROWTH: usize = 11;

/// A password in the form in which it is hashed: all of it, in Unicode's form NFKC.
///
/// NIST SP 800-63B recommends NFKC or NFKD for stabilised strings, so that one password is the same from
/// any keyboard: `é` as one character or as two, `ａ` of full width or not. Characters that Unicode has
/// not assigned are refused, since their form may change.
///
/// ```
/// use weft_auth::password::{Password, PasswordError};
///
/// let password = Password::new("correct horse battery staple")?;
/// assert_eq!(format!("{password:?}"), "Password(redacted)");
/// assert_eq!(Password::new("x".repeat(1 << 20)).unwrap_err(), PasswordError::TooLong);
/// # Ok::<(), PasswordError>(())
/// ```
///
/// # Security
/// Bytes and characters are counted before anything else is done with them (CVE-2023-46695). Nothing is
/// cut off, trimmed or folded. Whether it can be a password does not depend on the account: refuse it
/// before any account is looked up.
pub struct Password {
    normal: Zeroizing<String>,
    length: usize,
}

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PasswordError {
    /// There is no character.
    Empty,
    /// There are more than 512 bytes or 128 characters.
    TooLong,
    /// It is not UTF-8.
    NotUtf8,
    /// It has a character that Unicode has not assigned.
    Unassigned,
}

impl Password {
    /// The password that was typed.
    ///
    /// # Errors
    /// When it is empty, too long, not UTF-8, or has a character that means nothing yet.
    pub fn new(typed: impl AsRef<[u8]>) -> Result<Password, PasswordError> {
        let typed = typed.as_ref();
        if typed.is_empty() {
            return Err(PasswordError::Empty);
        }
        if typed.len() > BYTES {
            return Err(PasswordError::TooLong);
        }
        let typed = str::from_utf8(typed).map_err(|_| PasswordError::NotUtf8)?;
        let characters = typed.chars().count();
        if characters > CHARACTERS {
            return Err(PasswordError::TooLong);
        }
        if !typed.chars().all(is_public_assigned) {
            return Err(PasswordError::Unassigned);
        }
        // With room for all of it, it never moves and leaves no copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(typed.len() * GROWTH));
        normal.extend(typed.nfkc());
        let length = characters.min(normal.chars().count());
        Ok(Password { normal, length })
    }

    /// Its characters, as typed or in normal form, whichever are fewer: no form makes a password longer.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn text(&self) -> &str {
        &self.normal
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.normal.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(redacted)")
    }
}

impl fmt::Display for PasswordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PasswordError::Empty => "the password is empty",
            PasswordError::TooLong => "the password has more than 128 characters or 512 bytes",
            PasswordError::NotUtf8 => "the password is not in UTF-8",
            PasswordError::Unassigned => "the password has a character that is not assigned",
        })
    }
}

impl std::error::Error for PasswordError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(typed: &str) -> String {
        Password::new(typed).unwrap().text().to_owned()
    }

    #[test]
    fn cve_2023_46695_length_comes_before_normalisation() {
        let longest = "\u{fdfa}".repeat(128);
        let password = Password::new(&longest).unwrap();
        assert_eq!(password.length(), 128);
        let over = "\u{fdfa}".repeat(129);
        assert_eq!(Password::new(over).unwrap_err(), PasswordError::TooLong);
    }

    #[test]
    fn one_password_is_the_same_from_any_keyboard() {
        for (one, other) in [
            ("\u{e9}", "e\u{301}"),
            ("\u{ff50}\u{ff41}\u{ff53}\u{ff53}", "pass"),
            ("\u{fb01}sh", "fish"),
            ("\u{212b}", "\u{c5}"),
        ] {
            assert_eq!(text(one), text(other));
        }
    }

    #[test]
    fn nothing_is_cut_off_trimmed_or_folded() {
        for typed in [" a ", "a\0b", "a\n", "Aa", "\u{1f511}", &"x".repeat(128)] {
            assert_eq!(text(typed), typed);
        }
    }

    #[test]
    fn the_buffer_never_moves() {
        for c in (char::MIN..=char::MAX).filter(|c| is_public_assigned(*c)) {
            let normal: usize = [c].into_iter().nfkc().map(char::len_utf8).sum();
            assert!(normal <= c.len_utf8() * GROWTH, "{c:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_password_is_refused() {
        let error = |typed: &[u8]| Password::new(typed).unwrap_err();
        assert_eq!(error(b""), PasswordError::Empty);
        for (count, fits) in [(128, true), (129, false)] {
            assert_eq!(Password::new("\u{1f511}".repeat(count)).is_ok(), fits);
        }
        for bytes in [&b"\xff"[..], b"pass\xc3", b"\xed\xa0\x80", b"\xc0\x80"] {
            assert_eq!(error(bytes), PasswordError::NotUtf8);
        }
        for text in ["\u{378}", "pass\u{ffff}", "\u{10ffff}"] {
            assert_eq!(error(text.as_bytes()), PasswordError::Unassigned);
        }
    }

    /// CVE-2013-1443: a password of any length was hashed.
    #[test]
    fn cve_2013_1443_a_megabyte_is_refused_before_it_is_read() {
        for bytes in [vec![b'x'; 1 << 20], vec![0xff; 513]] {
            assert_eq!(Password::new(bytes).unwrap_err(), PasswordError::TooLong);
        }
    }

    #[test]
    fn no_form_makes_a_password_longer() {
        let length = |typed: &str| Password::new(typed).unwrap().length();
        assert_eq!(length("\u{fdfa}"), 1);
        assert_eq!(length("e\u{301}"), 1);
        assert_eq!(length("pass word"), 9);
    }
}
