use std::time::{Duration, SystemTime};

use super::Outcome;

/// When an endpoint that keeps failing is disabled.
#[derive(Debug, Clone, Copy)]
pub struct Disabling {
    after: Duration,
}

/// How an endpoint stands after an attempt: keep it with the endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "the endpoint's standing is to be kept"]
pub enum Standing {
    /// Its last attempt succeeded, or there was none.
    Working,
    /// Every attempt since that time failed.
    FailingSince(SystemTime),
    /// Nothing more is sent to it until someone enables it again.
    Disabled(DisableReason),
}

/// Why an endpoint is disabled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisableReason {
    /// It answered 410.
    Gone,
    /// It failed for too long without a success.
    Failing,
}

impl Disabling {
    /// After 5 days without a success.
    pub const fn standard() -> Disabling {
        Disabling::after(Duration::from_secs(5 * 24 * 60 * 60))
    }

    /// After that long without a success.
    pub const fn after(time: Duration) -> Disabling {
        Disabling { after: time }
    }

    /// How an endpoint stands that has been failing since `failing_since`, if it has, after an attempt
    /// that came to `outcome` at `now`.
    pub fn judge(
        &self,
        failing_since: Option<SystemTime>,
        outcome: &Outcome,
        now: SystemTime,
    ) -> Standing {
        if outcome.is_delivered() {
            return Standing::Working;
        }
        if outcome.is_gone() {
            return Standing::Disabled(DisableReason::Gone);
        }
        let since = failing_since.unwrap_or(now);
        // A clock that went back says nothing about the endpoint.
        let failing = now.duration_since(since).unwrap_or_default();
        if failing_since.is_some() && failing >= self.after {
            return Standing::Disabled(DisableReason::Failing);
        }
        Standing::FailingSince(since)
    }
}

impl DisableReason {
    /// The reason's stable name, in kebab case.
    pub const fn name(self) -> &'static str {
        match self {
            DisableReason::Gone => "gone",
            DisableReason::Failing => "failing",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use http::{HeaderMap, StatusCode};

    use super::*;
    use crate::outgoing::{Answer, Failure};

    const DAY: u64 = 24 * 60 * 60;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn answered(status: u16) -> Outcome {
        let status = StatusCode::from_u16(status).unwrap();
        Answer::new(status, &HeaderMap::new(), Vec::new()).into()
    }

    fn judge(since: Option<u64>, outcome: &Outcome, now: u64) -> Standing {
        Disabling::standard().judge(since.map(at), outcome, at(now))
    }

    #[test]
    fn five_days_without_a_success_disable() {
        let failed = Failure::Timeout.into();
        assert_eq!(
            judge(None, &failed, 9 * DAY),
            Standing::FailingSince(at(9 * DAY))
        );
        let last = judge(Some(DAY), &failed, 6 * DAY - 1);
        assert_eq!(last, Standing::FailingSince(at(DAY)));
        let disabled = Standing::Disabled(DisableReason::Failing);
        assert_eq!(judge(Some(DAY), &failed, 6 * DAY), disabled);
        assert_eq!(judge(Some(DAY), &answered(500), 6 * DAY), disabled);
        assert_eq!(judge(Some(DAY), &answered(301), 6 * DAY), disabled);
    }

    #[test]
    fn one_success_starts_anew() {
        for since in [None, Some(0)] {
            assert_eq!(judge(since, &answered(204), 100 * DAY), Standing::Working);
        }
    }

    #[test]
    fn gone_disables_at_once() {
        let gone = Standing::Disabled(DisableReason::Gone);
        assert_eq!(judge(None, &answered(410), 0), gone);
        assert_eq!(judge(Some(0), &answered(410), 9 * DAY), gone);
    }

    #[test]
    fn one_failure_never_disables_and_a_clock_that_goes_back_does_not_either() {
        let failed = Failure::Unreachable.into();
        let at_once = Disabling::after(Duration::ZERO).judge(None, &failed, at(5));
        assert_eq!(at_once, Standing::FailingSince(at(5)));
        assert_eq!(
            judge(Some(9 * DAY), &failed, DAY),
            Standing::FailingSince(at(9 * DAY))
        );
    }
}
