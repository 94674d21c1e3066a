use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::{Refusal, RefusalKind};

/// How far a signed time may lie from now, in both directions, and the unit it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    tolerance: Duration,
    unit: Unit,
}

/// What a sender counts since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
}

impl Window {
    /// Times in that unit, at most `tolerance` ago or ahead.
    pub const fn new(tolerance: Duration, unit: Unit) -> Window {
        Window { tolerance, unit }
    }

    /// The time that `text` says, if it lies in the window around `now`.
    pub(crate) fn admit(self, text: &str, now: SystemTime) -> Result<SystemTime, Refusal> {
        let at = self
            .unit
            .parse(text)
            .ok_or(Refusal::new(RefusalKind::Timestamp))?;
        let (distance, kind) = match now.duration_since(at) {
            Ok(age) => (age, RefusalKind::TooOld),
            Err(ahead) => (ahead.duration(), RefusalKind::TooNew),
        };
        if distance > self.tolerance {
            return Err(Refusal::new(kind));
        }
        Ok(at)
    }

    /// How `at` is written, unless it lies before 1970.
    pub(crate) fn write(self, at: SystemTime) -> Option<String> {
        let since = at.duration_since(UNIX_EPOCH).ok()?;
        Some(match self.unit {
            Unit::Seconds => since.as_secs().to_string(),
            Unit::Milliseconds => since.as_millis().to_string(),
        })
    }
}

impl Unit {
    /// A decimal number in its only spelling: what is signed is the text, and what is judged the number.
    fn parse(self, text: &str) -> Option<SystemTime> {
        if text.starts_with('+') || (text.starts_with('0') && text != "0") {
            return None;
        }
        let number: u64 = text.parse().ok()?;
        UNIX_EPOCH.checked_add(match self {
            Unit::Seconds => Duration::from_secs(number),
            Unit::Milliseconds => Duration::from_millis(number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Window = Window::new(Duration::from_secs(300), Unit::Seconds);

    fn kind(text: &str, now: u64) -> Option<RefusalKind> {
        let now = UNIX_EPOCH + Duration::from_secs(now);
        WINDOW.admit(text, now).err().map(|refusal| refusal.kind())
    }

    #[test]
    fn the_window_has_two_edges() {
        assert_eq!(kind("1000", 1300), None);
        assert_eq!(kind("1000", 1301), Some(RefusalKind::TooOld));
        assert_eq!(kind("1300", 1000), None);
        assert_eq!(kind("1301", 1000), Some(RefusalKind::TooNew));
    }

    #[test]
    fn a_timestamp_has_one_spelling() {
        let others = [
            "",
            "01000",
            "+1000",
            "-1000",
            " 1000",
            "1000 ",
            "1e3",
            "1000.0",
            "123abc",
            "NaN",
            "0x3e8",
            "١٠٠٠",
            "-9223372036854775808",
            "18446744073709551616",
        ];
        for other in others {
            assert_eq!(kind(other, 1000), Some(RefusalKind::Timestamp), "{other}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        for text in [
            "9223372036854775807",
            "18446744073709551615",
            "99999999999999",
        ] {
            assert!(kind(text, 1000).is_some(), "{text}");
        }
        assert_eq!(kind("0", u64::from(u32::MAX)), Some(RefusalKind::TooOld));
        let before_1970 = UNIX_EPOCH - Duration::from_secs(1);
        assert!(WINDOW.admit("299", before_1970).is_ok());
        assert!(WINDOW.admit("300", before_1970).is_err());
    }

    #[test]
    fn a_time_is_written_as_it_is_read() {
        let at = UNIX_EPOCH + Duration::from_millis(1_626_125_972_272);
        let milliseconds = Window::new(Duration::from_secs(180), Unit::Milliseconds);
        assert_eq!(WINDOW.write(at).unwrap(), "1626125972");
        assert_eq!(milliseconds.write(at).unwrap(), "1626125972272");
        assert_eq!(milliseconds.admit("1626125972272", at).unwrap(), at);
        assert_eq!(WINDOW.write(UNIX_EPOCH - Duration::from_secs(1)), None);
    }

    #[test]
    fn milliseconds_are_not_seconds() {
        let window = Window::new(Duration::from_secs(180), Unit::Milliseconds);
        let now = UNIX_EPOCH + Duration::from_secs(1_626_125_972);
        assert!(window.admit("1626125972272", now).is_ok());
        assert!(window.admit("1626125972", now).is_err());
    }
}
