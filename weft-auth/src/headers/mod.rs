//! What a browser is told not to do, in headers.
//!
//! ```
//! use http::HeaderMap;
//! use weft_auth::Origin;
//! use weft_auth::headers::{Csp, Hsts, Nonce, SecurityHeaders, Stage};
//!
//! let store = Origin::parse("https://files.example.net")?;
//! let csp = Csp::pages().with_store(&store).with_reports_to("https://app.example.com/reports");
//! let security = SecurityHeaders::new(&csp)?.with_hsts(Hsts::at(Stage::TwoYears));
//!
//! let nonce = Nonce::random()?; // one for each answer
//! let mut headers = HeaderMap::new();
//! security.write(&nonce, &mut headers);
//! assert_eq!(headers["strict-transport-security"], "max-age=63072000; includeSubDomains");
//! assert!(headers["content-security-policy"].to_str()?.contains(nonce.as_str()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod csp;
mod hsts;
mod nonce;
mod permissions;
mod private;
#[cfg(feature = "reports")]
pub mod report;
#[cfg(feature = "tower")]
pub mod tower;

use std::fmt;

use http::header::{
    CONTENT_SECURITY_POLICY, Entry, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS, X_XSS_PROTECTION,
};
use http::{HeaderMap, HeaderValue};

pub use csp::{Csp, Directive, Scripts, Source};
pub use hsts::{Hsts, PreloadConsent, Stage};
pub use nonce::Nonce;
pub use permissions::{Feature, Permissions};
pub use private::{private, signed_out};

/// The headers of every answer, put together once.
///
/// Besides what is set here: `X-Content-Type-Options: nosniff`, `X-XSS-Protection: 0`,
/// `Cross-Origin-Opener-Policy: same-origin` and an `X-Frame-Options` that says what the policy's
/// `frame-ancestors` says (OWASP Secure Headers, ASVS 5.0 section 3.4).
#[derive(Debug, Clone)]
pub struct SecurityHeaders {
    /// The policy, cut where a nonce stands.
    csp: Vec<String>,
    embeds_others: bool,
    fixed: HeaderMap,
}

/// What a page that is left tells the next one of its address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReferrerPolicy {
    /// Nothing: for pages whose address holds a token, such as a password reset.
    NoReferrer,
    /// Nothing to other origins.
    SameOrigin,
    /// The origin alone to other origins.
    StrictOriginWhenCrossOrigin,
}

/// Who may embed an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ResourcePolicy {
    /// Pages of this origin.
    SameOrigin,
    /// Pages of this site, on its other hosts too.
    SameSite,
    /// Any page, for what is public.
    CrossOrigin,
}

/// What a page may embed of other origins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EmbedderPolicy {
    /// What allows it by a header of its own.
    RequireCorp,
    /// The same, and what is fetched without credentials.
    Credentialless,
}

/// Why headers cannot be put together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeadersError {
    /// A source is not reached over TLS, which browsers refuse in a page that is, unless it is on their own
    /// machine.
    InsecureSource(Directive, String),
    /// `data:` for something that can run, or that embeds a page.
    DataSource(Directive),
    /// Reports go to something that is not an `https` URL, or could end the header.
    ReportUrl,
    /// Other origins are embedded, and [`EmbedderPolicy::RequireCorp`] keeps them out unless each of
    /// them sends a header.
    EmbedsOthers,
}

impl SecurityHeaders {
    /// With that policy, without HSTS, and with the strictest of the others.
    ///
    /// # Errors
    /// When the policy contradicts itself.
    pub fn new(csp: &Csp) -> Result<SecurityHeaders, HeadersError> {
        csp.check()?;
        let mut fixed = HeaderMap::new();
        let mut set = |name, value| fixed.insert(name, HeaderValue::from_static(value));
        set(X_CONTENT_TYPE_OPTIONS, "nosniff");
        set(X_XSS_PROTECTION, "0");
        set(CROSS_ORIGIN_OPENER_POLICY, "same-origin");
        if let Some(value) = csp.frame_options() {
            set(X_FRAME_OPTIONS, value);
        }
        if let Some(endpoints) = csp.reporting_endpoints()? {
            fixed.insert(REPORTING_ENDPOINTS, endpoints);
        }
        fixed.insert(PERMISSIONS_POLICY, Permissions::none().header());
        let headers = SecurityHeaders {
            csp: csp.render(),
            embeds_others: csp.embeds_others(),
            fixed,
        };
        let referrer = ReferrerPolicy::StrictOriginWhenCrossOrigin;
        Ok(headers
            .with_resource_policy(ResourcePolicy::SameOrigin)
            .with_referrer_policy(referrer))
    }

