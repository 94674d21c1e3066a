use std::time::{Duration, SystemTime};

/// How long single sign-on goes on after a plan ended.
pub const GRACE: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// What an organisation pays for, asked when a flow starts and again when it comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Plan {
    /// One with single sign-on.
    Enterprise,
    /// One that ended then; [`GRACE`] begins.
    EndedAt(SystemTime),
    /// One without it.
    Other,
}

impl Plan {
    /// Whether single sign-on works at that time.
    pub fn has_sso(self, now: SystemTime) -> bool {
        match self {
            Plan::Enterprise => true,
            Plan::EndedAt(end) => now.duration_since(end).unwrap_or_default() < GRACE,
            Plan::Other => false,
        }
    }
}
