//! The QR code of an enrolment.

use std::fmt::{self, Write};

use qrcodegen::{QrCode, QrCodeEcc};
use zeroize::Zeroizing;

use super::enrolment::Enrolment;

/// The light modules around the code (ISO/IEC 18004 asks for four).
const MARGIN: i32 = 4;

/// The most characters that one dark module takes.
const MODULE: usize = "M999 999h1v1h-1z".len();

/// There is no QR code for so long a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoQrCode;

impl Enrolment {
    /// The QR code as one `<svg>` element, to stand in a page as it is: black on white at any size,
    /// without script, style or reference, so that no content security policy needs an exception.
    ///
    /// # Errors
    /// When the URI is longer than a QR code can be, which takes names of many escaped characters.
    pub fn svg(&self) -> Result<Zeroizing<String>, NoQrCode> {
        let code = QrCode::encode_text(self.uri(), QrCodeEcc::Medium).map_err(|_| NoQrCode)?;
        let side = code.size() + 2 * MARGIN;
        // With room for all modules it never moves and leaves no copy behind.
        let modules = side.unsigned_abs().pow(2) as usize;
        let mut svg = Zeroizing::new(String::with_capacity(256 + modules * MODULE));
        // Writing to a string does not fail.
        let _ = write!(
            svg,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" \
             role=\"img\" aria-label=\"QR code\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path d=\""
        );
        for y in 0..code.size() {
            for x in (0..code.size()).filter(|x| code.get_module(*x, y)) {
                let _ = write!(svg, "M{} {}h1v1h-1z", x + MARGIN, y + MARGIN);
            }
        }
        svg.push_str("\"/></svg>");
        Ok(svg)
    }
}

impl fmt::Display for NoQrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("there is no QR code for so long a text")
    }
}

impl std::error::Error for NoQrCode {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totp::{Secret, Totp};

    fn enrolment(name: &str) -> Enrolment {
        let secret = Secret::from_bytes(b"12345678901234567890").unwrap();
        Totp::new(secret).enrolment(name, name).unwrap()
    }

    #[test]
    fn the_picture_has_the_modules_of_the_uri_and_nothing_else() {
        let enrolment = enrolment("Weft & <Söhne>");
        let code = QrCode::encode_text(enrolment.uri(), QrCodeEcc::Medium).unwrap();
        let mut expected = String::new();
        for (x, y) in (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y))) {
            if code.get_module(x, y) {
                expected += &format!("M{} {}h1v1h-1z", x + 4, y + 4);
            }
        }
        let svg = enrolment.svg().unwrap();
        let (head, path) = svg.split_once("<path d=\"").unwrap();
        assert_eq!(path, format!("{expected}\"/></svg>"));
        let side = code.size() + 8;
        assert!(head.contains(&format!("viewBox=\"0 0 {side} {side}\"")));
        for foreign in ["style", "script", "href", "Weft", "otpauth"] {
            assert!(!svg.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_is_too_long_for_a_code_has_none() {
        assert!(enrolment(&"x".repeat(128)).svg().is_ok());
        let long = enrolment(&"\u{1f511}".repeat(128)).svg();
        assert_eq!(long.unwrap_err(), NoQrCode);
    }
}