    /// The same with HSTS.
    #[must_use]
    pub fn with_hsts(self, hsts: Hsts) -> SecurityHeaders {
        self.with(STRICT_TRANSPORT_SECURITY, hsts.header())
    }

    /// The same with another referrer policy.
    #[must_use]
    pub fn with_referrer_policy(self, policy: ReferrerPolicy) -> SecurityHeaders {
        self.with(REFERRER_POLICY, policy.header())
    }

    /// The same with features of the browser that pages use.
    #[must_use]
    pub fn with_permissions(self, permissions: &Permissions) -> SecurityHeaders {
        self.with(PERMISSIONS_POLICY, permissions.header())
    }

    /// The same, embedded by others.
    #[must_use]
    pub fn with_resource_policy(self, policy: ResourcePolicy) -> SecurityHeaders {
        self.with(CROSS_ORIGIN_RESOURCE_POLICY, policy.header())
    }

    /// The same, which with the opener policy isolates pages from all others
    /// (`crossOriginIsolated`). It is off where nothing is said, since every image of another origin
    /// then needs that origin's consent.
    ///
    /// # Errors
    /// When the policy embeds other origins, and those would have to send a header each.
    pub fn with_embedder_policy(
        self,
        policy: EmbedderPolicy,
    ) -> Result<SecurityHeaders, HeadersError> {
        if self.embeds_others && policy == EmbedderPolicy::RequireCorp {
            return Err(HeadersError::EmbedsOthers);
        }
        Ok(self.with(CROSS_ORIGIN_EMBEDDER_POLICY, policy.header()))
    }

    fn with(mut self, name: HeaderName, value: HeaderValue) -> SecurityHeaders {
        self.fixed.insert(name, value);
        self
    }

    /// Writes them on an answer. What is there already stays: a page that knows better, such as one
    /// with a token in its address and `no-referrer`, says so itself.
    pub fn write(&self, nonce: &Nonce, headers: &mut HeaderMap) {
        self.write_with(nonce.as_str(), headers);
    }

    fn write_with(&self, nonce: &str, headers: &mut HeaderMap) {
        for (name, value) in &self.fixed {
            vacant(headers, name, || Some(value.clone()));
        }
        vacant(headers, &CONTENT_SECURITY_POLICY, || {
            HeaderValue::try_from(self.csp.join(nonce)).ok()
        });
    }
}

fn vacant(headers: &mut HeaderMap, name: &HeaderName, value: impl Fn() -> Option<HeaderValue>) {
    if let Entry::Vacant(entry) = headers.entry(name)
        && let Some(value) = value()
    {
        entry.insert(value);
    }
}

impl ReferrerPolicy {
    /// The value of `Referrer-Policy`.
    pub fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            ReferrerPolicy::NoReferrer => "no-referrer",
            ReferrerPolicy::SameOrigin => "same-origin",
            ReferrerPolicy::StrictOriginWhenCrossOrigin => "strict-origin-when-cross-origin",
        })
    }
}

impl ResourcePolicy {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            ResourcePolicy::SameOrigin => "same-origin",
            ResourcePolicy::SameSite => "same-site",
            ResourcePolicy::CrossOrigin => "cross-origin",
        })
    }
}

impl EmbedderPolicy {
    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            EmbedderPolicy::RequireCorp => "require-corp",
            EmbedderPolicy::Credentialless => "credentialless",
        })
    }
}

impl fmt::Display for HeadersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeadersError::InsecureSource(directive, source) => {
                write!(
                    f,
                    "{directive} allows {source}, which is not reached over TLS"
                )
            }
            HeadersError::DataSource(directive) => write!(f, "{directive} allows data:"),
            HeadersError::ReportUrl => f.write_str("reports go to something that is no https URL"),
            HeadersError::EmbedsOthers => f.write_str(
                "the content security policy embeds other origins, require-corp keeps them out",
            ),
        }
    }
}

impl std::error::Error for HeadersError {}

const CROSS_ORIGIN_OPENER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
const CROSS_ORIGIN_EMBEDDER_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-embedder-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const REPORTING_ENDPOINTS: HeaderName = HeaderName::from_static("reporting-endpoints");
