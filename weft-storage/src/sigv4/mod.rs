//! AWS Signature Version 4 as S3 has it, a file for each of its steps: the path is encoded once and
//! never normalised.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html>

mod canonical_request;
mod signing_key;
mod string_to_sign;

pub(crate) use canonical_request::{CanonicalRequest, UNSIGNED_PAYLOAD, hex, payload_hash};
pub(crate) use signing_key::{SigningKey, SigningKeys};
pub(crate) use string_to_sign::{ALGORITHM, Scope};
