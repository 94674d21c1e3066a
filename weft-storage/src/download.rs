use std::sync::Arc;
use std::time::SystemTime;

use crate::bucket::Bucket;
use crate::credentials::Credentials;
use crate::file_name::FileName;
use crate::identity::{Asked, Identity};
use crate::key::Key;
use crate::signed::SignedUrl;
use crate::ttl::Ttl;

/// Signs downloads, and nothing else.
///
/// ```
/// use std::time::SystemTime;
///
/// use uuid::Uuid;
/// use weft_storage::{Bucket, Credentials, Downloads, FileName, Key, Kind, Region, Ttl};
///
/// let bucket = Bucket::new(Region::AwsEuCentral1, "nordwind-attachments")?;
/// let reader = Credentials::new("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")?;
/// let downloads = Downloads::new(bucket, reader);
/// let key = Key::new(Uuid::from_u128(1), Kind::new("attachments")?, Uuid::from_u128(2));
/// let url = downloads.get(&key, &FileName::tidied("Angebot März.pdf"), Ttl::MOST, SystemTime::now());
/// assert!(url.expose().contains("&response-content-disposition=attachment%3B"));
/// assert!(!format!("{url:?}").contains("Signature"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Security
/// Give it credentials that may read objects and nothing more. What it signs is saved and not shown:
/// the answer's disposition and its type, which says nothing, are signed along (CVE-2018-16477,
/// GHSA-v9fg-3cr2-277j).
#[derive(Debug, Clone)]
pub struct Downloads(Arc<Identity>);

impl Downloads {
    /// Signs for that bucket.
    pub fn new(bucket: Bucket, credentials: Credentials) -> Downloads {
        Downloads(Arc::new(Identity::new(bucket, credentials)))
    }

    /// The bucket.
    pub fn bucket(&self) -> &Bucket {
        &self.0.bucket
    }

    /// A URL that saves an object as `name`, until `ttl` after `now`.
    pub fn get(&self, key: &Key, name: &FileName, ttl: Ttl, now: SystemTime) -> SignedUrl {
        let asked = Asked {
            method: "GET",
            key: Some(key),
            query: &[
                ("response-cache-control", "private, no-store"),
                ("response-content-disposition", &name.disposition()),
                ("response-content-type", "application/octet-stream"),
            ],
            headers: &[self.0.host()],
        };
        self.0.presign(&asked, ttl, now)
    }
}
