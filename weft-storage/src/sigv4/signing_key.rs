//! Step 3: the key of a day and a region.

use std::sync::{Mutex, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::string_to_sign::Scope;

/// The key that signs for a day, a region and S3.
#[derive(Clone)]
pub(crate) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// The key of `secret` in that scope.
    pub(crate) fn derive(secret: &str, scope: &Scope<'_>) -> SigningKey {
        let first = Zeroizing::new([b"AWS4", secret.as_bytes()].concat());
        let mut key = keyed(&first);
        for part in [scope.at.day(), scope.region, "s3", "aws4_request"] {
            key.update(part.as_bytes());
            let derived: Zeroizing<[u8; 32]> = Zeroizing::new(key.finalize().into_bytes().into());
            key = keyed(&*derived);
        }
        SigningKey(key)
    }

    /// The HMAC of all parts, one behind the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = self.0.clone();
        for part in parts {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// An HMAC under a key of any length.
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104, section 2)")
}

/// The key of the latest day that was signed for, so that four of five HMACs are done once a day.
#[derive(Default)]
pub(crate) struct SigningKeys(Mutex<Option<([u8; 8], SigningKey)>>);

impl SigningKeys {
    /// The key of `secret` in that scope, whose region is always the same.
    pub(crate) fn of(&self, secret: &str, scope: &Scope<'_>) -> SigningKey {
        let day = scope.at.day_bytes();
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &*kept {
            Some((of, key)) if *of == day => key.clone(),
            _ => {
                let key = SigningKey::derive(secret, scope);
                *kept = Some((day, key.clone()));
                key
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{sigv4::hex, stamp::Stamp};

    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

    /// AWS, "Example: Browser-Based Upload using HTTP POST (Using AWS Signature Version 4)": the policy
    /// there ends its lines with CRLF.
    #[test]
    fn the_documented_post_policy() {
        let at = Stamp::parse("20151229T000000Z").unwrap();
        let scope = Scope {
            at: &at,
            region: "us-east-1",
        };
        let key = SigningKey::derive(SECRET, &scope);
        let policy = [
            r#"{ "expiration": "2015-12-30T12:00:00.000Z","#,
            r#"  "conditions": ["#,
            r#"    {"bucket": "sigv4examplebucket"},"#,
            r#"    ["starts-with", "$key", "user/user1/"],"#,
            r#"    {"acl": "public-read"},"#,
            r#"    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},"#,
            r#"    ["starts-with", "$Content-Type", "image/"],"#,
            r#"    {"x-amz-meta-uuid": "14365123651274"},"#,
            r#"    {"x-amz-server-side-encryption": "AES256"},"#,
            r#"    ["starts-with", "$x-amz-meta-tag", ""],"#,
            "",
            r#"    {"x-amz-credential": "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"},"#,
            r#"    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},"#,
            r#"    {"x-amz-date": "20151229T000000Z" }"#,
            "  ]",
            "}",
        ]
        .join("\r\n");
        use base64::{Engine, engine::general_purpose::STANDARD};
        let text = STANDARD.encode(policy);
        assert_eq!(text.len(), 864);
        let signature = String::from_utf8(hex(&key.sign(&[text.as_bytes()])).to_vec()).unwrap();
        assert_eq!(
            signature,
            "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e"
        );
    }

    #[test]
    fn the_key_of_another_day_is_another() {
        let keys = SigningKeys::default();
        let signature = |text: &str| {
            let at = Stamp::parse(text).unwrap();
            keys.of(
                SECRET,
                &Scope {
                    at: &at,
                    region: "us-east-1",
                },
            )
            .sign(&[b"x"])
        };
        let first = signature("20151229T000000Z");
        assert_eq!(first, signature("20151229T235959Z"));
        assert_ne!(first, signature("20151230T000000Z"));
        assert_eq!(first, signature("20151229T000000Z"));
    }
}
