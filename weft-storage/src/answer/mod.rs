//! What a store answered, read strictly.

mod clock;
mod error;
mod listing;
mod xml;

use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::key::Key;
use crate::upload::{ETag, Multipart, Sha256, UploadId};

pub use clock::Skew;
pub use error::{Code, StoreError};
pub use listing::{Listed, Object, Version, Versions};

/// A store's answer, as the client of one's own received it.
///
/// ```
/// use std::time::SystemTime;
///
/// use weft_storage::{Answer, StoreError};
///
/// let now = SystemTime::now();
/// let headers = [("Content-Length", "5"), ("Content-Type", "text/plain"), ("ETag", "\"d8e8\"")];
/// assert_eq!(Answer::new(200, headers, b"").found(now)?.size, 5);
/// assert_eq!(Answer::new(404, [], b"").found(now), Err(StoreError::NotFound));
/// # Ok::<(), StoreError>(())
/// ```
///
/// # Security
/// Have the client stop reading after 4 MiB, wait no longer than a deadline, and follow no redirect: a
/// signed request is for the store that it names, and so is its session's token (GHSA-gx4c-2hqx-cw2r).
#[derive(Clone)]
pub struct Answer<'a> {
    status: u16,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

/// What a store says of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Found {
    /// How many bytes it has.
    pub size: u64,
    /// The type that it was uploaded with.
    pub content_type: Option<String>,
    /// The SHA-256 of all of its bytes, where the store computed one: it does if the upload said so, and
    /// for an upload in parts it computes another thing, which is left out here.
    pub sha256: Option<Sha256>,
    /// What the store calls its bytes.
    pub etag: Option<ETag>,
    /// How the store says that it is encrypted: `aws:kms`, `AES256`, or nothing.
    pub encryption: Option<String>,
}

impl<'a> Answer<'a> {
    /// An answer of that status, with those headers and that body.
    pub fn new(
        status: u16,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: &'a [u8],
    ) -> Answer<'a> {
        let headers = headers.into_iter().collect();
        Answer {
            status,
            headers,
            body,
        }
    }

    /// To [`Worker::head`](crate::Worker::head).
    ///
    /// # Errors
    /// When there is no such object, or the store says something else. To whoever may not list the bucket,
    /// AWS answers [`Denied`](StoreError::Denied) where there is none.
    pub fn found(&self, now: SystemTime) -> Result<Found, StoreError> {
        self.succeeded(now)?;
        let size = self
            .header("content-length")?
            .and_then(|size| size.parse().ok());
        let whole = self.header("x-amz-checksum-type")? != Some("COMPOSITE");
        let sha256 = self.header("x-amz-checksum-sha256")?.filter(|_| whole);
        let sha256 = sha256.and_then(|text| STANDARD.decode(text).ok()?.try_into().ok());
        let etag = self.header("etag")?.and_then(|tag| ETag::new(tag).ok());
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Ok(Found {
            size: size.ok_or(StoreError::Unreadable)?,
            content_type: owned(self.header("content-type")?),
            sha256: sha256.map(Sha256),
            etag,
            encryption: owned(self.header("x-amz-server-side-encryption")?),
        })
    }

    /// To [`Worker::first_bytes`](crate::Worker::first_bytes). An empty object has no first byte, which a
    /// store calls a range that cannot be satisfied.
    ///
    /// # Errors
    /// When there is no such object, or the store says something else.
    pub fn first_bytes(&self, now: SystemTime) -> Result<&'a [u8], StoreError> {
        match self.status {
            416 => Ok(&[]),
            _ => self.succeeded(now).map(|()| self.body),
        }
    }

    /// To [`Worker::delete`](crate::Worker::delete). What is not there is deleted.
    ///
    /// # Errors
    /// When the store says something else.
    pub fn deleted(&self, now: SystemTime) -> Result<(), StoreError> {
        match self.succeeded(now) {
            Err(StoreError::NotFound) => Ok(()),
            other => other,
        }
    }

    /// To [`Uploads::begin`](crate::Uploads::begin), of that object.
    ///
    /// # Errors
    /// When the store did not begin it.
    pub fn begun(&self, key: &Key, now: SystemTime) -> Result<Multipart, StoreError> {
        let result = self.document("InitiateMultipartUploadResult", now)?;
        let same = result.text_of("Key") == Some(&key.to_string());
        let id = result.text_of("UploadId").filter(|_| same);
        let id = id
            .and_then(|id| UploadId::new(id).ok())
            .ok_or(StoreError::Unreadable)?;
        Ok(Multipart { key: *key, id })
    }

    /// To [`Uploads::complete`](crate::Uploads::complete). A store says that it succeeded before it knows,
    /// so that the error can be in the body.
    ///
    /// # Errors
    /// When the store did not make the object.
    pub fn completed(&self, now: SystemTime) -> Result<(), StoreError> {
        self.document("CompleteMultipartUploadResult", now)
            .map(drop)
    }

    /// How far this machine's clock is from the store's, to the second, if the answer says.
    pub fn skew(&self, now: SystemTime) -> Option<Skew> {
        let date = self.header("date").ok()??;
        clock::http_date(date).map(|theirs| Skew::between(now, theirs))
    }

    fn succeeded(&self, now: SystemTime) -> Result<(), StoreError> {
        match self.status {
            200..=299 => Ok(()),
            _ => Err(self.error(now)),
        }
    }

    /// The document in the body, which begins with an element of that name.
    fn document(&self, name: &str, now: SystemTime) -> Result<xml::Element<'a>, StoreError> {
        self.succeeded(now)?;
        match xml::read(self.body).ok_or(StoreError::Unreadable)? {
            document if document.name == name => Ok(document),
            document if document.name == "Error" => Err(self.error(now)),
            _ => Err(StoreError::Unreadable),
        }
    }

    /// The only header of that name: of two, nobody knows which one counts.
    fn header(&self, name: &str) -> Result<Option<&'a str>, StoreError> {
        let mut named = self
            .headers
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        match (named.next(), named.next()) {
            (_, Some(_)) => Err(StoreError::Unreadable),
            (first, None) => Ok(first.map(|(_, value)| *value)),
        }
    }
}

/// Neither headers nor body are shown: an error's body repeats what was signed (GHSA-333v-68xh-8mmq).
impl std::fmt::Debug for Answer<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}
