//! The time, in steps.

use std::time::{SystemTime, UNIX_EPOCH};

/// Seconds that a code is for (RFC 6238, section 5.2).
pub(super) const SECONDS: u64 = 30;

/// One of the 30 seconds that a code is for, counted from the epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(pub(super) u64);

impl Step {
    /// The step of that time, unless it lies before the epoch.
    pub fn at(time: SystemTime) -> Option<Step> {
        let since = time.duration_since(UNIX_EPOCH).ok()?;
        Some(Step(since.as_secs() / SECONDS))
    }

    /// The step of that number, as it was stored.
    pub fn from_number(number: u64) -> Step {
        Step(number)
    }

    /// Its number, to be stored.
    pub fn number(self) -> u64 {
        self.0
    }
}
