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
            Encoding::Base64 => {
                // Room for 64 bytes and what may follow the last of them.
                let mut buffer = [0; 66];
                let length = STANDARD.decode_slice(text, &mut buffer).ok()?;
                buffer[..length].try_into().ok()
            }
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
    let mut all = 0;
    for (byte, [high, low]) in bytes.iter_mut().zip(digits) {
        let [high, low] = [high, low].map(|digit| DIGITS[usize::from(*digit)]);
        *byte = high << 4 | low;
        all |= high | low;
    }
    (all < 16).then_some(bytes)
}

/// What each byte is worth as a digit; 255 if it is none. Digits are random, so that a processor would
/// foretell the branches of a comparison badly.
const DIGITS: [u8; 256] = {
    let mut worth = [255; 256];
    let mut digit = 0;
    while digit < 16 {
        worth[b"0123456789abcdef"[digit as usize] as usize] = digit;
        digit += 1;
    }
    worth
};

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
