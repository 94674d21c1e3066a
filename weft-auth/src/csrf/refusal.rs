use std::fmt;

/// A request that did not pass. It reads the same whatever was wrong; [`kind`](Refusal::kind) is for
/// metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(RefusalKind);

impl Refusal {
    pub(crate) const MESSAGE: &str = "request refused";

    pub(crate) const fn new(kind: RefusalKind) -> Refusal {
        Refusal(kind)
    }

    /// What was wrong.
    pub const fn kind(self) -> RefusalKind {
        self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Refusal::MESSAGE)
    }
}

impl std::error::Error for Refusal {}

/// What was wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The browser says that a page of another origin made it.
    CrossOrigin,
    /// `Origin` or `Sec-Fetch-Site` is there twice.
    DuplicateHeader,
    /// The cookie with the token is not there.
    MissingCookie,
    /// A cookie is there twice.
    DuplicateCookie,
    /// A cookie has a value that nobody set here.
    MalformedCookie,
    /// No token was submitted.
    MissingToken,
    /// Two tokens were submitted.
    DuplicateToken,
    /// The token is not written as one.
    MalformedToken,
    /// The cookie and what was submitted differ.
    Mismatch,
    /// The token was signed with a key that is not here.
    UnknownKey,
    /// The token is not signed, or was signed for another session.
    OtherBinding,
    /// The form is longer than the limit.
    FormTooLarge,
    /// The connection broke before the form was whole.
    FormIncomplete,
}

impl RefusalKind {
    /// A stable name, for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            RefusalKind::CrossOrigin => "cross-origin",
            RefusalKind::DuplicateHeader => "duplicate-header",
            RefusalKind::MissingCookie => "missing-cookie",
            RefusalKind::DuplicateCookie => "duplicate-cookie",
            RefusalKind::MalformedCookie => "malformed-cookie",
            RefusalKind::MissingToken => "missing-token",
            RefusalKind::DuplicateToken => "duplicate-token",
            RefusalKind::MalformedToken => "malformed-token",
            RefusalKind::Mismatch => "mismatch",
            RefusalKind::UnknownKey => "unknown-key",
            RefusalKind::OtherBinding => "other-binding",
            RefusalKind::FormTooLarge => "form-too-large",
            RefusalKind::FormIncomplete => "form-incomplete",
        }
    }
}
