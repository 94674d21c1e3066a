use std::sync::Arc;
use std::time::SystemTime;

use crate::bucket::Bucket;
use crate::credentials::Credentials;
use crate::identity::{Asked, Identity};
use crate::key::{Key, Prefix};
use crate::signed::SignedRequest;

/// Signs what a service asks the store itself: whether an object is there, its first bytes, what is below a
/// prefix, and deletion.
///
/// # Security
/// These are requests of the service's own, to be sent from it; none of them is to reach a browser.
#[derive(Debug, Clone)]
pub struct Worker(Arc<Identity>);

impl Worker {
    /// Signs for that bucket.
    pub fn new(bucket: Bucket, credentials: Credentials) -> Worker {
        Worker(Arc::new(Identity::new(bucket, credentials)))
    }

    /// Size, type and checksum of an object, in the headers of the answer.
    pub fn head(&self, key: &Key, now: SystemTime) -> SignedRequest {
        let headers = [self.0.host(), ("x-amz-checksum-mode", "ENABLED")];
        self.ask("HEAD", Some(key), &[], &headers, now)
    }

    /// The first bytes of an object, up to `most`: enough to tell what it is.
    pub fn first_bytes(&self, key: &Key, most: u16, now: SystemTime) -> SignedRequest {
        let range = format!("bytes=0-{}", most.max(1) - 1);
        self.ask(
            "GET",
            Some(key),
            &[],
            &[self.0.host(), ("range", &range)],
            now,
        )
    }

    /// Deletes an object. Where versions are kept this leaves one: see
    /// [`delete_version`](Worker::delete_version).
    pub fn delete(&self, key: &Key, now: SystemTime) -> SignedRequest {
        self.ask("DELETE", Some(key), &[], &[self.0.host()], now)
    }

    /// Deletes one version of an object, for good.
    pub fn delete_version(&self, key: &Key, version: &str, now: SystemTime) -> SignedRequest {
        self.ask(
            "DELETE",
            Some(key),
            &[("versionId", version)],
            &[self.0.host()],
            now,
        )
    }

    /// The objects below a prefix, up to a thousand; `after` is the token of the answer before.
    pub fn list(&self, prefix: &Prefix, after: Option<&str>, now: SystemTime) -> SignedRequest {
        let prefix = prefix.to_string();
        let mut query = Vec::with_capacity(3);
        query.extend(after.map(|token| ("continuation-token", token)));
        query.push(("list-type", "2"));
        query.push(("prefix", &prefix));
        self.ask("GET", None, &query, &[self.0.host()], now)
    }

    /// The same with all versions and deletion markers; `after` is the key and the version of the answer
    /// before.
    pub fn list_versions(
        &self,
        prefix: &Prefix,
        after: Option<(&str, &str)>,
        now: SystemTime,
    ) -> SignedRequest {
        let prefix = prefix.to_string();
        let mut query = Vec::with_capacity(4);
        query.extend(after.map(|(key, _)| ("key-marker", key)));
        query.push(("prefix", &prefix));
        query.extend(after.map(|(_, version)| ("version-id-marker", version)));
        query.push(("versions", ""));
        self.ask("GET", None, &query, &[self.0.host()], now)
    }

    fn ask(
        &self,
        method: &'static str,
        key: Option<&Key>,
        query: &[(&str, &str)],
        headers: &[(&'static str, &str)],
        now: SystemTime,
    ) -> SignedRequest {
        let asked = Asked {
            method,
            key,
            query,
            headers,
        };
        self.0.sign(&asked, Vec::new(), now)
    }
}
