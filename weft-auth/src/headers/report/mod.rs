//! What browsers report that the policy kept them from.
//!
//! Anybody may send a report, and say anything in it: a report is a hint, not a record. What is kept of
//! one is short, is printable ASCII, and has no query, no fragment and no credentials of an address.
//! Paths stay: a token in a path would stay with them.
//!
//! ```
//! use weft_auth::headers::report::Reports;
//!
//! let body = br#"{"csp-report": {
//!     "document-uri": "https://app.example.com/reset?token=abc",
//!     "effective-directive": "script-src-elem",
//!     "blocked-uri": "https://evil.example/x.js?y#z"
//! }}"#;
//! let reports = Reports::parse("application/csp-report", body)?;
//! let violation = &reports.violations()[0];
//! assert_eq!(violation.directive(), "script-src-elem");
//! assert_eq!(violation.blocked(), "https://evil.example/x.js");
//! assert_eq!(violation.document(), "https://app.example.com/reset");
//!
//! assert!(Reports::parse("text/plain", body).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "axum")]
mod axum;
mod plain;

use std::fmt;

use serde_json::Value;

/// The longest body that is read, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// How many violations of one body are kept.
pub const MOST: usize = 32;

/// The violations in the body of one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reports {
    violations: Vec<Violation>,
}

/// Something that the policy of a page does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    directive: String,
    blocked: String,
    document: String,
    source: Option<String>,
    enforced: bool,
}

/// Why a body holds no reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotReports {
    /// The content is of another type.
    Type,
    /// The body is longer than [`LONGEST`], or did not come to its end.
    Length,
    /// The body is not what its type promises.
    Form,
}

impl Reports {
    /// Reads what `report-uri` brings (`application/csp-report`, CSP Level 2, section 4.4) or
    /// `report-to` (`application/reports+json`, Reporting API, section 3.5). Reports of something
    /// else, and those beyond [`MOST`], are passed over.
    ///
    /// # Errors
    /// When the type is neither, or the body is too long or not of that form.
    pub fn parse(content_type: &str, body: &[u8]) -> Result<Reports, NotReports> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let read: fn(&Value) -> Option<Vec<Violation>> =
            if essence.eq_ignore_ascii_case("application/csp-report") {
                |body| Some(vec![by_uri(body.get("csp-report")?)?])
            } else if essence.eq_ignore_ascii_case("application/reports+json") {
                |body| {
                    Some(
                        body.as_array()?
                            .iter()
                            .filter_map(by_endpoint)
                            .take(MOST)
                            .collect(),
                    )
                }
            } else {
                return Err(NotReports::Type);
            };
        if body.len() > LONGEST {
            return Err(NotReports::Length);
        }
        let body: Value = serde_json::from_slice(body).map_err(|_| NotReports::Form)?;
        let violations = read(&body).ok_or(NotReports::Form)?;
        Ok(Reports { violations })
    }

    /// All of them.
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }
}

impl Violation {
    /// Which part of the policy does not allow it.
    pub fn directive(&self) -> &str {
        &self.directive
    }

    /// What was not loaded or run: an address, the scheme of one, or a word such as `inline`.
    pub fn blocked(&self) -> &str {
        &self.blocked
    }

    /// The address of the page.
    pub fn document(&self) -> &str {
        &self.document
    }

    /// Where the script or the element stands that asked for it, if the browser said so.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// Whether it was blocked, and not reported only.
    pub fn is_enforced(&self) -> bool {
        self.enforced
    }
}

/// A report of CSP Level 2. Browsers before it have no `effective-directive`, and a whole directive
/// with its sources for the other.
fn by_uri(report: &Value) -> Option<Violation> {
    let names = ["effective-directive", "violated-directive"];
    let directive = names.iter().find_map(|name| text(report, name))?;
    let directive = directive.split(' ').next().unwrap_or_default();
    Some(Violation {
        directive: plain::word(directive),
        blocked: plain::address(text(report, "blocked-uri")?),
        document: plain::address(text(report, "document-uri")?),
        source: text(report, "source-file").map(plain::address),
        enforced: text(report, "disposition") != Some("report"),
    })
}

/// A report of the Reporting API, if it is one of a violation.
fn by_endpoint(report: &Value) -> Option<Violation> {
    let body = report.get("body")?;
    if text(report, "type") != Some("csp-violation") {
        return None;
    }
    Some(Violation {
        directive: plain::word(text(body, "effectiveDirective")?),
        blocked: plain::address(text(body, "blockedURL")?),
        document: plain::address(text(body, "documentURL")?),
        source: text(body, "sourceFile").map(plain::address),
        enforced: text(body, "disposition") != Some("report"),
    })
}

fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    value.get(name)?.as_str().filter(|text| !text.is_empty())
}

impl fmt::Display for NotReports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NotReports::Type => "the content type is not one of reports",
            NotReports::Length => "the body is too long, or was cut off",
            NotReports::Form => "the body is not one of reports",
        })
    }
}

impl std::error::Error for NotReports {}
