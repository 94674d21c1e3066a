//! What a clock may be wrong by.

use std::time::{Duration, SystemTime};

/// How far ahead of this machine's the clock may be that wrote a time: machines differ, and clocks are
/// set. What was written further in the future than that is refused, since it would live for longer.
pub(crate) const SKEW: Duration = Duration::from_secs(60);

/// The time since then, or none when it lies too far ahead.
pub(crate) fn age(since: SystemTime, now: SystemTime) -> Option<Duration> {
    match now.duration_since(since) {
        Ok(age) => Some(age),
        Err(ahead) => (ahead.duration() <= SKEW).then_some(Duration::ZERO),
    }
}
