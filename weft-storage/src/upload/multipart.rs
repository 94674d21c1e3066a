//! Objects that are sent in parts.

use std::fmt;
use std::time::SystemTime;

use super::put::{SignedPut, sent};
use super::{Upload, UploadError, Uploads};
use crate::identity::Asked;
use crate::key::Key;
use crate::signed::SignedRequest;
use crate::ttl::Ttl;

/// An upload in parts that a store has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Multipart {
    /// The object that it becomes.
    pub key: Key,
    /// What the store calls it.
    pub id: UploadId,
}

/// What a store calls an upload in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadId(String);

/// What a store calls the bytes of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ETag(String);

/// The text is none that a store gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotFromAStore;

impl UploadId {
    /// That id.
    ///
    /// # Errors
    /// When it is not 1 to 1024 visible characters of ASCII.
    pub fn new(text: &str) -> Result<UploadId, NotFromAStore> {
        plain(text).map(UploadId)
    }
}

impl ETag {
    /// That tag, with its quotes or without.
    ///
    /// # Errors
    /// When it is not 1 to 1024 visible characters of ASCII.
    pub fn new(text: &str) -> Result<ETag, NotFromAStore> {
        let bare = text.trim_matches('"');
        let markup = |c: u8| b"\"<>&".contains(&c);
        match bare.bytes().any(markup) {
            true => Err(NotFromAStore),
            false => plain(bare).map(ETag),
        }
    }

    /// The tag without its quotes.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn plain(text: &str) -> Result<String, NotFromAStore> {
    match (1..=1024).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic()) {
        true => Ok(text.to_owned()),
        false => Err(NotFromAStore),
    }
}

impl Uploads {
    /// Begins an upload in parts. The answer has the [`UploadId`], within its XML.
    ///
    /// # Errors
    /// When the store cannot encrypt in that way.
    pub fn begin(
        &self,
        key: &Key,
        upload: &Upload,
        now: SystemTime,
    ) -> Result<SignedRequest, UploadError> {
        upload.check(self.bucket().store())?;
        let mut headers = vec![
            ("content-type", upload.content_type.as_str()),
            self.0.host(),
        ];
        headers.extend(upload.encryption.headers());
        let asked = Asked {
            method: "POST",
            key: Some(key),
            query: &[("uploads", "")],
            headers: &headers,
        };
        Ok(self.0.sign(&asked, Vec::new(), now))
    }

    /// A PUT of one part of exactly `length` bytes, until `ttl` after `now`.
    ///
    /// # Errors
    /// When the number is not 1 to 10 000.
    pub fn part(
        &self,
        upload: &Multipart,
        (number, length): (u16, u64),
        ttl: Ttl,
        now: SystemTime,
    ) -> Result<SignedPut, UploadError> {
        if !(1..=10_000).contains(&number) {
            return Err(UploadError::Part);
        }
        let (number, length) = (number.to_string(), length.to_string());
        let headers = [("content-length", &*length), self.0.host()];
        let asked = Asked {
            method: "PUT",
            key: Some(&upload.key),
            query: &[("partNumber", &number), ("uploadId", &upload.id.0)],
            headers: &headers,
        };
        Ok(SignedPut {
            url: self.0.presign(&asked, ttl, now),
            headers: sent(&headers),
        })
    }

    /// Makes the object of its parts, in that order.
    pub fn complete(
        &self,
        upload: &Multipart,
        parts: &[(u16, ETag)],
        now: SystemTime,
    ) -> SignedRequest {
        let mut body = String::from("<CompleteMultipartUpload>");
        for (number, ETag(tag)) in parts {
            body.push_str(&format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>\"{tag}\"</ETag></Part>"
            ));
        }
        body.push_str("</CompleteMultipartUpload>");
        self.of(upload, "POST", body.into_bytes(), now)
    }

    /// Throws away what was sent.
    pub fn abort(&self, upload: &Multipart, now: SystemTime) -> SignedRequest {
        self.of(upload, "DELETE", Vec::new(), now)
    }

    fn of(
        &self,
        upload: &Multipart,
        method: &'static str,
        body: Vec<u8>,
        now: SystemTime,
    ) -> SignedRequest {
        let asked = Asked {
            method,
            key: Some(&upload.key),
            query: &[("uploadId", &upload.id.0)],
            headers: &[self.0.host()],
        };
        self.0.sign(&asked, body, now)
    }
}

impl fmt::Display for NotFromAStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is none that a store gives")
    }
}

impl std::error::Error for NotFromAStore {}
