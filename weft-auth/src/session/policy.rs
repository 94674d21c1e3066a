use std::fmt;
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// For how long a session is good.
///
/// ```
/// use std::time::Duration;
/// use weft_auth::session::{LifetimeError, Lifetimes};
///
/// let day = Duration::from_secs(24 * 60 * 60);
/// assert!(Lifetimes::new(7 * day, 30 * day).is_ok());
/// assert_eq!(Lifetimes::new(7 * day, day), Err(LifetimeError));
/// # Ok::<(), LifetimeError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    pub(super) idle: Duration,
    pub(super) absolute: Duration,
}

/// The times are none that a session can have: at least a minute unused, no longer than in all, and
/// at most 400 days in all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LifetimeError;

/// How long sessions are good, and how often they are written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    pub(super) lifetimes: Lifetimes,
    pub(super) remembered: Lifetimes,
}

impl Lifetimes {
    /// At most `idle` without a request, and `absolute` in all.
    ///
    /// # Errors
    /// When they are none that a session can have.
    pub const fn new(idle: Duration, absolute: Duration) -> Result<Lifetimes, LifetimeError> {
        let ordered = MINUTE.as_secs() <= idle.as_secs() && idle.as_secs() <= absolute.as_secs();
        // Browsers keep no cookie for longer (RFC 6265bis, section 5.5).
        match ordered && absolute.as_secs() <= 400 * DAY.as_secs() {
            true => Ok(Lifetimes { idle, absolute }),
            false => Err(LifetimeError),
        }
    }
}

impl Policy {
    /// How long something that was proved counts as proved just now (Phoenix).
    pub const RECENT: Duration = Duration::from_secs(10 * 60);

    /// How long a request leaves the time of the last one as it is.
    pub const TOUCH: Duration = MINUTE;

    /// When a remembered token is to be exchanged for a new one (Phoenix).
    pub const ROTATION: Duration = Duration::from_secs(7 * 24 * 60 * 60);

    /// 30 minutes unused, 12 hours in all, whether remembered or not: for administrators (NIST SP
    /// 800-63B-4, draft, AAL3).
    pub const STRICT: Policy = Policy::always(30, 12);

    /// One hour unused, 24 hours in all, whether remembered or not (NIST SP 800-63B-4, AAL2).
    pub const AAL2: Policy = Policy::always(60, 24);

    /// Sessions of those lifetimes, and remembered ones of the others.
    pub const fn new(lifetimes: Lifetimes, remembered: Lifetimes) -> Policy {
        Policy {
            lifetimes,
            remembered,
        }
    }

    /// For how long the browser keeps the cookie: until it is closed, unless the session is remembered.
    pub fn max_age(&self, remembered: bool) -> Option<Duration> {
        remembered.then_some(self.remembered.absolute)
    }

    pub(super) fn lifetimes(&self, remembered: bool) -> Lifetimes {
        match remembered {
            true => self.remembered,
            false => self.lifetimes,
        }
    }

    const fn always(minutes: u32, hours: u32) -> Policy {
        let lifetimes = Lifetimes {
            idle: MINUTE.saturating_mul(minutes),
            absolute: HOUR.saturating_mul(hours),
        };
        Policy::new(lifetimes, lifetimes)
    }
}

impl Default for Policy {
    /// 7 days unused and 30 in all; remembered, 14 days unused (Rodauth, Phoenix) and 30 in all (NIST SP
    /// 800-63B-4, AAL1).
    fn default() -> Policy {
        let lifetimes = |idle| Lifetimes {
            idle,
            absolute: 30 * DAY,
        };
        Policy::new(lifetimes(7 * DAY), lifetimes(14 * DAY))
    }
}

impl fmt::Display for LifetimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "the lifetimes are not a minute or more unused, and that or more up to 400 days in all",
        )
    }
}

impl std::error::Error for LifetimeError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_bounds() {
        let new = |idle, absolute| Lifetimes::new(idle, absolute).is_ok();
        assert!(new(MINUTE, MINUTE) && new(400 * DAY, 400 * DAY));
        for (idle, absolute) in [
            (Duration::ZERO, DAY),
            (DAY, HOUR),
            (DAY, 401 * DAY),
            (Duration::MAX, Duration::MAX),
        ] {
            assert!(!new(idle, absolute), "{idle:?} {absolute:?}");
        }
    }

    /// CVE-2015-8314: a remembered session was good for ever.
    #[test]
    fn cve_2015_8314_a_remembered_session_has_an_end() {
        let policy = Policy::default();
        assert_eq!(policy.max_age(true), Some(30 * DAY));
        assert_eq!(policy.max_age(false), None);
        assert_eq!(policy.lifetimes(true).absolute, 30 * DAY);
        assert_eq!(Policy::STRICT.lifetimes(true).absolute, 12 * HOUR);
    }
}
