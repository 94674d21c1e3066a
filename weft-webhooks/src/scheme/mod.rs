//! One sender's format per file; `generic` and `timed_list` are formats that several share.

mod generic;
mod github;
mod shopify;
mod slack;
mod stalwart;
mod standard;
mod stripe;
mod timed_list;
mod workos;

use std::borrow::Cow;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName};

pub use generic::{Generic, SignedTime};

use crate::headers;
use crate::limits::Limits;
use crate::mac::{Key, Signature};
use crate::refusal::{Refusal, RefusalKind};
use crate::secret::{SecretError, hmac_key};
use crate::signer::SignError;
use crate::signing_key::SigningKey;
use crate::verified::Unsigned;
use standard::Standard;
use timed_list::TimedList;

/// How one sender signs: headers, encoding, what is signed, window and limits.
#[derive(Debug, Clone)]
pub struct Scheme {
    pub(crate) name: Cow<'static, str>,
    pub(crate) limits: Limits,
    format: Format,
    unsigned: &'static [&'static str],
}

#[derive(Debug, Clone)]
enum Format {
    Generic(Generic),
    TimedList(TimedList),
    Standard(Standard),
}

/// What is signed in front of the body, in parts that join.
pub(crate) type Before<'h> = [&'h str; 4];

/// What the headers claim; nothing of it is proved.
pub(crate) struct Claim<'h> {
    pub(crate) signatures: Vec<Signature>,
    pub(crate) before: Before<'h>,
    pub(crate) signed_at: Option<SystemTime>,
    pub(crate) message_id: Option<&'h str>,
}

/// Makes the signatures of what stands in front of the body, followed by the body.
pub(crate) type SignedBy<'k> = &'k dyn Fn(&Before<'_>) -> Vec<Signature>;

/// The headers that carry a signature.
pub(crate) type Signed = Vec<(HeaderName, String)>;

impl Scheme {
    /// The scheme's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn key(&self, text: &str) -> Result<Key, SecretError> {
        match &self.format {
            Format::Generic(_) | Format::TimedList(_) => hmac_key(text.as_bytes()),
            Format::Standard(_) => standard::key(text),
        }
    }

    pub(crate) fn claim<'h>(
        &'h self,
        headers: &'h HeaderMap,
        now: SystemTime,
    ) -> Result<Claim<'h>, Refusal> {
        let claim = match &self.format {
            Format::Generic(format) => format.claim(headers, self.limits, now),
            Format::TimedList(format) => format.claim(headers, self.limits, now),
            Format::Standard(format) => format.claim(headers, self.limits, now),
        }?;
        if claim.signatures.is_empty() {
            return Err(Refusal::new(RefusalKind::NoSignature));
        }
        Ok(claim)
    }

    pub(crate) fn signing_key(&self, text: &str) -> Result<SigningKey, SecretError> {
        match &self.format {
            Format::Generic(_) | Format::TimedList(_) => SigningKey::hmac(text.as_bytes()),
            Format::Standard(_) => standard::signing_key(text),
        }
    }

    pub(crate) fn sign(
        &self,
        message_id: &str,
        now: SystemTime,
        by: SignedBy<'_>,
    ) -> Result<Signed, SignError> {
        match &self.format {
            Format::Generic(format) => format.sign(now, by),
            Format::TimedList(format) => format.sign(now, by),
            Format::Standard(format) => format.sign(message_id, self.limits, now, by),
        }
    }

    pub(crate) fn unsigned(&self, headers: &HeaderMap) -> Unsigned {
        if self.unsigned.is_empty() {
            return Unsigned(Vec::new());
        }
        let claims = headers.keys().filter_map(|name| {
            let text = name.as_str();
            let known = self.unsigned.iter().find(|known| **known == text)?;
            let value = headers::one(headers, name, self.limits.header).ok()?;
            Some((*known, value.to_owned()))
        });
        Unsigned(claims.collect())
    }
}

/// The signatures of a list, up to a limit.
struct Signatures {
    decoded: Vec<Signature>,
    left: usize,
}

impl Signatures {
    fn new(limit: usize) -> Signatures {
        Signatures {
            decoded: Vec::with_capacity(limit),
            left: limit,
        }
    }

    /// One more; if it is of another form, it is of no use to anyone.
    fn add(&mut self, signature: Option<Signature>) -> Result<(), Refusal> {
        let left = self.left.checked_sub(1);
        self.left = left.ok_or(Refusal::new(RefusalKind::TooManySignatures))?;
        self.decoded.extend(signature);
        Ok(())
    }
}

#[cfg(test)]
mod vector {
    use std::time::{Duration, UNIX_EPOCH};

    use http::HeaderValue;

    use super::*;
    use crate::mac;

    /// Whether a key of any length made the signature: published vectors have short ones.
    pub(super) fn holds(
        scheme: &Scheme,
        headers: &[(&'static str, &'static str)],
        body: &str,
        secret: &str,
        milliseconds: u64,
    ) -> Result<bool, RefusalKind> {
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let headers: HeaderMap = headers.collect();
        let now = UNIX_EPOCH + Duration::from_millis(milliseconds);
        let claim = scheme
            .claim(&headers, now)
            .map_err(|refusal| refusal.kind())?;
        let key = Key::hmac(secret.as_bytes()).unwrap();
        let place = mac::matching([&key], &claim.signatures, &claim.before, body.as_bytes());
        Ok(place.is_some())
    }
}
