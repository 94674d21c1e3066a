use std::fmt;
use std::net::Ipv6Addr;

/// Scheme, host and port, as a browser writes them in `Origin`: compared by their bytes.
///
/// ```
/// use weft_auth::Origin;
///
/// let origin = Origin::parse("https://app.example.com:8443")?;
/// assert_eq!(origin.as_str(), "https://app.example.com:8443");
/// for other in ["https://app.example.com/", "HTTPS://app.example.com", "https://a.example:443", "null"] {
///     assert!(Origin::parse(other).is_err(), "{other}");
/// }
/// # Ok::<(), weft_auth::OriginError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

/// A text that no browser writes for an origin: see [`Origin::parse`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OriginError;

impl Origin {
    /// The origin that is written so: `http` or `https`, a lower-case host in ASCII, and the port unless
    /// it is the scheme's own. Nothing is normalised.
    ///
    /// # Errors
    /// When a browser would write it in another way, or not at all.
    pub fn parse(text: &str) -> Result<Origin, OriginError> {
        let (scheme, authority) = text.split_once("://").ok_or(OriginError)?;
        let default_port = match scheme {
            "https" => "443",
            "http" => "80",
            _ => return Err(OriginError),
        };
        // The colons of an IPv6 address stand before its bracket.
        let after_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
        let (host, port) = match authority[after_host..].find(':') {
            Some(colon) => authority.split_at(after_host + colon),
            None => (authority, ""),
        };
        if let Some(port) = port.strip_prefix(':') {
            let number: u16 = port.parse().map_err(|_| OriginError)?;
            if number == 0 || number.to_string() != port || port == default_port {
                return Err(OriginError);
            }
        }
        if !is_host(host) {
            return Err(OriginError);
        }
        Ok(Origin(text.to_owned()))
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is reached over TLS.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// Whether browsers let a page that was reached over TLS speak to it: over TLS too, or without
    /// leaving the machine.
    ///
    /// <https://w3c.github.io/webappsec-secure-contexts/#is-origin-trustworthy>
    pub fn is_trustworthy(&self) -> bool {
        let Some(authority) = self.0.strip_prefix("http://") else {
            return true;
        };
        let host = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => host,
            _ => authority,
        };
        ["127.0.0.1", "[::1]", "localhost"].contains(&host)
    }
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return address
            .parse::<Ipv6Addr>()
            .is_ok_and(|parsed| parsed.to_string() == address);
    }
    let is_label = |label: &str| {
        let plain = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_".contains(&c);
        (1..=63).contains(&label.len()) && label.bytes().all(plain)
    };
    host.len() <= 253 && host.split('.').all(is_label)
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for OriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not written as a browser writes an origin")
    }
}

impl std::error::Error for OriginError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_nothing_but_this_machine_is_trustworthy() {
        let trusted = |text| Origin::parse(text).unwrap().is_trustworthy();
        for right in [
            "https://files.example.net",
            "http://127.0.0.1:9000",
            "http://localhost",
            "http://[::1]",
            "http://[::1]:9000",
        ] {
            assert!(trusted(right), "{right}");
        }
        for wrong in [
            "http://files.example.net",
            "http://127.0.0.1.example.net",
            "http://localhost.example.net:9000",
            "http://[2001:db8::1]",
            "http://[2001:db8::1]:9000",
        ] {
            assert!(!trusted(wrong), "{wrong}");
        }
    }

    #[test]
    fn an_origin_has_one_spelling() {
        for right in [
            "https://example.com",
            "http://localhost",
            "https://localhost:8443",
            "https://127.0.0.1:8443",
            "https://[::1]",
            "https://[2001:db8::1]:8443",
            "https://xn--bcher-kva.example",
            "http://example.com:443",
        ] {
            assert_eq!(Origin::parse(right).unwrap().as_str(), right);
        }
        for wrong in [
            "",
            "null",
            "example.com",
            "//example.com",
            "ftp://example.com",
            "HTTPS://example.com",
            "https://",
            "https://Example.com",
            "https://example.com/",
            "https://example.com.",
            "https://.example.com",
            "https://*.example.com",
            "https://user@example.com",
            "https://example.com:443",
            "http://example.com:80",
            "https://example.com:",
            "https://example.com:0",
            "https://example.com:08443",
            "https://example.com:+1",
            "https://example.com:65536",
            "https://example.com?a",
            "https://example.com#a",
            "https://example.com https://b.example",
            "https://bücher.example",
            "https://[::1",
            "https://[0:0:0:0:0:0:0:1]",
            "https://[::1]x",
        ] {
            assert_eq!(Origin::parse(wrong), Err(OriginError), "{wrong}");
        }
    }
}
