use std::fmt;
use std::net::IpAddr;

/// A host as a URL names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A name in lower-case ASCII.
    Name(String),
    /// An address.
    Address(IpAddr),
}

impl Host {
    /// A host in one of the spellings that every parser reads alike.
    pub(super) fn parse(text: &str) -> Option<Host> {
        if let Some(inner) = text.strip_prefix('[') {
            let address = inner.strip_suffix(']')?.parse().ok()?;
            return Some(Host::Address(IpAddr::V6(address)));
        }
        let last = text.rsplit('.').next()?;
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            // No top-level domain begins with a digit, but `2130706433`, `0x7f.1` and `127.1` do: C
            // libraries and browsers read those as IPv4.
            return text.parse().ok().map(|v4| Host::Address(IpAddr::V4(v4)));
        }
        let is_name = text.len() <= 253 && text.split('.').all(is_label);
        is_name.then(|| Host::Name(text.to_ascii_lowercase()))
    }
}

/// Letters, digits and inner hyphens: RFC 1123, section 2.1.
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|c| c.is_ascii_alphanumeric() || c == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => f.write_str(name),
            Host::Address(IpAddr::V4(address)) => address.fmt(f),
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}
