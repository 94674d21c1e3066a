//! Moments, as the protocol writes them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment as `20130524T000000Z`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp([u8; 16]);

/// The last second of the year 9999, which is the last one that can be written.
const LAST: u64 = 253_402_300_799;

impl Stamp {
    /// That moment. What cannot be written becomes the nearest one that can, which every store refuses.
    pub(crate) fn of(at: SystemTime) -> Stamp {
        let [year, month, day, hour, minute, second] = parts(at);
        let mut text = *b"00000000T000000Z";
        let mut write = |places: std::ops::Range<usize>, mut number: u64| {
            for place in places.rev() {
                text[place] = b'0' + (number % 10) as u8;
                number /= 10;
            }
        };
        write(0..4, year);
        write(4..6, month);
        write(6..8, day);
        write(9..11, hour);
        write(11..13, minute);
        write(13..15, second);
        Stamp(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The day alone.
    pub(crate) fn day(&self) -> &str {
        &self.as_str()[..8]
    }

    pub(crate) fn day_bytes(&self) -> [u8; 8] {
        let mut day = [0; 8];
        day.copy_from_slice(&self.0[..8]);
        day
    }

    #[cfg(test)]
    pub(crate) fn parse(text: &str) -> Option<Stamp> {
        text.as_bytes().try_into().ok().map(Stamp)
    }
}

/// A moment as policies write it: `2013-05-24T00:00:00.000Z`.
pub(crate) fn expiration(at: SystemTime) -> String {
    let [year, month, day, hour, minute, second] = parts(at);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z")
}

/// Year, month, day, hour, minute, second. Days are counted from March on, so that February's length
/// comes last (Howard Hinnant's `civil_from_days`).
fn parts(at: SystemTime) -> [u64; 6] {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    let seconds = since.as_secs().min(LAST);
    let (days, rest) = (seconds / 86_400 + 719_468, seconds % 86_400);
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    [year, month, day, rest / 3600, rest % 3600 / 60, rest % 60]
}

/// The moment of year, month, day, hour, minute, second, if there is one from 1970 on
/// (`days_from_civil`).
pub(crate) fn moment([year, month, day, hour, minute, second]: [u64; 6]) -> Option<SystemTime> {
    let is_date =
        (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !is_date || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (shifted_year, shifted) = match month > 2 {
        true => (year, month - 3),
        false => (year - 1, month + 9),
    };
    let (era, year_of_era) = (shifted_year / 400, shifted_year % 400);
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    let days = (era * 146_097 + of_era).checked_sub(719_468)?;
    let seconds = days * 86_400 + hour * 3600 + minute * 60 + second;
    let at = UNIX_EPOCH + Duration::from_secs(seconds);
    // The 31st of a shorter month is a day of the next one.
    (parts(at)[1..3] == [month, day]).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn moments_are_written_as_the_calendar_has_them() {
        for (seconds, stamp) in [
            (0, "19700101T000000Z"),
            (951_782_399, "20000228T235959Z"),
            (951_782_400, "20000229T000000Z"),
            (1_369_353_600, "20130524T000000Z"),
            (4_107_542_399, "21000228T235959Z"),
            (4_107_542_400, "21000301T000000Z"),
            (LAST, "99991231T235959Z"),
            (LAST + 1, "99991231T235959Z"),
        ] {
            assert_eq!(Stamp::of(at(seconds)).as_str(), stamp);
        }
        assert_eq!(
            Stamp::of(UNIX_EPOCH - Duration::from_secs(1)).as_str(),
            "19700101T000000Z"
        );
        assert_eq!(expiration(at(951_782_400)), "2000-02-29T00:00:00.000Z");
    }
}
