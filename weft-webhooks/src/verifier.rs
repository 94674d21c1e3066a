use std::time::SystemTime;

use http::HeaderMap;

use crate::mac::{self, Key};
use crate::scheme::Scheme;
use crate::secret::{Ring, Secret, SecretError};
use crate::verified::Verified;
use crate::{Refusal, RefusalKind};

/// One endpoint: a scheme and the secrets it accepts.
#[derive(Debug, Clone)]
pub struct Verifier {
    scheme: Scheme,
    ring: Ring<Key>,
}

impl Verifier {
    /// Requests of that scheme, signed with one of those secrets.
    ///
    /// # Errors
    /// When there are no secrets, more than 8, two of one id, or one that is not written as the
    /// sender writes it or whose key is shorter than 24 bytes.
    pub fn new(
        scheme: impl Into<Scheme>,
        secrets: impl IntoIterator<Item = Secret>,
    ) -> Result<Verifier, SecretError> {
        let scheme = scheme.into();
        let ring = Ring::new(secrets, |text| scheme.key(text))?;
        Ok(Verifier { scheme, ring })
    }

    /// The same with another limit on the body, in bytes.
    #[must_use]
    pub fn with_body_limit(mut self, bytes: usize) -> Verifier {
        self.scheme.limits.body = bytes;
        self
    }

    /// The most bytes a body may have: stop reading a request that has more.
    pub fn body_limit(&self) -> usize {
        self.scheme.limits.body
    }

    /// What can be refused before the body is read.
    #[cfg(feature = "tower")]
    pub(crate) fn check_headers(
        &self,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<(), Refusal> {
        self.scheme.claim(headers, now).map(drop)
    }

    /// The proof that a request came from a holder of one of the secrets.
    ///
    /// # Errors
    /// When the body or a header is over its limit, a header is missing, doubled or malformed, the
    /// signed time lies outside of the scheme's window, or no secret in force made a signature.
    ///
    /// # Security
    /// `body` must be the bytes as they arrived. A body that was parsed and written again is another
    /// body, and one that was decoded as text can hide changes.
    pub fn verify(
        &self,
        headers: &HeaderMap,
        body: Vec<u8>,
        now: SystemTime,
    ) -> Result<Verified, Refusal> {
        if body.len() > self.scheme.limits.body {
            return Err(Refusal::new(RefusalKind::BodyTooLarge));
        }
        let claim = self.scheme.claim(headers, now)?;
        let mut secrets = self.ring.in_force(now);
        let mut keys = secrets.clone().map(|(_, key)| key).peekable();
        if keys.peek().is_none() {
            return Err(Refusal::new(RefusalKind::NoSecret));
        }
        let (secret, _) = mac::matching(keys, &claim.signatures, &claim.before, &body)
            .and_then(|place| secrets.nth(place))
            .ok_or(Refusal::new(RefusalKind::Mismatch))?;
        Ok(Verified {
            value: (),
            body,
            scheme: self.scheme.name.clone(),
            secret: secret.to_owned(),
            signed_at: claim.signed_at,
            message_id: claim.message_id.map(str::to_owned),
            unsigned: self.scheme.unsigned(headers),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mac::work;

    fn work(body: usize, header: &str) -> work::Work {
        let secrets = ["1", "2"].map(|id| Secret::new(id, &"secret".repeat(4)).unwrap());
        let verifier = Verifier::new(Scheme::stripe(), secrets)
            .unwrap()
            .with_body_limit(1000);
        let mut headers = HeaderMap::new();
        headers.insert("stripe-signature", header.parse().unwrap());
        let (result, work) =
            work::of(|| verifier.verify(&headers, vec![0; body], SystemTime::UNIX_EPOCH));
        assert!(result.is_err());
        work
    }

    #[test]
    fn limits_are_kept_before_anything_is_hashed() {
        let signature = format!("v1={}", "0".repeat(64));
        let list = |count| format!("t=0,{}", vec![signature.as_str(); count].join(","));
        let reached = work(1000, &list(16));
        assert_eq!((reached.keys, reached.comparisons), (2, 32));
        for (body, header) in [
            (1001, list(1)),
            (1000, list(17)),
            (1000, list(100_000)),
            (1000, format!("t=301,{signature}")),
            (1000, "t=0,v0=".to_owned()),
        ] {
            assert_eq!(work(body, &header), work::Work::default());
        }
    }
}
