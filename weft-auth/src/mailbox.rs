//! The address that somebody is written to, and known by.

use std::fmt;

/// The longest address that can be written to (RFC 5321, section 4.5.3.1, with erratum 1690).
const LONGEST: usize = 254;
/// The longest local part (RFC 5321, section 4.5.3.1.1).
const LONGEST_LOCAL: usize = 64;
/// The longest label of a domain (RFC 1035, section 2.3.4).
const LONGEST_LABEL: usize = 63;

/// One e-mail address, in the one spelling in which it is stored, compared and counted.
///
/// ```
/// use weft_auth::{Mailbox, NotAMailbox};
///
/// assert_eq!(Mailbox::parse("Ada@Example.com")?.as_str(), "ada@example.com");
/// assert_eq!(Mailbox::parse("ada@example.com,eve@example.com"), Err(NotAMailbox));
/// # Ok::<(), NotAMailbox>(())
/// ```
///
/// # Security
/// ASCII only, and letters folded as ASCII folds them: what looks like another's address is none
/// (CVE-2019-19844), two addresses are none (CVE-2022-35924), and no spelling of one has a counter of its
/// own (CVE-2025-6004). A domain of other letters is written in its `xn--` form. Mail goes to the mailbox
/// that is stored, never to the text that was submitted.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mailbox(String);

/// The text is not one e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMailbox;

impl Mailbox {
    /// The address in `text`, with nothing around it.
    ///
    /// # Errors
    /// When it is anything but `local@domain`, with the characters of RFC 5321's `Dot-string` before and a
    /// domain of at least two labels behind.
    pub fn parse(text: &str) -> Result<Mailbox, NotAMailbox> {
        let (local, domain) = text.split_once('@').ok_or(NotAMailbox)?;
        let fits = text.len() <= LONGEST
            && local.len() <= LONGEST_LOCAL
            && local.split('.').all(is_atom)
            && domain.contains('.')
            && domain.split('.').all(is_label);
        match fits {
            true => Ok(Mailbox(text.to_ascii_lowercase())),
            false => Err(NotAMailbox),
        }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is behind the `@`.
    pub fn domain(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, domain)| domain)
    }
}

fn is_atom(text: &str) -> bool {
    let special = b"!#$%&'*+-/=?^_`{|}~";
    !text.is_empty()
        && text
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || special.contains(&c))
}

fn is_label(text: &str) -> bool {
    (1..=LONGEST_LABEL).contains(&text.len())
        && !text.starts_with('-')
        && !text.ends_with('-')
        && text.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox(redacted)")
    }
}

impl fmt::Display for NotAMailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is not one e-mail address")
    }
}

impl std::error::Error for NotAMailbox {}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) {
        assert_eq!(Mailbox::parse(text), Err(NotAMailbox), "{text:?}");
    }

    #[test]
    fn cve_2019_19844_an_address_that_folds_to_anothers_is_none() {
        // U+0131 and U+212A become `i` and `k` in Unicode's upper or lower case.
        for text in [
            "m\u{131}ke@example.com",
            "mike@examp\u{131}e.com",
            "mi\u{212a}e@example.com",
            "ｍike@example.com",
            "mike@example\u{3002}com",
        ] {
            refused(text);
        }
    }

    #[test]
    fn cve_2022_35924_two_addresses_are_none() {
        for text in [
            "ada@example.com,eve@example.com",
            "ada@example.com;eve@example.com",
            "ada@example.com eve@example.com",
            "ada@example.com\neve@example.com",
            "ada@example.com@evil.example",
            "[\"ada@example.com\",\"eve@example.com\"]",
        ] {
            refused(text);
        }
    }

    #[test]
    fn cve_2025_6004_case_and_space_make_no_other_mailbox() {
        let mailbox = Mailbox::parse("ada@example.com");
        assert_eq!(Mailbox::parse("ADA@EXAMPLE.COM"), mailbox);
        for text in [" ada@example.com", "ada@example.com ", "ada@example.com\0"] {
            refused(text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "@",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "ada@example..com",
            "ada@.example.com",
            "ada@example.com.",
            "ada@-example.com",
            "ada@example-.com",
            "ada@[127.0.0.1]",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            "\"a da\"@example.com",
            "ada(x)@example.com",
            "<ada@example.com>",
            "ada\r\nbcc:eve@example.com",
            &format!("{}@example.com", "a".repeat(65)),
            &format!("ada@{}.com", "a".repeat(64)),
            &format!("ada@{}com", "a.".repeat(130)),
            &"a".repeat(1 << 20),
        ] {
            refused(text);
        }
        for text in ["o'hara+x@sub.example.com", "a@xn--bcher-kva.example"] {
            assert!(Mailbox::parse(text).is_ok(), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_not_logged() {
        let mailbox = Mailbox::parse("ada@example.com").unwrap();
        assert_eq!(format!("{mailbox:?}"), "Mailbox(redacted)");
        assert_eq!(mailbox.domain(), "example.com");
    }
}
