use std::collections::BTreeMap;

use s3s::S3Result;

use super::super::refused::unknown;
use super::malformed;
use super::multipart::Multipart;

/// The fields in front of a file, each of them once.
pub(super) struct Fields(BTreeMap<&'static str, String>);

/// What a signature is made of and over.
pub(super) const SIGNED: [&str; 5] = [
    "policy",
    "x-amz-algorithm",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
];
/// The fields that mean something here, whose names are not told apart by case.
const KNOWN: [&str; 12] = [
    "bucket",
    "content-type",
    "key",
    "policy",
    "success_action_redirect",
    "success_action_status",
    "x-amz-algorithm",
    "x-amz-checksum-algorithm",
    "x-amz-checksum-sha256",
    "x-amz-credential",
    "x-amz-date",
    "x-amz-signature",
];

impl Fields {
    /// Those that come before the file, whose bytes are next.
    pub(super) async fn read(form: &mut Multipart) -> S3Result<Fields> {
        let mut fields = BTreeMap::new();
        loop {
            let name = form.part().await?.to_ascii_lowercase();
            if name == "file" {
                return Ok(Fields(fields));
            }
            let known = KNOWN.iter().find(|known| **known == name);
            let known = known.ok_or_else(|| unknown("there is a field that is not known here"))?;
            let value = form.value().await?;
            if fields.insert(*known, value).is_some() {
                return Err(malformed("a field comes twice"));
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.keys().copied()
    }

    /// A field of a signature, which is one plain word.
    pub(super) fn signed(&self, name: &str) -> S3Result<&str> {
        let value = self.get(name).unwrap_or_default();
        match !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(value),
            false => Err(malformed("the form is not signed")),
        }
    }
}
