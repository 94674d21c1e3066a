//! Percent-encoding (RFC 3986, section 2.1) in one pass: what goes in once comes out once, and nothing
//! is read as an address on the way.

/// Writes `text` with all but the unreserved characters encoded, for a value in a query.
pub(crate) fn value(text: &str, out: &mut String) {
    encode(text, is_unreserved, out);
}

/// The same with the slashes left as they are, for a path.
#[cfg(test)]
pub(crate) fn path(text: &str, out: &mut String) {
    encode(text, |byte| is_unreserved(byte) || byte == b'/', out);
}

/// The same for RFC 8187's `ext-value`, whose `attr-char` leaves out `~`'s neighbours alone.
pub(crate) fn extended(text: &str, out: &mut String) {
    encode(text, is_attr_char, out);
}

fn encode(text: &str, is_plain: impl Fn(u8) -> bool, out: &mut String) {
    for byte in text.bytes() {
        match is_plain(byte) {
            true => out.push(char::from(byte)),
            false => {
                out.push('%');
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from(DIGITS[usize::from(digit)]));
                }
            }
        }
    }
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// RFC 8187, section 3.2.1.
fn is_attr_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte)
}

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str) -> String {
        let mut out = String::new();
        path(text, &mut out);
        out
    }

    #[test]
    fn each_byte_is_encoded_once() {
        assert_eq!(encoded("test$file.text"), "test%24file.text");
        assert_eq!(encoded("a b+c%2F/é~"), "a%20b%2Bc%252F/%C3%A9~");
        assert_eq!(encoded("../%2e%2e/."), "../%252e%252e/.");
    }
}
