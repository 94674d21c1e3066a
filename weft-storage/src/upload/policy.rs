use std::fmt;
use std::time::SystemTime;

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Upload, UploadError, Uploads};
use crate::key::Key;
use crate::sigv4::{ALGORITHM, hex};
use crate::stamp::{Stamp, expiration};
use crate::ttl::Ttl;

/// A form for a browser: where it posts `multipart/form-data` to, and all fields that precede `file`.
///
/// # Security
/// Whoever has the fields may upload what they say. They are not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Form {
    url: String,
    fields: Vec<(&'static str, String)>,
}

impl Form {
    /// Where it goes.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The fields, in an order in which stores take them; the file comes last.
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
    }
}

impl Uploads {
    /// A form that uploads one object, until `ttl` after `now`.
    ///
    /// The store checks each field: the exact key and type, the size, the checksum if it is known, how it
    /// is encrypted, and where the browser goes. A field that is missing or added is refused.
    ///
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html>
    ///
    /// # Errors
    /// When the store takes no policies, or cannot encrypt in that way.
    pub fn post_policy(
        &self,
        key: &Key,
        upload: &Upload,
        ttl: Ttl,
        now: SystemTime,
    ) -> Result<Form, UploadError> {
        let bucket = self.bucket();
        if !bucket.store().takes_policies() {
            return Err(UploadError::NoPolicies(bucket.store()));
        }
        upload.check(bucket.store())?;
        let at = Stamp::of(now);
        let scope = self.0.scope(&at);
        let mut credential = format!("{}/", self.0.credentials.access_key());
        scope.write("/", &mut credential);

        let mut fields = vec![
            ("key", key.to_string()),
            ("Content-Type", upload.content_type.as_str().to_owned()),
        ];
        if let Some(sha256) = &upload.sha256 {
            fields.push(("x-amz-checksum-algorithm", "SHA256".to_owned()));
            fields.push(("x-amz-checksum-sha256", sha256.base64()));
        }
        let encryption = upload.encryption.headers().into_iter();
        fields.extend(encryption.map(|(name, value)| (name, value.to_owned())));
        fields.push(match &upload.redirect {
            Some(url) => ("success_action_redirect", url.clone()),
            None => ("success_action_status", "201".to_owned()),
        });
        fields.push(("x-amz-algorithm", ALGORITHM.to_owned()));
        fields.push(("x-amz-credential", credential));
        fields.push(("x-amz-date", at.as_str().to_owned()));
        if let Some(token) = self.0.credentials.session() {
            fields.push(("x-amz-security-token", token.to_owned()));
        }

        let policy = self.policy(&fields, upload, &expiration(now + ttl.as_duration()));
        let policy = STANDARD.encode(policy);
        let signature = hex(&self.0.key_of(&scope).sign(&[policy.as_bytes()]));
        fields.push(("policy", policy));
        let signature = str::from_utf8(&signature).unwrap_or_default();
        fields.push(("x-amz-signature", signature.to_owned()));

        let mut url = String::new();
        self.0.write_path(None, &mut url);
        Ok(Form { url, fields })
    }

    /// The policy: each field as it is, and the size. No value of a field has a character that JSON
    /// writes in another way: keys, types, numbers, base64, names of keys, plain URLs and tokens.
    fn policy(
        &self,
        fields: &[(&'static str, String)],
        upload: &Upload,
        expiration: &str,
    ) -> String {
        let bucket = self.bucket().name();
        let mut policy =
            format!(r#"{{"expiration":"{expiration}","conditions":[{{"bucket":"{bucket}"}}"#);
        for (name, value) in fields {
            for part in [
                ",{\"",
                name,
                "\":\"",
                &value.replace('\\', "\\\\").replace('"', "\\\""),
                "\"}",
            ] {
                policy.push_str(part);
            }
        }
        let (least, most) = (upload.sizes.least, upload.sizes.most);
        policy.push_str(&format!(r#",["content-length-range",{least},{most}]]}}"#));
        policy
    }
}

impl fmt::Debug for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Form")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}
