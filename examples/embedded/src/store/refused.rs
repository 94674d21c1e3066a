//! Why a request is not answered, in the words of S3.

use std::io;

use s3s::{S3Error, S3ErrorCode};

/// Whoever asks may not.
pub(super) fn denied(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::AccessDenied, why)
}

/// What is asked for, this store does not do, and will not pretend to.
pub(super) fn unknown(what: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::NotImplemented, what)
}

/// What is asked for makes no sense.
pub(super) fn invalid(why: &'static str) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidRequest, why)
}

/// The store itself failed: the reason stays here.
pub(super) fn failed(error: impl Into<io::Error>) -> S3Error {
    eprintln!("object store: {}", error.into());
    S3ErrorCode::InternalError.into()
}
