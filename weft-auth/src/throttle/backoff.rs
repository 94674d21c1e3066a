use std::time::{Duration, SystemTime};

/// What a failure costs that comes after others: first nothing, then twice the wait each time, and in the
/// end a lock that only mail opens.
///
/// An attempt is counted as a failure before anything is tried, in one upsert that decides for all
/// processes, and cleared when it was none:
///
/// ```sql
/// INSERT INTO auth_failures AS f (key, failures, next_at) VALUES ($key, 1, $now + $wait_after_1)
/// ON CONFLICT (key) DO UPDATE
///     SET failures = f.failures + 1,
///         next_at = $now + CASE WHEN f.failures + 1 < $free THEN interval '0'
///             ELSE least($longest, $first * power(2, f.failures + 1 - $free)) END
///     WHERE f.failures < $most
///       AND (f.next_at <= $now OR f.next_at > $now + $longest) -- the clock was set back
/// RETURNING failures
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    free: u32,
    first: Duration,
    longest: Duration,
    most: u32,
}

/// What is stored for each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failures {
    /// How many there were since the last success.
    pub count: u32,
    /// From when on the next attempt is admitted.
    pub next_at: SystemTime,
}

impl Backoff {
    /// The failure in a row that locks (NIST SP 800-63B: no more than 100).
    pub const LOCK: u32 = 100;

    /// Passwords: the 5th failure costs a second, each further one twice as much up to 15 minutes, and
    /// the 100th locks (NIST SP 800-63B: no more than 100 in a row).
    pub const PASSWORD: Backoff = Backoff {
        free: 5,
        first: Duration::from_secs(1),
        longest: Duration::from_secs(15 * 60),
        most: Backoff::LOCK,
    };

    /// Second factors: the 100th failure in a row locks. Before it, [`Rate`](super::Rate)s hold.
    pub const SECOND_FACTOR: Backoff = Backoff {
        free: 100,
        ..Backoff::PASSWORD
    };

    /// The failure that costs the first wait.
    pub const fn free(&self) -> u32 {
        self.free
    }

    /// The first wait.
    pub const fn first(&self) -> Duration {
        self.first
    }

    /// The longest wait.
    pub const fn longest(&self) -> Duration {
        self.longest
    }

    /// The failure that locks.
    pub const fn most(&self) -> u32 {
        self.most
    }

    /// What to store in place of `stored`, if an attempt at `now` is admitted.
    pub fn admit(&self, stored: Option<Failures>, now: SystemTime) -> Option<Failures> {
        let count = stored.map_or(0, |stored| stored.count);
        let next_at = stored.map_or(now, |stored| stored.next_at);
        let waits = next_at > now && next_at <= now + self.longest;
        (count < self.most && !waits).then(|| Failures {
            count: count + 1,
            next_at: now + self.wait(count + 1),
        })
    }

    fn wait(&self, failures: u32) -> Duration {
        let Some(doublings) = failures.checked_sub(self.free) else {
            return Duration::ZERO;
        };
        let factor = 2_u32.saturating_pow(doublings);
        self.first.saturating_mul(factor).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn waits_double_from_a_second_to_15_minutes() {
        let waits = [1, 4, 5, 6, 7, 14, 15, 99].map(|n| Backoff::PASSWORD.wait(n).as_secs());
        assert_eq!(waits, [0, 0, 1, 2, 4, 512, 900, 900]);
    }

    #[test]
    fn the_hundredth_failure_locks() {
        let (mut stored, mut now, mut admitted) = (None, 0, 0);
        while let Some(next) = Backoff::PASSWORD.admit(stored, at(now)) {
            assert_eq!(next.count, admitted + 1);
            (stored, admitted, now) = (Some(next), admitted + 1, now + 900);
        }
        assert_eq!(admitted, 100);
        assert_eq!(Backoff::PASSWORD.admit(stored, at(u32::MAX.into())), None);
    }

    #[test]
    fn an_attempt_before_its_time_is_neither_admitted_nor_counted() {
        let stored = Failures {
            count: 9,
            next_at: at(1_000),
        };
        assert_eq!(Backoff::PASSWORD.admit(Some(stored), at(999)), None);
        let next = Backoff::PASSWORD.admit(Some(stored), at(1_000)).unwrap();
        assert_eq!((next.count, next.next_at), (10, at(1_032)));
    }

    #[test]
    fn a_clock_that_is_set_back_makes_nobody_wait_for_longer_than_the_longest_wait() {
        let stored = Failures {
            count: 9,
            next_at: at(1_000_000),
        };
        let admit = |now| Backoff::PASSWORD.admit(Some(stored), at(now));
        assert_eq!(admit(999_500), None);
        assert_eq!(admit(1_000).map(|next| next.count), Some(10));
    }
}
