use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::Outcome;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

const STANDARD: [Duration; 9] = [
    Duration::from_secs(5),
    Duration::from_secs(5 * MINUTE),
    Duration::from_secs(30 * MINUTE),
    Duration::from_secs(2 * HOUR),
    Duration::from_secs(5 * HOUR),
    Duration::from_secs(10 * HOUR),
    Duration::from_secs(14 * HOUR),
    Duration::from_secs(20 * HOUR),
    Duration::from_secs(24 * HOUR),
];

/// The longest that a receiver's `Retry-After` is waited for.
const LONGEST: Duration = Duration::from_secs(24 * HOUR);

/// How long to wait after each attempt that failed.
#[derive(Debug, Clone)]
pub struct RetrySchedule {
    waits: Cow<'static, [Duration]>,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an attempt is followed by what this says"]
pub enum Next {
    /// Nothing: the receiver has the message.
    Delivered,
    /// Another attempt at this time.
    TryAgain(SystemTime),
    /// Nothing: the message stays with us.
    GiveUp,
}

impl RetrySchedule {
    /// The ten attempts of Standard Webhooks: at once, and after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h,
    /// 20 h and 24 h more.
    pub const fn standard() -> RetrySchedule {
        RetrySchedule {
            waits: Cow::Borrowed(&STANDARD),
        }
    }

    /// One attempt, and another after each of those waits.
    pub fn new(waits: impl Into<Vec<Duration>>) -> RetrySchedule {
        RetrySchedule {
            waits: Cow::Owned(waits.into()),
        }
    }

    /// The most attempts that are made.
    pub fn attempts(&self) -> usize {
        self.waits.len() + 1
    }

    /// What follows attempt number `attempt`, the first being 1, which came to `outcome` at `now`.
    ///
    /// A wait is shortened by up to a tenth, as `random` says, so that messages that failed together
    /// are not tried again together; never lengthened, since receivers forget what they saw when the
    /// schedule is over. A busy receiver (429 or 503) may ask with `Retry-After` for a longer wait, of
    /// up to 24 hours.
    pub fn next(&self, attempt: u32, outcome: &Outcome, now: SystemTime, random: u64) -> Next {
        if outcome.is_delivered() {
            return Next::Delivered;
        }
        let failed_before = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = match self.waits.get(failed_before) {
            Some(wait) if !outcome.is_gone() => shortened(*wait, random),
            _ => return Next::GiveUp,
        };
        let asked = outcome
            .retry_after()
            .map(|after| after.wait(now).min(LONGEST));
        let wait = wait.max(asked.unwrap_or_default());
        now.checked_add(wait).map_or(Next::GiveUp, Next::TryAgain)
    }
}

fn shortened(wait: Duration, random: u64) -> Duration {
    wait - (wait / 10).mul_f64(random as f64 / u64::MAX as f64)
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::outgoing::{Answer, Failure};

    const NOW: SystemTime = UNIX_EPOCH;

    fn answered(status: u16, retry_after: &str) -> Outcome {
        let mut headers = HeaderMap::new();
        headers.insert("retry-after", retry_after.parse().unwrap());
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new(status, &headers, Vec::new()).into()
    }

    fn wait(attempt: u32, outcome: &Outcome, random: u64) -> Option<Duration> {
        match RetrySchedule::standard().next(attempt, outcome, NOW, random) {
            Next::TryAgain(time) => Some(time.duration_since(NOW).unwrap()),
            Next::GiveUp => None,
            Next::Delivered => panic!("delivered"),
        }
    }

    #[test]
    fn ten_attempts_take_75_hours_35_minutes_and_5_seconds() {
        let failed = Failure::Timeout.into();
        let waits: Vec<_> = (1..)
            .map_while(|attempt| wait(attempt, &failed, 0))
            .collect();
        assert_eq!(waits, STANDARD);
        assert_eq!(RetrySchedule::standard().attempts(), 10);
        let total: Duration = waits.iter().sum();
        assert_eq!(total.as_secs(), 75 * HOUR + 35 * MINUTE + 5);
    }

    #[test]
    fn a_random_number_shortens_a_wait_by_at_most_a_tenth() {
        let failed = Failure::Timeout.into();
        let seconds = |random| wait(5, &failed, random).unwrap().as_secs_f64();
        assert_eq!(seconds(0), 18_000.0);
        assert_eq!(seconds(u64::MAX), 16_200.0);
        assert_eq!(seconds(u64::MAX / 2).round(), 17_100.0);
        assert!((0..64).all(|bit| (16_200.0..=18_000.0).contains(&seconds(1 << bit))));
    }

    #[test]
    fn success_ends_the_attempts_and_410_gives_up_at_once() {
        let schedule = RetrySchedule::standard();
        for attempt in [1, 10, 11] {
            for status in [200, 204, 299] {
                let next = schedule.next(attempt, &answered(status, "5"), NOW, 0);
                assert_eq!(next, Next::Delivered);
            }
            let next = schedule.next(attempt, &answered(410, "5"), NOW, 0);
            assert_eq!(next, Next::GiveUp);
        }
    }

    #[test]
    fn every_other_outcome_is_tried_again_until_the_tenth() {
        let failures = Failure::ALL.iter().map(|failure| Outcome::from(*failure));
        let statuses = [100, 301, 302, 307, 400, 401, 404, 429, 500, 503, 600];
        let statuses = statuses.map(|status| answered(status, "0"));
        for outcome in failures.chain(statuses) {
            assert!(wait(9, &outcome, 0).is_some(), "{outcome:?}");
            assert!(wait(10, &outcome, 0).is_none(), "{outcome:?}");
            assert!(wait(u32::MAX, &outcome, 0).is_none(), "{outcome:?}");
        }
    }

    #[test]
    fn a_busy_receiver_lengthens_the_wait_within_a_day_and_never_shortens_it() {
        for status in [429, 503] {
            let seconds = |text| wait(2, &answered(status, text), 0).unwrap().as_secs();
            assert_eq!(seconds("1"), 300);
            assert_eq!(seconds("1000"), 1000);
            assert_eq!(seconds("Thu, 01 Jan 1970 01:00:00 GMT"), 3600);
            assert_eq!(seconds("soon"), 300);
            for text in [
                "86401",
                "18446744073709551615",
                "Fri, 31 Dec 9999 23:59:59 GMT",
            ] {
                assert_eq!(seconds(text), 86_400, "{text}");
            }
        }
        for status in [301, 400, 500, 502] {
            assert_eq!(
                wait(2, &answered(status, "1000"), 0).unwrap().as_secs(),
                300
            );
        }
    }

    #[test]
    fn a_wait_that_reaches_no_time_gives_up() {
        let schedule = RetrySchedule::new([Duration::MAX]);
        let next = schedule.next(1, &Failure::Timeout.into(), NOW, u64::MAX);
        assert_eq!(next, Next::GiveUp);
        assert_eq!(RetrySchedule::new([]).attempts(), 1);
    }
}
