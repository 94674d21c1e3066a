//! Moments as requests and policies write them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// `20130524T000000Z`.
pub(super) fn stamp(text: &str) -> Option<SystemTime> {
    let (day, time) = text.split_once('T')?;
    let (year, month, date) = (day.get(..4)?, day.get(4..6)?, day.get(6..)?);
    let time = time.strip_suffix('Z')?;
    let (hour, minute, second) = (time.get(..2)?, time.get(2..4)?, time.get(4..)?);
    moment([year, month, date], [hour, minute, second])
}

/// `2013-05-24T00:00:00.000Z`, with milliseconds or without.
pub(super) fn expiration(text: &str) -> Option<SystemTime> {
    let (day, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "000"));
    let millis = number(fraction, 3)?;
    let mut day = day.splitn(3, '-');
    let mut time = time.splitn(3, ':');
    let day = [day.next()?, day.next()?, day.next()?];
    let time = [time.next()?, time.next()?, time.next()?];
    Some(moment(day, time)? + Duration::from_millis(millis))
}

fn moment([year, month, day]: [&str; 3], [hour, minute, second]: [&str; 3]) -> Option<SystemTime> {
    let (year, month, day) = (number(year, 4)?, number(month, 2)?, number(day, 2)?);
    let (hour, minute, second) = (number(hour, 2)?, number(minute, 2)?, number(second, 2)?);
    let is_one = (1970..).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !is_one {
        return None;
    }
    // Days are counted from March on, so that February's length comes last (Howard Hinnant's
    // `days_from_civil`).
    let year = year - u64::from(month <= 2);
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let seconds = days.checked_sub(719_468)? * 86_400 + hour * 3600 + minute * 60 + second;
    Some(UNIX_EPOCH + Duration::from_secs(seconds))
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let is_one = text.len() == digits && text.bytes().all(|c| c.is_ascii_digit());
    is_one.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_the_calendar_has_them() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("20000228T235959Z", 951_782_399),
            ("20000229T000000Z", 951_782_400),
            ("20130524T000000Z", 1_369_353_600),
            ("21000301T000000Z", 4_107_542_400),
        ] {
            assert_eq!(
                stamp(text),
                Some(UNIX_EPOCH + Duration::from_secs(seconds)),
                "{text}"
            );
        }
        let leap = UNIX_EPOCH + Duration::from_secs(951_782_400);
        assert_eq!(expiration("2000-02-29T00:00:00Z"), Some(leap));
        assert_eq!(
            expiration("2000-02-29T00:00:00.250Z"),
            Some(leap + Duration::from_millis(250))
        );
        for text in [
            "",
            "20130524",
            "20130524T000000",
            "20131324T000000Z",
            "20130524T240000Z",
            "+0130524T000000Z",
        ] {
            assert_eq!(stamp(text), None, "{text}");
        }
        for text in [
            "",
            "2000-02-29T00:00:00",
            "2000-02-29 00:00:00Z",
            "2000-2-29T00:00:00Z",
        ] {
            assert_eq!(expiration(text), None, "{text}");
        }
    }
}
