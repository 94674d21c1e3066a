use std::io::{self, Read};
use std::path::Path;

use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::failure::Failure;
use crate::options::read;

/// A request as somebody recorded it.
pub(crate) struct Capture {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Capture {
    /// The request in that file, or in standard input for `-`.
    pub(crate) fn read(path: &Path) -> Result<Capture, Failure> {
        if path != Path::new("-") {
            return Capture::parse(&read(path)?);
        }
        let mut bytes = Vec::new();
        let unreadable = |error| Failure::Input(format!("cannot read standard input: {error}"));
        io::stdin().read_to_end(&mut bytes).map_err(unreadable)?;
        Capture::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Capture, Failure> {
        let wrong = |what: &str| Failure::Input(format!("the capture {what}"));
        let mut rest = bytes;
        let mut next = || {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let (line, behind) = rest.split_at(end);
            rest = &behind[1..];
            Some(line.strip_suffix(b"\r").unwrap_or(line))
        };
        let first = next().unwrap_or_default();
        if !first.windows(7).any(|part| part == b" HTTP/1") {
            return Err(wrong("does not begin with the line of an HTTP/1 request"));
        }
        let mut headers = HeaderMap::new();
        loop {
            match next() {
                Some(b"") => break,
                Some(line) => add(&mut headers, line)?,
                None => return Err(wrong("has no empty line behind its head")),
            }
        }
        if headers.contains_key(TRANSFER_ENCODING) {
            return Err(wrong(
                "has a body in chunks: record it as it was put together",
            ));
        }
        let length = headers.get(CONTENT_LENGTH).map(HeaderValue::to_str);
        let length = length.and_then(|text| text.ok()?.parse::<usize>().ok());
        match length {
            Some(length) if length != rest.len() => Err(wrong(&format!(
                "has {} bytes of body and says content-length: {length}",
                rest.len()
            ))),
            _ => Ok(Capture {
                headers,
                body: rest.to_vec(),
            }),
        }
    }
}

/// Adds the header that a line holds.
pub(crate) fn add(headers: &mut HeaderMap, line: &[u8]) -> Result<(), Failure> {
    let parsed = || {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let name = HeaderName::from_bytes(&line[..colon]).ok()?;
        let value = HeaderValue::from_bytes(line[colon + 1..].trim_ascii()).ok()?;
        Some((name, value))
    };
    let wrong = || Failure::Input("a header is not written as NAME: VALUE".to_owned());
    let (name, value) = parsed().ok_or_else(wrong)?;
    headers.append(name, value);
    Ok(())
}
