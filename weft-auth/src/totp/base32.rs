//! Bytes as text that people type.

use zeroize::Zeroizing;

/// RFC 4648, section 6: what authenticator apps read.
pub(super) const RFC_4648: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's, which has no letter that is taken for a digit.
pub(super) const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Five bits a character, without padding.
pub(super) fn encode(bytes: &[u8], alphabet: &[u8; 32]) -> Zeroizing<String> {
    let bit = |at: usize| (bytes.get(at / 8).copied().unwrap_or(0) >> (7 - at % 8)) & 1;
    let mut text = Zeroizing::new(String::with_capacity(bytes.len() * 8 / 5 + 1));
    for first in (0..bytes.len() * 8).step_by(5) {
        let index = (first..first + 5).fold(0, |index, at| index << 1 | bit(at));
        text.push(char::from(alphabet[usize::from(index)]));
    }
    text
}

/// The text in groups of four.
pub(super) fn grouped(text: &str, between: &str) -> Zeroizing<String> {
    let mut groups = Zeroizing::new(String::with_capacity(text.len() * 2));
    for (place, character) in text.chars().enumerate() {
        if place > 0 && place % 4 == 0 {
            groups.push_str(between);
        }
        groups.push(character);
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, section 10, without the padding.
    #[test]
    fn rfc_4648_vectors() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(*encode(bytes.as_bytes(), RFC_4648), text);
        }
    }

    #[test]
    fn groups_are_of_four() {
        assert_eq!(*grouped("ABCDEFGHI", " "), "ABCD EFGH I");
        assert_eq!(*grouped("ABCD", "-"), "ABCD");
        assert_eq!(*grouped("", "-"), "");
    }
}
