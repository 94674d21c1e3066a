use std::fmt;
use std::time::SystemTime;

use super::{Upload, UploadError, Uploads};
use crate::identity::Asked;
use crate::key::Key;
use crate::signed::SignedUrl;
use crate::ttl::Ttl;

/// A PUT that is signed, and the headers that have to be sent with it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedPut {
    pub(super) url: SignedUrl,
    pub(super) headers: Vec<(&'static str, String)>,
}

impl SignedPut {
    /// Where it goes.
    pub fn url(&self) -> &SignedUrl {
        &self.url
    }

    /// The headers, all of which are signed. A browser sets `content-length` by itself.
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }
}

impl Uploads {
    /// A PUT of one object, until `ttl` after `now`, for a store that takes no policies: with the exact
    /// size, type and checksum, and not over an object that is there, where the store knows how to refuse
    /// that.
    ///
    /// # Errors
    /// When size or checksum are not known, or the store cannot encrypt in that way.
    pub fn put(
        &self,
        key: &Key,
        upload: &Upload,
        ttl: Ttl,
        now: SystemTime,
    ) -> Result<SignedPut, UploadError> {
        let store = self.bucket().store();
        upload.check(store)?;
        let length = upload
            .sizes
            .only()
            .ok_or(UploadError::SizeNotKnown)?
            .to_string();
        let sha256 = upload.sha256.ok_or(UploadError::ChecksumNotKnown)?.base64();
        let mut headers = vec![
            ("content-length", &*length),
            ("content-type", upload.content_type.as_str()),
            self.0.host(),
        ];
        if store.refuses_overwriting() {
            headers.push(("if-none-match", "*"));
        }
        headers.push(("x-amz-checksum-sha256", &sha256));
        headers.extend(upload.encryption.headers());
        let asked = Asked {
            method: "PUT",
            key: Some(key),
            query: &[],
            headers: &headers,
        };
        Ok(SignedPut {
            url: self.0.presign(&asked, ttl, now),
            headers: sent(&headers),
        })
    }
}

/// Of the headers that are signed, those that are not in the URL.
pub(super) fn sent(headers: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let sent = headers.iter().filter(|(name, _)| *name != "host");
    sent.map(|(name, value)| (*name, (*value).to_owned()))
        .collect()
}

impl fmt::Debug for SignedPut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedPut")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
