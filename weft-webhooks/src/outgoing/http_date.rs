use std::time::{Duration, SystemTime, UNIX_EPOCH};

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A time as RFC 9110, section 5.6.7, has servers write it: `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn parse(text: &str) -> Option<SystemTime> {
    let (_, date) = text.split_once(", ")?;
    let parts: Vec<_> = date.strip_suffix(" GMT")?.split(' ').collect();
    let [day, month, year, time] = parts[..] else {
        return None;
    };
    let parts: Vec<_> = time.split(':').collect();
    let [hour, minute, second] = parts[..] else {
        return None;
    };
    let month = (1..).zip(MONTHS).find(|(_, name)| *name == month)?.0;
    let days = days(number(year, 4)?, month, number(day, 2)?)?;
    let minutes = (days * 24 + number(hour, 2)?) * 60 + number(minute, 2)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(minutes * 60 + number(second, 2)?))
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let is_plain = text.len() == digits && text.bytes().all(|c| c.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

/// The days from 1970 to that day of the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year.checked_sub(1)?, month + 9)
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    let since_march = (153 * month + 2) / 5;
    (365 * year + leap_days + since_march + day).checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        Some(parse(text)?.duration_since(UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn reads_what_servers_write() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777),
            ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 31 Dec 2099 23:59:59 GMT", 4_102_444_799),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
        ] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn reads_nothing_else() {
        for text in [
            "",
            "soon",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "Thu, 01 Jan 0000 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00:00",
            "Thu, 01 Jan 1970 00:00:00 UTC",
            "Thu, 1 Jan 1970 00:00:00 GMT",
            "Thu, 01 jan 1970 00:00:00 GMT",
            "Thu, 01 Jan 70 00:00:00 GMT",
            "Thu, 01 Jan 1970 00:00 GMT",
            "Thu, 01 Jan 1970 00:00:+1 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
