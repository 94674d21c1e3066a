use std::fmt;
use std::time::SystemTime;

use http::{HeaderMap, HeaderValue};

use crate::scheme::Scheme;
use crate::secret::{Ring, Secret, SecretError};
use crate::signing_key::SigningKey;

/// The sending side of a scheme: the mirror of [`Verifier`](crate::Verifier).
///
/// ```
/// use std::time::SystemTime;
/// use weft_webhooks::{Scheme, Secret, Signer, Verifier};
///
/// let secret = Secret::new("2026-11", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")?;
/// let signer = Signer::new(Scheme::standard(), [secret.clone()])?;
/// let (body, now) = (br#"{"type":"order.paid"}"#, SystemTime::now());
/// let headers = signer.sign("msg_1", body, now)?;
///
/// let verifier = Verifier::new(Scheme::standard(), [secret])?;
/// let verified = verifier.verify(&headers, body.to_vec(), now)?;
/// assert_eq!(verified.message_id(), Some("msg_1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Signer {
    scheme: Scheme,
    ring: Ring<SigningKey>,
}

/// Why a message was not signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignError {
    /// The message's id is empty, too long, holds a dot or is not visible ASCII.
    MessageId,
    /// The time lies before 1970.
    Time,
    /// No secret is in force at this time.
    NoSecret,
    /// The prefix of a [`Generic`](crate::Generic) scheme cannot stand in a header.
    Header,
}

impl Signer {
    /// Requests of that scheme, signed with those secrets.
    ///
    /// # Errors
    /// When there are no secrets, more than 8, two of one id, or one that is not written as the
    /// scheme's are or whose key is shorter than 24 bytes.
    pub fn new(
        scheme: impl Into<Scheme>,
        secrets: impl IntoIterator<Item = Secret>,
    ) -> Result<Signer, SecretError> {
        let scheme = scheme.into();
        let ring = Ring::new(secrets, |text| scheme.signing_key(text))?;
        Ok(Signer { scheme, ring })
    }

    /// The headers to send with exactly these bytes. Sign again for each attempt: the time that is
    /// signed is `now`, and the message keeps its id.
    ///
    /// Every secret in force at `now` signs, so that a receiver may hold either during a rotation; the
    /// newest comes first, which is the one that came into force last. Where the scheme has room for
    /// fewer signatures (one for Shopify, Slack, GitHub, Stalwart and [`Generic`](crate::Generic)),
    /// the newest sign. A scheme that signs no id leaves `message_id` out.
    ///
    /// # Errors
    /// When the id is none that the scheme can sign, no secret is in force or `now` lies before 1970.
    ///
    /// # Security
    /// The values are marked sensitive: who has them can send the request again.
    pub fn sign(
        &self,
        message_id: &str,
        body: &[u8],
        now: SystemTime,
    ) -> Result<HeaderMap, SignError> {
        let mut keys = self.ring.newest_first(now);
        keys.truncate(self.scheme.limits.signatures);
        if keys.is_empty() {
            return Err(SignError::NoSecret);
        }
        let signed = self.scheme.sign(message_id, now, &|before| {
            keys.iter().map(|key| key.sign(before, body)).collect()
        })?;
        let mut headers = HeaderMap::new();
        for (name, text) in signed {
            let mut value = HeaderValue::try_from(text).map_err(|_| SignError::Header)?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

impl fmt::Display for SignError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SignError::MessageId => {
                "the message id is empty, too long, holds a dot or is not visible ASCII"
            }
            SignError::Time => "the time lies before 1970",
            SignError::NoSecret => "no secret is in force",
            SignError::Header => "the scheme's prefix cannot stand in a header",
        })
    }
}

impl std::error::Error for SignError {}
