use std::time::{Duration, SystemTime};

/// So many in each period, which may all come at once, and evenly from there on.
///
/// One time is stored for each key, at which the next one would come evenly (the generic cell rate
/// algorithm), so that a conditional upsert decides for all processes. With the interval from one to the
/// next:
///
/// ```sql
/// INSERT INTO auth_rates AS r (key, even_at) VALUES ($key, $now + $interval)
/// ON CONFLICT (key) DO UPDATE
///     SET even_at = least(greatest(r.even_at, $now) + $interval, $now + $interval * $burst)
///     WHERE r.even_at <= $now + $interval * ($burst - 1)
///        OR r.even_at > $now + $interval * $burst -- the clock was set back
/// RETURNING key
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    interval: Duration,
    burst: u32,
}

/// The longest period: all that is added to a time is less.
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

impl Rate {
    /// `burst` in each `period`, of a year at most; none at all cannot be said, so 0 is 1.
    pub const fn new(burst: u32, period: Duration) -> Rate {
        let period = match period.as_secs() < YEAR.as_secs() {
            true => period,
            false => YEAR,
        };
        let burst = if burst == 0 { 1 } else { burst };
        let interval = match period.checked_div(burst) {
            Some(interval) => interval,
            None => period,
        };
        Rate { interval, burst }
    }

    /// The time from one to the next, where they come evenly.
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// How many may come at once.
    pub const fn burst(&self) -> u32 {
        self.burst
    }

    /// The time to store in place of `even_at`, if one more is admitted at `now`.
    pub fn admit(&self, even_at: Option<SystemTime>, now: SystemTime) -> Option<SystemTime> {
        let full = now + self.interval * self.burst;
        let even_at = even_at.unwrap_or(now).max(now);
        if even_at > full {
            return Some(full);
        }
        let next = even_at + self.interval;
        (next <= full).then_some(next)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    const TEN_A_MINUTE: Rate = Rate::new(10, Duration::from_secs(60));

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// How many of `tries` are admitted at once.
    fn admitted(stored: &mut Option<SystemTime>, now: u64, tries: usize) -> usize {
        let admit = |_: &usize| match TEN_A_MINUTE.admit(*stored, at(now)) {
            Some(next) => {
                *stored = Some(next);
                true
            }
            None => false,
        };
        (0..tries).filter(admit).count()
    }

    #[test]
    fn all_may_come_at_once_and_evenly_from_there_on() {
        let mut stored = None;
        assert_eq!(admitted(&mut stored, 1_000, 50), 10);
        assert_eq!(admitted(&mut stored, 1_005, 50), 0);
        assert_eq!(admitted(&mut stored, 1_006, 50), 1);
        assert_eq!(admitted(&mut stored, 1_018, 50), 2);
        assert_eq!(admitted(&mut stored, 9_000, 50), 10);
    }

    #[test]
    fn no_rate_is_beyond_what_a_clock_can_say() {
        for (burst, period) in [
            (1, Duration::MAX),
            (u32::MAX, Duration::MAX),
            (u32::MAX, Duration::ZERO),
            (0, Duration::ZERO),
        ] {
            let rate = Rate::new(burst, period);
            let first = rate.admit(None, at(0));
            assert!(first.is_some_and(|next| next <= at(366 * 24 * 60 * 60)));
            assert!(rate.admit(first, at(0)).is_none() || burst != 1);
        }
    }

    #[test]
    fn a_clock_that_is_set_back_neither_frees_nor_locks() {
        let mut stored = None;
        assert_eq!(admitted(&mut stored, 1_000_000, 50), 10);
        assert_eq!(admitted(&mut stored, 999_999, 50), 1); // by a second: as if it were full
        assert_eq!(admitted(&mut stored, 999_999, 50), 0);
        assert_eq!(admitted(&mut stored, 1_000, 50), 1); // by days: the same
        assert_eq!(admitted(&mut stored, 1_000, 50), 0);
        assert_eq!(admitted(&mut stored, 1_006, 50), 1);
    }
}
