use std::borrow::Cow;
use std::fmt;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

/// A request whose signature was right: the proof, and what was signed.
///
/// Only [`Verifier::verify`](crate::Verifier::verify) makes one. `T` is what [`parse`](Verified::parse)
/// made of the body, and `()` before.
///
/// ```compile_fail,E0451
/// fn with_another_body(verified: weft_webhooks::Verified) -> weft_webhooks::Verified {
///     weft_webhooks::Verified { body: b"forged".to_vec(), ..verified }
/// }
/// ```
///
/// # Security
/// The signature says that a holder of the secret sent these bytes once. It does not say that they
/// are new: keep [`digest`](Verified::digest) with the endpoint, and act once.
#[derive(Clone)]
pub struct Verified<T = ()> {
    pub(crate) value: T,
    pub(crate) body: Vec<u8>,
    pub(crate) scheme: Cow<'static, str>,
    pub(crate) secret: String,
    pub(crate) signed_at: Option<SystemTime>,
    pub(crate) message_id: Option<String>,
    pub(crate) unsigned: Unsigned,
}

impl<T> Verified<T> {
    /// The body, byte for byte as it was signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The scheme's name.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The id of the secret that made the signature; the last one in the ring if several did.
    pub fn secret_id(&self) -> &str {
        &self.secret
    }

    /// When the sender says it signed, where the scheme signs a time.
    pub fn signed_at(&self) -> Option<SystemTime> {
        self.signed_at
    }

    /// The id of the message, where the scheme signs one.
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref()
    }

    /// SHA-256 over the scheme, the signed message id and the body: the part of a key to find copies by.
    ///
    /// It leaves the signed time out, which a sender renews when it tries again.
    pub fn digest(&self) -> Digest {
        let id = self.message_id.as_deref().unwrap_or_default();
        let mut hash = Sha256::new();
        for part in [self.scheme.as_bytes(), id.as_bytes(), &self.body] {
            // Lengths in front, so that no part can borrow from the next.
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Digest(hash.finalize().into())
    }

    /// What came with the request and was not signed.
    pub fn unsigned(&self) -> &Unsigned {
        &self.unsigned
    }

    /// The same proof with what `read` makes of the body, by JSON, as a form or otherwise.
    ///
    /// # Errors
    /// When `read` fails.
    pub fn parse<U, E>(self, read: impl FnOnce(&[u8]) -> Result<U, E>) -> Result<Verified<U>, E> {
        Ok(Verified {
            value: read(&self.body)?,
            body: self.body,
            scheme: self.scheme,
            secret: self.secret,
            signed_at: self.signed_at,
            message_id: self.message_id,
            unsigned: self.unsigned,
        })
    }

    /// What the body was parsed into.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// What the body was parsed into, without the proof.
    pub fn into_value(self) -> T {
        self.value
    }
}

impl<T> fmt::Debug for Verified<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("scheme", &self.scheme)
            .field("secret", &self.secret)
            .field("signed_at", &self.signed_at)
            .finish_non_exhaustive()
    }
}

/// A digest of what was signed, which only a [`Verified`] gives.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// Headers that the sender did not sign, such as the topic, the shop and the delivery's id.
///
/// # Security
/// Whoever saw one good request can send it again with any of these changed. They may be logged or
/// shown; a tenant, a permission and a key against copies must come from elsewhere: the endpoint, the
/// body, [`Verified::digest`]. That is why this type has no conversion into anything.
#[derive(Clone)]
pub struct Unsigned(pub(crate) Vec<(&'static str, String)>);

impl Unsigned {
    /// What the header of that lower-case name claims, if the scheme lists it and it came once.
    pub fn claim(&self, name: &str) -> Option<&str> {
        let (_, value) = self.0.iter().find(|(known, _)| *known == name)?;
        Some(value)
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}
