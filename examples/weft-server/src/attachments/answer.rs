use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

/// What the store says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) size: i64,
    pub(crate) content_type: String,
    pub(crate) etag: String,
    /// Of stores that compute it.
    pub(crate) sha256: Option<[u8; 32]>,
}

impl Found {
    pub(super) fn read(headers: &HeaderMap) -> Option<Found> {
        let text = |name| headers.get(name)?.to_str().ok();
        let sha256 = headers.get("x-amz-checksum-sha256");
        let sha256 = sha256.map(|sum| STANDARD.decode(sum.as_bytes()).ok()?.try_into().ok());
        Some(Found {
            size: text(header::CONTENT_LENGTH)?.parse().ok()?,
            content_type: text(header::CONTENT_TYPE)?.to_owned(),
            etag: text(header::ETAG)?.to_owned(),
            // One that cannot be read is none that could be compared.
            sha256: match sha256 {
                Some(None) => return None,
                Some(sum) => sum,
                None => None,
            },
        })
    }

    /// Whether another answer is about the same bytes.
    pub(super) fn is_meant(&self, headers: &HeaderMap) -> bool {
        headers
            .get(header::ETAG)
            .is_some_and(|etag| *etag == *self.etag)
    }
}
