use std::fmt;
use std::time::SystemTime;

use super::clock::TOLERATED;
use super::{Answer, Skew, xml};

/// What a store says instead of an answer.
///
/// # Security
/// Its own words are left out: to a signature that is wrong, stores repeat all that was signed
/// (GHSA-333v-68xh-8mmq). So this may be logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no such object, upload or bucket.
    NotFound,
    /// There is an object already, and there was to be none.
    AlreadyThere,
    /// This machine's clock is too far off: by so much, if the store said what time it is.
    Clock(Option<Skew>),
    /// The signature is not the one that the store computes: the secret, the region or the endpoint is
    /// another one.
    Signature,
    /// The credentials are not known there, or not for this.
    Denied,
    /// What arrived is not what was signed: its size, its checksum or a condition of a policy.
    NotAsSigned(Code),
    /// The bucket is in another place.
    Elsewhere,
    /// The store cannot do it now: try again later.
    Busy,
    /// The store refuses, with that status and code.
    Refused(u16, Code),
    /// The answer is none of a store of this kind.
    Unreadable,
}

/// A store's word for an error, such as `BadDigest`: letters and digits, or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Code {
    bytes: [u8; LONGEST],
    length: u8,
}

/// The longest word that is kept; S3's longest one has 46.
const LONGEST: usize = 48;

impl Code {
    fn new(text: &str) -> Code {
        let plain = text.len() <= LONGEST && text.bytes().all(|c| c.is_ascii_alphanumeric());
        let text = if plain { text } else { "" };
        let mut bytes = [0; LONGEST];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Code {
            bytes,
            length: text.len() as u8,
        }
    }

    /// The word.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl StoreError {
    /// Whether the same may succeed later, without anybody's doing.
    pub fn is_passing(self) -> bool {
        self == StoreError::Busy
    }
}

impl Answer<'_> {
    /// The error of an answer that is one. Answers to HEAD have no body, so that the status has to do.
    pub(super) fn error(&self, now: SystemTime) -> StoreError {
        let document = xml::read(self.body).filter(|document| document.name == "Error");
        let code = document
            .as_ref()
            .and_then(|document| document.text_of("Code"));
        let code = Code::new(code.unwrap_or_default());
        let skew = self.skew(now);
        let off = || skew.is_some_and(|skew| skew.by() > TOLERATED);
        match (self.status, code.as_str()) {
            (_, "RequestTimeTooSkewed") => StoreError::Clock(skew),
            (403, _) if off() => StoreError::Clock(skew),
            (_, "NoSuchKey" | "NoSuchUpload" | "NoSuchBucket" | "NoSuchVersion") | (404, _) => {
                StoreError::NotFound
            }
            (_, "PreconditionFailed") | (412, _) => StoreError::AlreadyThere,
            (_, "SignatureDoesNotMatch" | "AuthorizationHeaderMalformed") => StoreError::Signature,
            (
                _,
                "BadDigest"
                | "InvalidDigest"
                | "XAmzContentSHA256Mismatch"
                | "XAmzContentChecksumMismatch"
                | "EntityTooLarge"
                | "EntityTooSmall"
                | "IncompleteBody"
                | "InvalidPolicyDocument",
            ) => StoreError::NotAsSigned(code),
            (_, "SlowDown" | "InternalError" | "ServiceUnavailable" | "RequestTimeout")
            | (429 | 500..=599, _) => StoreError::Busy,
            (_, "AccessDenied" | "InvalidAccessKeyId" | "ExpiredToken" | "InvalidToken")
            | (401 | 403, _) => StoreError::Denied,
            (300..=399, _) => StoreError::Elsewhere,
            (400..=499, _) => StoreError::Refused(self.status, code),
            _ => StoreError::Unreadable,
        }
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            StoreError::NotFound => "there is no such object in the store",
            StoreError::AlreadyThere => "there is an object of that name in the store already",
            StoreError::Clock(None) => "this machine's clock is too far from the store's: set it",
            StoreError::Clock(Some(skew)) => {
                return write!(
                    f,
                    "this machine's clock is {skew}, which takes up to 15 minutes: set it"
                );
            }
            StoreError::Signature => {
                "the store computes another signature: compare secret, region and endpoint"
            }
            StoreError::Denied => "the store does not let these credentials do that",
            StoreError::NotAsSigned(code) => {
                return write!(f, "what arrived is not what was signed: {}", code.as_str());
            }
            StoreError::Elsewhere => "the bucket is in another place than it was said to be",
            StoreError::Busy => "the store cannot do it now",
            StoreError::Refused(status, code) => {
                return write!(f, "the store refuses with {status} {}", code.as_str());
            }
            StoreError::Unreadable => "the answer is none of a store",
        })
    }
}

impl std::error::Error for StoreError {}
