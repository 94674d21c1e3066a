//! What is below a prefix.

use std::time::SystemTime;

use super::xml::Element;
use super::{Answer, StoreError};
use crate::key::{Key, Prefix};

/// The answer to [`Worker::list`](crate::Worker::list).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The objects.
    pub objects: Vec<Object>,
    /// Names below the prefix that nothing here has written. Whoever erases a tenant has to look at them.
    pub strange: Vec<String>,
    /// What to ask for the rest with.
    pub next: Option<String>,
}

/// An object that was listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Object {
    /// Its name.
    pub key: Key,
    /// How many bytes it has.
    pub size: u64,
}

/// The answer to [`Worker::list_versions`](crate::Worker::list_versions).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// The versions, and the marks that stand for what was deleted: those are deleted in the same way.
    pub versions: Vec<Version>,
    /// Names below the prefix that nothing here has written.
    pub strange: Vec<String>,
    /// What to ask for the rest with: a key and a version.
    pub next: Option<(String, String)>,
}

/// A version that was listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// The object.
    pub key: Key,
    /// What the store calls this version of it.
    pub id: String,
}

impl Answer<'_> {
    /// To [`Worker::list`](crate::Worker::list), of that prefix.
    ///
    /// # Errors
    /// When the store says something else, or lists what is not below the prefix: nobody is to delete by
    /// such a list (CVE-2026-33202).
    pub fn listed(&self, prefix: &Prefix, now: SystemTime) -> Result<Listed, StoreError> {
        let result = self.document("ListBucketResult", now)?;
        let (mut objects, mut strange) = (Vec::new(), Vec::new());
        for entry in result.named("Contents") {
            let size = text(entry, "Size")?.parse();
            let size = size.map_err(|_| StoreError::Unreadable)?;
            match key(entry, prefix)? {
                Ok(key) => objects.push(Object { key, size }),
                Err(name) => strange.push(name),
            }
        }
        let next = match is_truncated(&result)? {
            true => Some(text(&result, "NextContinuationToken")?.to_owned()),
            false => None,
        };
        Ok(Listed {
            objects,
            strange,
            next,
        })
    }

    /// To [`Worker::list_versions`](crate::Worker::list_versions), of that prefix.
    ///
    /// # Errors
    /// When the store says something else, or lists what is not below the prefix.
    pub fn versions(&self, prefix: &Prefix, now: SystemTime) -> Result<Versions, StoreError> {
        let result = self.document("ListVersionsResult", now)?;
        let (mut versions, mut strange) = (Vec::new(), Vec::new());
        for entry in result.named("Version").chain(result.named("DeleteMarker")) {
            let id = text(entry, "VersionId")?.to_owned();
            match key(entry, prefix)? {
                Ok(key) => versions.push(Version { key, id }),
                Err(name) => strange.push(name),
            }
        }
        let next = match is_truncated(&result)? {
            true => {
                let of = |name| text(&result, name).map(str::to_owned);
                Some((of("NextKeyMarker")?, of("NextVersionIdMarker")?))
            }
            false => None,
        };
        Ok(Versions {
            versions,
            strange,
            next,
        })
    }
}

/// The key of an entry, or its name if it is none.
fn key(entry: &Element<'_>, prefix: &Prefix) -> Result<Result<Key, String>, StoreError> {
    let name = text(entry, "Key")?;
    match name.starts_with(&prefix.to_string()) {
        true => Ok(Key::parse(name, prefix.tenant()).map_err(|_| name.to_owned())),
        false => Err(StoreError::Unreadable),
    }
}

fn is_truncated(result: &Element<'_>) -> Result<bool, StoreError> {
    match result.text_of("IsTruncated") {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        _ => Err(StoreError::Unreadable),
    }
}

fn text<'e>(element: &'e Element<'_>, name: &str) -> Result<&'e str, StoreError> {
    element.text_of(name).ok_or(StoreError::Unreadable)
}
