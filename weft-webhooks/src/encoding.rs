use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// How a sender writes the bytes of a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Base64 of RFC 4648, section 4, padded.
    Base64,
}

impl Encoding {
    /// The `N` bytes that `text` stands for, if it is the one way to write them.
    pub(crate) fn decode<const N: usize>(self, text: &str) -> Option<[u8; N]> {
        match self {
            Encoding::Hex => hex(text),
            Encoding::Base64 if text.len() == N.div_ceil(3) * 4 => {
                STANDARD.decode(text).ok()?.try_into().ok()
            }
            Encoding::Base64 => None,
        }
    }

    /// The one way to write the bytes.
    pub(crate) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Encoding::Hex => bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
            Encoding::Base64 => STANDARD.encode(bytes),
        }
    }
}

/// The bytes of a base64 text of any length.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (digits, []) = text.as_bytes().as_chunks::<2>() else {
        return None;
    };
    let mut bytes = [0; N];
    if digits.len() != N {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(bytes)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_one_spelling() {
        assert_eq!(Encoding::Hex.decode("00ff"), Some([0x00, 0xff]));
        assert_eq!(Encoding::Base64.decode("AP8="), Some([0x00, 0xff]));
        assert_eq!(Encoding::Hex.encode(&[0x00, 0xff]), "00ff");
        assert_eq!(Encoding::Base64.encode(&[0x00, 0xff]), "AP8=");
        for other in ["00FF", "00f", "00ff00", "0x00", "00fg", "é0f"] {
            assert_eq!(Encoding::Hex.decode::<2>(other), None, "{other}");
        }
        // Without padding, with bits behind the last byte, of the other alphabet, with a line end.
        for other in ["AP8", "AP9=", "_P8=", "AP8=\n", "AP8AAA==", ""] {
            assert_eq!(Encoding::Base64.decode::<2>(other), None, "{other}");
        }
    }
}
