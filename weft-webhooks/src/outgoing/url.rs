use super::DestinationError;
use super::host::Host;

/// The longest URL that is taken, in bytes.
const LONGEST: usize = 2048;

/// An `http` or `https` URL in a spelling that every parser reads alike.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) is_plain: bool,
    pub(super) host: Host,
    pub(super) port: u16,
    /// The path and the query, as they are sent.
    pub(super) target: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Url, DestinationError> {
        if text.len() > LONGEST {
            return Err(DestinationError::TooLong);
        }
        let (is_plain, rest) = match text.split_once("://") {
            Some(("https", rest)) => (false, rest),
            Some(("http", rest)) => (true, rest),
            _ => return Err(DestinationError::Scheme),
        };
        let (authority, target) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        if authority.contains('@') {
            return Err(DestinationError::User);
        }
        if target.contains('#') {
            return Err(DestinationError::Fragment);
        }
        let (host, port) = split(authority);
        Ok(Url {
            is_plain,
            host: Host::parse(host).ok_or(DestinationError::Host)?,
            port: match port {
                Some(text) => parse_port(text).ok_or(DestinationError::Port)?,
                None => default_port(is_plain),
            },
            target: parse_target(target).ok_or(DestinationError::Target)?,
        })
    }

    /// The host with its port, unless that is the scheme's own.
    pub(super) fn authority(&self) -> String {
        if self.port == default_port(self.is_plain) {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn default_port(is_plain: bool) -> u16 {
    if is_plain { 80 } else { 443 }
}

/// The host, with its brackets, and what stands behind the colon.
fn split(authority: &str) -> (&str, Option<&str>) {
    let behind_address = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    match authority[behind_address..].split_once(':') {
        Some((host, port)) => (&authority[..behind_address + host.len()], Some(port)),
        None => (authority, None),
    }
}

fn parse_port(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok()?;
    (port > 0 && port.to_string() == text).then_some(port)
}

/// A path and a query of the characters of RFC 3986, section 3.3 and 3.4.
fn parse_target(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let is_whole = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/?".contains(&byte),
        };
        if !is_whole {
            return None;
        }
    }
    let slash = if text.starts_with('/') { "" } else { "/" };
    Some(format!("{slash}{text}"))
}
