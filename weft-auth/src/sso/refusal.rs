use std::fmt;

use super::CallbackError;

/// A sign-in that does not go on. It reads the same whatever was wrong; [`kind`](Refusal::kind) is for
/// the audit log and for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal(RefusalKind);

impl Refusal {
    pub(super) const fn new(kind: RefusalKind) -> Refusal {
        Refusal(kind)
    }

    /// What was wrong.
    pub const fn kind(self) -> RefusalKind {
        self.0
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sign-in refused")
    }
}

impl std::error::Error for Refusal {}

/// What was wrong with a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// The plan has no single sign-on, or has none any more.
    Plan,
    /// This browser started no flow with that state.
    NotThisBrowser,
    /// The flow that was kept is not the one that was answered.
    OtherFlow,
    /// The flow was started longer ago than [`FLOW_LIFETIME`](super::FLOW_LIFETIME), or by a
    /// clock that is more than a minute ahead.
    Expired,
    /// The identity provider, or WorkOS, said no.
    Provider(CallbackError),
    /// The profile belongs to another organisation, or to none.
    OtherOrganization,
    /// The profile came over another connection than the one that was asked for.
    OtherConnection,
    /// The connection is not active.
    InactiveConnection,
    /// The identity provider gave nothing to know the person by.
    NoIdentity,
    /// The address is none, or in a domain that the organisation has not proved to own.
    EmailDomain,
    /// Not an owner with two factors, where single sign-on is enforced.
    NotAnOwner,
}

impl RefusalKind {
    /// A stable name, for metrics.
    pub const fn name(self) -> &'static str {
        match self {
            RefusalKind::Plan => "plan",
            RefusalKind::NotThisBrowser => "not-this-browser",
            RefusalKind::OtherFlow => "other-flow",
            RefusalKind::Expired => "expired",
            RefusalKind::Provider(error) => error.name(),
            RefusalKind::OtherOrganization => "other-organization",
            RefusalKind::OtherConnection => "other-connection",
            RefusalKind::InactiveConnection => "inactive-connection",
            RefusalKind::NoIdentity => "no-identity",
            RefusalKind::EmailDomain => "email-domain",
            RefusalKind::NotAnOwner => "not-an-owner",
        }
    }
}
