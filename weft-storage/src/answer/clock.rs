//! Whether this machine and the store have the same time.

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::stamp;

/// How far a store lets a clock be off.
pub(super) const TOLERATED: Duration = Duration::from_secs(15 * 60);

/// How this machine's clock is off, by the store's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skew {
    /// It is ahead by so much.
    Ahead(Duration),
    /// It is behind by so much.
    Behind(Duration),
}

impl Skew {
    pub(super) fn between(ours: SystemTime, theirs: SystemTime) -> Skew {
        match ours.duration_since(theirs) {
            Ok(by) => Skew::Ahead(Duration::from_secs(by.as_secs())),
            Err(error) => Skew::Behind(Duration::from_secs(error.duration().as_secs())),
        }
    }

    /// By how much, in either direction.
    pub fn by(self) -> Duration {
        match self {
            Skew::Ahead(by) | Skew::Behind(by) => by,
        }
    }
}

/// RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`, the one form that is written today. The day
/// of the week follows from the rest, and is not looked at.
pub(super) fn http_date(text: &str) -> Option<SystemTime> {
    let plain = text.is_ascii() && text.len() == 29 && text.ends_with(" GMT");
    let pattern = [
        (3, ", "),
        (7, " "),
        (11, " "),
        (16, " "),
        (19, ":"),
        (22, ":"),
    ];
    if !plain
        || !pattern
            .iter()
            .all(|(at, part)| text[*at..].starts_with(part))
    {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = &text[from..to];
        let plain = digits.bytes().all(|c| c.is_ascii_digit());
        plain.then(|| digits.parse().ok()).flatten()
    };
    let month = MONTHS.iter().position(|month| *month == &text[8..11])? as u64 + 1;
    let (day, year): (u64, u64) = (number(5, 7)?, number(12, 16)?);
    let (hour, minute, second): (u64, u64, u64) =
        (number(17, 19)?, number(20, 22)?, number(23, 25)?);
    stamp::moment([year, month, day, hour, minute, second])
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// In minutes, or in seconds below one.
impl fmt::Display for Skew {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, way) = match self {
            Skew::Ahead(by) => (by.as_secs(), "ahead of"),
            Skew::Behind(by) => (by.as_secs(), "behind"),
        };
        match seconds / 60 {
            0 => write!(f, "{seconds} seconds {way} the store's"),
            minutes => write!(f, "{minutes} minutes {way} the store's"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn dates_are_read_as_they_are_written() {
        let at = |seconds| Some(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(http_date("Sun, 06 Nov 1994 08:49:37 GMT"), at(784_111_777));
        assert_eq!(http_date("Thu, 01 Jan 1970 00:00:00 GMT"), at(0));
        assert_eq!(http_date("Tue, 29 Feb 2000 00:00:00 GMT"), at(951_782_400));
        for text in [
            "",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sün, 06 Nov 1994 08:49:3 GMT",
            "Tue, 29 Feb 1900 00:00:00 GMT",
        ] {
            assert_eq!(http_date(text), None, "{text}");
        }
    }

    #[test]
    fn a_difference_has_a_direction() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        assert_eq!(
            Skew::between(at(1200), at(0)).to_string(),
            "20 minutes ahead of the store's"
        );
        assert_eq!(
            Skew::between(at(0), at(59)).to_string(),
            "59 seconds behind the store's"
        );
    }
}
