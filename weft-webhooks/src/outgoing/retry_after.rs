use std::time::{Duration, SystemTime};

use super::http_date;

/// When a receiver asks to be tried again (RFC 9110, section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// That long from now on.
    Wait(Duration),
    /// Not before this time.
    Until(SystemTime),
}

impl RetryAfter {
    pub(super) fn parse(text: &str) -> Option<RetryAfter> {
        if !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit()) {
            // What overflows is as long as can be.
            let seconds = text.parse().unwrap_or(u64::MAX);
            return Some(RetryAfter::Wait(Duration::from_secs(seconds)));
        }
        http_date::parse(text).map(RetryAfter::Until)
    }

    /// How long that is from `now` on; nothing, if it is over.
    pub fn wait(self, now: SystemTime) -> Duration {
        match self {
            RetryAfter::Wait(wait) => wait,
            RetryAfter::Until(time) => time.duration_since(now).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn is_a_number_of_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_777);
        let wait = |text| RetryAfter::parse(text).map(|after| after.wait(now).as_secs());
        assert_eq!(wait("0"), Some(0));
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(wait("Sun, 06 Nov 1994 08:48:37 GMT"), Some(0));
        for other in ["", "-1", "+1", "1.5", "1e3", "soon", " 1", "1s"] {
            assert_eq!(wait(other), None, "{other:?}");
        }
    }
}
