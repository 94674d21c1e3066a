//! How a secret gets into an authenticator app.

use std::fmt;

use zeroize::Zeroizing;

use super::base32::{RFC_4648, encode, grouped};
use super::verify::{Algorithm, Totp};

/// The most characters of issuer and of account, which keeps the QR code legible.
const LONGEST: usize = 128;

/// What to show to whoever enrols, once: the key as text, as a URI and as a QR code (feature `qr`).
///
/// ```
/// use weft_auth::totp::{Secret, Totp};
///
/// let totp = Totp::new(Secret::from_bytes(b"12345678901234567890")?);
/// let enrolment = totp.enrolment("Weft", "jane@example.com")?;
/// assert_eq!(*enrolment.manual_key(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
/// assert!(enrolment.uri().starts_with("otpauth://totp/Weft:jane%40example.com?secret=GEZD"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// It is the secret: answer with `Cache-Control: no-store`, log none of it, and enrol only when a code
/// of it was typed in once.
pub struct Enrolment {
    key: Zeroizing<String>,
    uri: Zeroizing<String>,
}

/// Why an issuer or an account cannot be shown in an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnrolmentError {
    /// The issuer is empty, longer than 128 characters, or has a colon or a control character.
    Issuer,
    /// The account is empty, longer than 128 characters, or has a colon or a control character.
    Account,
}

impl Totp {
    /// What to show so that an app has the secret, under the name of the service and of the account.
    ///
    /// # Errors
    /// When one of the names is empty, long, or has a colon, which apps divide them by.
    pub fn enrolment(&self, issuer: &str, account: &str) -> Result<Enrolment, EnrolmentError> {
        let issuer = escaped(issuer).ok_or(EnrolmentError::Issuer)?;
        let account = escaped(account).ok_or(EnrolmentError::Account)?;
        let key = encode(self.secret().expose(), RFC_4648);
        let algorithm = match self.algorithm() {
            Algorithm::Sha1 => "SHA1",
            Algorithm::Sha256 => "SHA256",
            Algorithm::Sha512 => "SHA512",
        };
        let uri = [
            "otpauth://totp/",
            &issuer,
            ":",
            &account,
            "?secret=",
            &key,
            "&issuer=",
            &issuer,
            "&algorithm=",
            algorithm,
            "&digits=6&period=30",
        ];
        let uri = Zeroizing::new(uri.concat());
        Ok(Enrolment { key, uri })
    }
}

impl Enrolment {
    /// The key in groups of four, for those who type it.
    pub fn manual_key(&self) -> Zeroizing<String> {
        grouped(&self.key, " ")
    }

    /// The `otpauth://` URI that apps open.
    pub fn uri(&self) -> &str {
        &self.uri
    }
}

/// The name with all but RFC 3986's unreserved characters escaped.
fn escaped(name: &str) -> Option<String> {
    let fits = (1..=LONGEST).contains(&name.chars().count());
    if !fits || name.contains(':') || name.chars().any(char::is_control) {
        return None;
    }
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(byte));
            }
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    Some(text)
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrolment(redacted)")
    }
}

impl fmt::Display for EnrolmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            EnrolmentError::Issuer => "issuer",
            EnrolmentError::Account => "account",
        };
        write!(
            f,
            "the {name} is empty, too long, or has a colon or a control character"
        )
    }
}

impl std::error::Error for EnrolmentError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::totp::Secret;

    fn totp() -> Totp {
        Totp::new(Secret::from_bytes(b"12345678901234567890").unwrap())
    }

    #[test]
    fn the_uri_names_everything_an_app_might_guess() {
        let totp = totp().with_algorithm(Algorithm::Sha256);
        let enrolment = totp.enrolment("Weft & Söhne", "a b@example.com").unwrap();
        assert_eq!(
            enrolment.uri(),
            "otpauth://totp/Weft%20%26%20S%C3%B6hne:a%20b%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Weft%20%26%20S%C3%B6hne\
             &algorithm=SHA256&digits=6&period=30"
        );
    }

    #[test]
    fn a_name_cannot_add_to_the_uri() {
        let enrolment = totp().enrolment("W", "a&secret=B#?/%3A\"<é").unwrap();
        let account = "a%26secret%3DB%23%3F%2F%253A%22%3C%C3%A9";
        assert!(
            enrolment
                .uri()
                .starts_with(&format!("otpauth://totp/W:{account}?secret=GEZD"))
        );
        for name in ["", "a:b", "a\n", "\0", &"x".repeat(129)] {
            let refused = totp().enrolment(name, "a").unwrap_err();
            assert_eq!(refused, EnrolmentError::Issuer, "{name:?}");
            let refused = totp().enrolment("a", name).unwrap_err();
            assert_eq!(refused, EnrolmentError::Account, "{name:?}");
        }
    }

    #[test]
    fn an_enrolment_is_never_shown() {
        let enrolment = totp().enrolment("Weft", "jane");
        assert_eq!(format!("{enrolment:?}"), "Ok(Enrolment(redacted))");
    }
}
