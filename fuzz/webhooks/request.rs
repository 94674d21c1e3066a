//! A request as a text: the clock in milliseconds, a line for each header, an empty line and the body.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) struct Request {
    pub(crate) now: i64,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Vec<u8>,
}

/// More headers than these reach no verifier through any server.
const MOST_HEADERS: usize = 100;

impl Request {
    pub(crate) fn read(input: &[u8]) -> Option<Request> {
        let (clock, mut rest) = line(input)?;
        let now = std::str::from_utf8(clock).ok()?.parse().ok()?;
        let mut headers = Vec::new();
        loop {
            let (header, behind) = line(rest)?;
            rest = behind;
            if header.is_empty() {
                break;
            }
            if headers.len() == MOST_HEADERS {
                return None;
            }
            let colon = header.windows(2).position(|two| two == b": ")?;
            headers.push((
                HeaderName::from_bytes(&header[..colon]).ok()?,
                HeaderValue::from_bytes(&header[colon + 2..]).ok()?,
            ));
        }
        Some(Request {
            now,
            headers,
            body: rest.to_vec(),
        })
    }

    pub(crate) fn header_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.headers {
            headers.append(name, value.clone());
        }
        headers
    }

    pub(crate) fn values(&self, name: &str) -> Vec<&[u8]> {
        let named = self.headers.iter().filter(|(other, _)| other == name);
        named.map(|(_, value)| value.as_bytes()).collect()
    }

    /// The one value of that header, if it is a text of at most `most` bytes.
    pub(crate) fn once(&self, name: &str, most: usize) -> Option<&str> {
        let [value] = self.values(name)[..] else {
            return None;
        };
        let shown = value.iter().all(|c| matches!(c, b'\t' | b' '..=b'~'));
        (shown && value.len() <= most)
            .then(|| std::str::from_utf8(value).ok())
            .flatten()
    }
}

/// That many milliseconds after 1970.
pub(crate) fn time(milliseconds: i64) -> SystemTime {
    let distance = Duration::from_millis(milliseconds.unsigned_abs());
    if milliseconds < 0 {
        UNIX_EPOCH - distance
    } else {
        UNIX_EPOCH + distance
    }
}

fn line(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|c| *c == b'\n')?;
    Some((&text[..end], &text[end + 1..]))
}
