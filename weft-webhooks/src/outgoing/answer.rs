use std::fmt;

use http::header::RETRY_AFTER;
use http::{HeaderMap, StatusCode};

use super::RetryAfter;
use crate::headers;

/// What a receiver answered.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    status: StatusCode,
    retry_after: Option<RetryAfter>,
    body: Vec<u8>,
}

impl Answer {
    /// That status, with what the headers ask for and as much of the body as was read.
    pub fn new(status: StatusCode, headers: &HeaderMap, body: Vec<u8>) -> Answer {
        let retry_after = headers::one(headers, RETRY_AFTER, 64).ok();
        Answer {
            status,
            retry_after: retry_after.and_then(RetryAfter::parse),
            body,
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// When the receiver wants to be asked again, if it says so once and readably.
    pub fn retry_after(&self) -> Option<RetryAfter> {
        self.retry_after
    }

    /// The beginning of the body.
    ///
    /// # Security
    /// The receiver wrote it. Show it to the organisation whose endpoint it is and to nobody else, as
    /// text.
    pub fn body(&self) -> &[u8] {
        &self.body
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("retry_after", &self.retry_after)
            .finish_non_exhaustive()
    }
}
