use std::borrow::Cow;
use std::time::SystemTime;

use http::{HeaderMap, HeaderName};

use super::{Before, Claim, Format, Scheme, Signed, SignedBy};
use crate::headers;
use crate::limits::{Limits, MIB};
use crate::mac::Signature;
use crate::{Encoding, Refusal, RefusalKind, SignError, Window};

/// The scheme of a sender that has no file here: one signature in one header, HMAC-SHA256 over the
/// body or over a time and the body.
///
/// ```
/// use std::time::Duration;
/// use http::HeaderName;
/// use weft_webhooks::{Encoding, Generic, Secret, SignedTime, Unit, Verifier, Window};
///
/// let scheme = Generic::new("acme", HeaderName::from_static("x-acme-signature"), Encoding::Hex)
///     .with_prefix("v1=")
///     .with_signed_time(SignedTime::new(
///         HeaderName::from_static("x-acme-time"),
///         Window::new(Duration::from_secs(300), Unit::Seconds),
///         ("v1:", ":"),
///     ));
/// let secret = Secret::new("2026-11", "a secret of 24 bytes or more")?;
/// let verifier = Verifier::new(scheme, [secret])?;
/// # Ok::<(), weft_webhooks::SecretError>(())
/// ```
///
/// # Security
/// Without a signed time a request that was seen once is right for as long as its secret is: only
/// [`Verified::digest`](crate::Verified::digest), kept with the endpoint, tells the copy.
#[derive(Debug, Clone)]
pub struct Generic {
    name: Cow<'static, str>,
    header: HeaderName,
    encoding: Encoding,
    prefix: Cow<'static, str>,
    time: Option<SignedTime>,
}

/// A header with a time that is signed in front of the body.
#[derive(Debug, Clone)]
pub struct SignedTime {
    header: HeaderName,
    window: Window,
    around: (Cow<'static, str>, Cow<'static, str>),
}

impl SignedTime {
    /// The time in `header`, signed with what stands `around` it: the text before it and the text
    /// between it and the body.
    pub fn new(
        header: HeaderName,
        window: Window,
        around: (impl Into<Cow<'static, str>>, impl Into<Cow<'static, str>>),
    ) -> SignedTime {
        let (before, after) = around;
        SignedTime {
            header,
            window,
            around: (before.into(), after.into()),
        }
    }

    /// What is signed in front of the body.
    fn before<'h>(&'h self, time: &'h str) -> Before<'h> {
        let (before, after) = &self.around;
        [before, time, after, ""]
    }
}

impl Generic {
    /// A scheme of that name, which signs the body alone.
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        header: HeaderName,
        encoding: Encoding,
    ) -> Generic {
        Generic {
            name: name.into(),
            header,
            encoding,
            prefix: Cow::Borrowed(""),
            time: None,
        }
    }

    /// The same with a text in front of the signature, such as `sha256=`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<Cow<'static, str>>) -> Generic {
        self.prefix = prefix.into();
        self
    }

    /// The same with a time that is signed, too.
    #[must_use]
    pub fn with_signed_time(mut self, time: SignedTime) -> Generic {
        self.time = Some(time);
        self
    }

    pub(super) fn into_scheme(self, body: usize, unsigned: &'static [&'static str]) -> Scheme {
        Scheme {
            name: self.name.clone(),
            limits: Limits::single(body),
            format: Format::Generic(self),
            unsigned,
        }
    }

    pub(super) fn claim<'h>(
        &'h self,
        headers: &'h HeaderMap,
        limits: Limits,
        now: SystemTime,
    ) -> Result<Claim<'h>, Refusal> {
        let signature = headers::one(headers, &self.header, limits.header)?
            .strip_prefix(&*self.prefix)
            .and_then(|text| self.encoding.decode(text))
            .ok_or(Refusal::new(RefusalKind::MalformedHeader))?;
        let (before, signed_at) = match &self.time {
            None => ([""; 4], None),
            Some(time) => {
                let text = headers::one(headers, &time.header, limits.header)?;
                let signed_at = time.window.admit(text, now)?;
                (time.before(text), Some(signed_at))
            }
        };
        Ok(Claim {
            signatures: vec![Signature::Hmac(signature)],
            before,
            signed_at,
            message_id: None,
        })
    }

    pub(super) fn sign(&self, now: SystemTime, by: SignedBy<'_>) -> Result<Signed, SignError> {
        let mut signed = Signed::new();
        let signatures = match &self.time {
            None => by(&[""; 4]),
            Some(time) => {
                let text = time.window.write(now).ok_or(SignError::Time)?;
                let signatures = by(&time.before(&text));
                signed.push((time.header.clone(), text));
                signatures
            }
        };
        signed.extend(signatures.iter().map(|signature| {
            let text = self.encoding.encode(signature.as_bytes());
            (self.header.clone(), format!("{}{text}", self.prefix))
        }));
        Ok(signed)
    }
}

impl From<Generic> for Scheme {
    fn from(generic: Generic) -> Scheme {
        generic.into_scheme(MIB, &[])
    }
}
