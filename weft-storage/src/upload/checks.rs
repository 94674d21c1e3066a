//! What the store is to check of an upload.

use std::fmt;
use std::ops::RangeInclusive;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::encryption::Encryption;
use crate::store::Store;

/// The largest object that a store takes in one request (S3: 5 GB).
const LARGEST: u64 = 5_000_000_000;

/// What an upload may be.
///
/// ```
/// use weft_storage::{ContentType, Encryption, Sizes, Upload};
///
/// let upload = Upload::new(
///     ContentType::new("application/pdf")?,
///     Sizes::up_to(20 << 20)?,
///     Encryption::Provider,
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    pub(super) content_type: ContentType,
    pub(super) sizes: Sizes,
    pub(super) encryption: Encryption,
    pub(super) sha256: Option<Sha256>,
    pub(super) redirect: Option<String>,
}

/// A media type such as `image/png`, without parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentType(String);

/// How many bytes it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    pub(super) least: u64,
    pub(super) most: u64,
}

/// The SHA-256 of what will be sent, which the store computes as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sha256(pub [u8; 32]);

/// Why an upload cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadError {
    /// There are no sizes in the range, or some over 5 GB.
    Sizes,
    /// The redirect is not an `https` URL (or one of this machine) of plain characters.
    Redirect,
    /// The store takes no policies.
    NoPolicies(Store),
    /// The store cannot encrypt in that way.
    Encryption(Store),
    /// Where nothing but a PUT is taken, the size has to be one.
    SizeNotKnown,
    /// Where nothing but a PUT is taken, the checksum has to be known.
    ChecksumNotKnown,
    /// A part has a number of 1 to 10 000.
    Part,
}

/// The text is no media type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAContentType;

impl Upload {
    /// An upload of that type and size, encrypted in that way.
    pub fn new(content_type: ContentType, sizes: Sizes, encryption: Encryption) -> Upload {
        Upload {
            content_type,
            sizes,
            encryption,
            sha256: None,
            redirect: None,
        }
    }

    /// The same of those bytes alone.
    #[must_use]
    pub fn with_sha256(self, sha256: Sha256) -> Upload {
        let sha256 = Some(sha256);
        Upload { sha256, ..self }
    }

    /// The same, from which the browser is sent on to `url`: for forms without a script.
    ///
    /// # Errors
    /// When it is not an `https` URL (or one of this machine), or has other than plain characters.
    pub fn with_redirect(self, url: &str) -> Result<Upload, UploadError> {
        let starts = ["https://", "http://localhost", "http://127.0.0.1"];
        let plain = |c: u8| c.is_ascii_graphic() && !b"\"\\<>^`{|}$".contains(&c);
        if !starts.iter().any(|start| url.starts_with(start))
            || !url.bytes().all(plain)
            || url.len() > 2000
        {
            return Err(UploadError::Redirect);
        }
        let redirect = Some(url.to_owned());
        Ok(Upload { redirect, ..self })
    }

    /// Whether the store can do what is asked of it.
    pub(super) fn check(&self, store: Store) -> Result<(), UploadError> {
        let can = match self.encryption {
            Encryption::Kms(_) => store.takes_kms_keys(),
            Encryption::Provider => store.takes_provider_encryption(),
            Encryption::Unasked => true,
        };
        can.then_some(()).ok_or(UploadError::Encryption(store))
    }
}

impl ContentType {
    /// That type.
    ///
    /// # Errors
    /// When it is not `type/subtype` of RFC 6838's characters in lower case.
    pub fn new(text: &str) -> Result<ContentType, NotAContentType> {
        let name = |text: &str| {
            let rest =
                |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"!#&-^_.+".contains(&c);
            (1..=127).contains(&text.len())
                && text.bytes().all(rest)
                && text.as_bytes()[0].is_ascii_alphanumeric()
        };
        match text.split_once('/') {
            Some((kind, sub)) if name(kind) && name(sub) => Ok(ContentType(text.to_owned())),
            _ => Err(NotAContentType),
        }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Sizes {
    /// Within those.
    ///
    /// # Errors
    /// When there is none within, or some over 5 GB.
    pub fn within(bytes: RangeInclusive<u64>) -> Result<Sizes, UploadError> {
        let (least, most) = bytes.into_inner();
        match least <= most && most <= LARGEST {
            true => Ok(Sizes { least, most }),
            false => Err(UploadError::Sizes),
        }
    }

    /// From one byte on.
    ///
    /// # Errors
    /// When that is none, or over 5 GB.
    pub fn up_to(most: u64) -> Result<Sizes, UploadError> {
        Sizes::within(1..=most)
    }

    /// That many.
    ///
    /// # Errors
    /// When that is over 5 GB.
    pub fn exactly(bytes: u64) -> Result<Sizes, UploadError> {
        Sizes::within(bytes..=bytes)
    }

    pub(super) fn only(self) -> Option<u64> {
        (self.least == self.most).then_some(self.most)
    }
}

impl Sha256 {
    /// As headers and fields have it.
    pub(super) fn base64(&self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Display for UploadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UploadError::Sizes => f.write_str("the sizes are not a range up to 5 GB"),
            UploadError::Redirect => {
                f.write_str("the redirect is not an https URL of plain characters")
            }
            UploadError::NoPolicies(store) => write!(f, "{store:?} takes no upload policies"),
            UploadError::Encryption(store) => write!(f, "{store:?} cannot encrypt in that way"),
            UploadError::SizeNotKnown => f.write_str("a PUT has to be of one size"),
            UploadError::ChecksumNotKnown => f.write_str("a PUT needs the SHA-256 of what is sent"),
            UploadError::Part => f.write_str("a part's number is not 1 to 10000"),
        }
    }
}

impl std::error::Error for UploadError {}

impl fmt::Display for NotAContentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is no media type")
    }
}

impl std::error::Error for NotAContentType {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_a_type() {
        assert!(ContentType::new("application/vnd.oasis.opendocument.text").is_ok());
        for text in [
            "",
            "text",
            "text/",
            "/html",
            "Text/html",
            "text/html; charset=x",
            "text/html\r\nx",
            "a/b/c",
            "*/*",
        ] {
            assert_eq!(ContentType::new(text), Err(NotAContentType), "{text}");
        }
    }

    #[test]
    fn sizes_are_a_range() {
        assert!(Sizes::up_to(LARGEST).is_ok() && Sizes::exactly(0).is_ok());
        assert_eq!(Sizes::up_to(0), Err(UploadError::Sizes));
        assert_eq!(Sizes::up_to(LARGEST + 1), Err(UploadError::Sizes));
        #[expect(clippy::reversed_empty_ranges, reason = "that is the mistake")]
        let reversed = Sizes::within(2..=1);
        assert_eq!(reversed, Err(UploadError::Sizes));
    }

    #[test]
    fn a_redirect_cannot_get_out_of_the_policy() {
        let upload = || {
            Upload::new(
                ContentType::new("a/b").unwrap(),
                Sizes::up_to(1).unwrap(),
                Encryption::Unasked,
            )
        };
        assert!(
            upload()
                .with_redirect("https://app.example.com/attachments/1?x=y")
                .is_ok()
        );
        for url in [
            "",
            "javascript:alert(1)",
            "http://evil.example",
            "https://a/\"}",
            "https://a/\n",
            "https://a/${filename}",
        ] {
            assert_eq!(
                upload().with_redirect(url).unwrap_err(),
                UploadError::Redirect,
                "{url}"
            );
        }
    }
}
