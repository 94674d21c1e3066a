use std::fmt;

/// How a store is to encrypt an object at rest, which is signed along with the upload: one that says
/// something else, or nothing, is refused.
///
/// From the strongest on: with [`Kms`](Encryption::Kms) a tenant's key can be destroyed and its objects
/// with it; with [`Provider`](Encryption::Provider), the weaker class, whoever reads the bucket reads the
/// object, and all tenants' objects are under the same keys; [`Unasked`](Encryption::Unasked) is what the
/// store does by itself, which for [`Store::Embedded`](crate::Store::Embedded) is to seal it under a key of
/// the tenant's own, and elsewhere may be nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Encryption {
    /// Under that key of the provider's key service (SSE-KMS): one for each tenant.
    Kms(KmsKey),
    /// Under a key of the provider's (SSE-S3).
    Provider,
    /// As the store sees fit.
    Unasked,
}

/// The name of a key in a key service, such as an ARN. It is no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KmsKey(String);

/// The text is no name of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAKmsKey;

impl KmsKey {
    /// The key of that name.
    ///
    /// # Errors
    /// When it is not 1 to 2048 letters, digits, `:`, `/`, `-` and `_`.
    pub fn new(name: &str) -> Result<KmsKey, NotAKmsKey> {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b":/-_".contains(&c);
        match (1..=2048).contains(&name.len()) && name.bytes().all(plain) {
            true => Ok(KmsKey(name.to_owned())),
            false => Err(NotAKmsKey),
        }
    }
}

impl Encryption {
    /// The headers, or fields, that say so, sorted by name.
    pub(crate) fn headers(&self) -> Vec<(&'static str, &str)> {
        const HOW: &str = "x-amz-server-side-encryption";
        match self {
            Encryption::Kms(KmsKey(name)) => {
                vec![
                    (HOW, "aws:kms"),
                    ("x-amz-server-side-encryption-aws-kms-key-id", name),
                ]
            }
            Encryption::Provider => vec![(HOW, "AES256")],
            Encryption::Unasked => Vec::new(),
        }
    }
}

impl fmt::Display for NotAKmsKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the text is no name of a key")
    }
}

impl std::error::Error for NotAKmsKey {}
