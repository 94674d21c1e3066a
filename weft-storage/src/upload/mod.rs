//! Uploads that go from a browser to the store.

mod checks;
mod multipart;
mod policy;
mod put;

use std::sync::Arc;

use crate::bucket::Bucket;
use crate::credentials::Credentials;
use crate::identity::Identity;

pub use checks::{ContentType, NotAContentType, Sha256, Sizes, Upload, UploadError};
pub use multipart::{ETag, Multipart, NotFromAStore, UploadId};
pub use policy::Form;
pub use put::SignedPut;

/// Signs uploads, and nothing else.
///
/// Where the store takes policies, [`post_policy`](Uploads::post_policy) has it check the size, the type
/// and all else while the browser sends; where it takes none, [`put`](Uploads::put) signs what is known
/// exactly beforehand.
///
/// # Security
/// Give it credentials that may write objects and *not read any*: a store that honours a header which was
/// not signed (CVE-2026-54330, GHSA-g8w9-qw9q-fghr) can be told to copy another object here, and with an
/// identity that reads nothing there is nothing to copy.
#[derive(Debug, Clone)]
pub struct Uploads(Arc<Identity>);

impl Uploads {
    /// Signs for that bucket.
    pub fn new(bucket: Bucket, credentials: Credentials) -> Uploads {
        Uploads(Arc::new(Identity::new(bucket, credentials)))
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.0.bucket
    }
}
