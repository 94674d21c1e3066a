use std::fmt;
use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, HeaderName};

use super::network::canonical;

/// The header that proxies write whom they speak for into.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// How many hops are read: no real chain is longer.
const HOPS: usize = 16;

/// The proxies whose `X-Forwarded-For` is believed.
///
/// ```
/// use http::{HeaderMap, HeaderValue};
/// use weft_auth::throttle::TrustedProxies;
///
/// let proxies = TrustedProxies::new(["10.0.0.0/8"])?;
/// let mut headers = HeaderMap::new();
/// headers.insert("x-forwarded-for", HeaderValue::from_static("1.1.1.1, 192.0.2.7"));
/// let client = |peer: &str| proxies.client(peer.parse().unwrap(), &headers).to_string();
/// assert_eq!(client("10.0.0.1"), "192.0.2.7"); // what the proxy saw, not what it was told
/// assert_eq!(client("198.51.100.9"), "198.51.100.9"); // nobody's proxy
/// # Ok::<(), weft_auth::throttle::NotANetwork>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<(IpAddr, u8)>);

/// The text is not an address, or an address and a length of prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotANetwork(String);

impl TrustedProxies {
    /// No proxy: the client is who is connected.
    pub fn none() -> TrustedProxies {
        TrustedProxies::default()
    }

    /// The proxies in those networks, each written `10.0.0.0/8` or as one address.
    ///
    /// # Errors
    /// When one is written in another way.
    pub fn new<'n>(networks: impl IntoIterator<Item = &'n str>) -> Result<Self, NotANetwork> {
        let parsed = networks
            .into_iter()
            .map(|text| network(text).ok_or_else(|| NotANetwork(text.to_owned())));
        parsed.collect::<Result<_, _>>().map(TrustedProxies)
    }

    /// Who sent a request: the first of its hops, from the right, that is not a trusted proxy.
    ///
    /// # Security
    /// Only a trusted peer is asked for whom it speaks, and only the entry that a trusted proxy wrote is
    /// read: whatever is left of it came from outside (CVE-2026-45364, CVE-2023-36456). Where an entry is
    /// no address the one who wrote it counts, so that no header gets around a limit (CVE-2024-47070).
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = canonical(peer);
        let fields = headers.get_all(FORWARDED_FOR).iter();
        let written: Vec<_> = fields.map(|field| field.to_str().unwrap_or("")).collect();
        let hops = written.iter().rev().flat_map(|field| field.rsplit(','));
        for hop in hops.take(HOPS) {
            if !self.trusts(client) {
                break;
            }
            let Some(before) = address(hop.trim_matches([' ', '\t'])) else {
                break;
            };
            client = canonical(before);
        }
        client
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|&(network, prefix)| {
            let same = |a: u128, b: u128, bits: u8| (a ^ b).checked_shr((bits - prefix).into());
            let rest = match (network, address) {
                (IpAddr::V4(a), IpAddr::V4(b)) => same(a.to_bits().into(), b.to_bits().into(), 32),
                (IpAddr::V6(a), IpAddr::V6(b)) => same(a.to_bits(), b.to_bits(), 128),
                _ => return false,
            };
            // A shift by all bits leaves none.
            rest.unwrap_or(0) == 0
        })
    }
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.map_or(Some(bits), |prefix| prefix.parse().ok())?;
    (prefix <= bits && canonical(address) == address).then_some((address, prefix))
}

/// An address as proxies write it: alone, with a port, in brackets.
fn address(hop: &str) -> Option<IpAddr> {
    let alone = hop.parse().ok();
    let with_port = || hop.parse::<SocketAddr>().ok().map(|hop| hop.ip());
    let in_brackets = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    alone.or_else(with_port).or_else(in_brackets)
}

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is not a network", self.0)
    }
}

impl std::error::Error for NotANetwork {}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    const PROXIES: [&str; 2] = ["10.0.0.0/8", "2001:db8:ffff::/48"];

    fn client(peer: &str, fields: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            let value = HeaderValue::from_bytes(field.as_bytes()).unwrap();
            headers.append(FORWARDED_FOR, value);
        }
        let proxies = TrustedProxies::new(PROXIES).unwrap();
        proxies.client(peer.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn cve_2023_36456_nobody_but_a_proxy_says_whom_it_speaks_for() {
        assert_eq!(client("192.0.2.9", &["1.1.1.1"]), "192.0.2.9");
        assert_eq!(client("11.0.0.1", &["1.1.1.1"]), "11.0.0.1");
        assert_eq!(client("::ffff:10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
        let none = TrustedProxies::none();
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED_FOR, HeaderValue::from_static("1.1.1.1"));
        let peer = "10.0.0.1".parse().unwrap();
        assert_eq!(none.client(peer, &headers), peer);
    }

    #[test]
    fn cve_2026_45364_what_the_client_wrote_is_left_of_what_the_proxies_wrote() {
        assert_eq!(client("10.0.0.1", &["1.1.1.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["1.1.1.1", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(client("10.0.0.1", &["192.0.2.7, 10.9.9.9"]), "192.0.2.7");
        assert_eq!(
            client("10.0.0.1", &["192.0.2.7", "10.9.9.9,10.1.1.1"]),
            "192.0.2.7"
        );
        assert_eq!(client("10.0.0.1", &["10.3.3.3,10.2.2.2"]), "10.3.3.3");
    }

    #[test]
    fn cve_2024_47070_what_is_no_address_gets_nobody_around_a_limit() {
        for bad in [
            "",
            "unknown",
            "1.1.1.1.1",
            "192.0.2.7 x",
            "[::1",
            "\u{e9}",
            "-",
        ] {
            assert_eq!(client("10.0.0.1", &[bad]), "10.0.0.1", "{bad:?}");
            let both = format!("1.1.1.1, {bad}");
            assert_eq!(client("10.0.0.1", &[&both]), "10.0.0.1", "{bad:?}");
        }
        let endless = "10.0.0.2,".repeat(5_000) + "10.0.0.3";
        assert_eq!(client("10.0.0.1", &[&endless]), "10.0.0.2");
    }

    #[test]
    fn a_hop_may_have_brackets_and_a_port() {
        let via = |hop| client("2001:db8:ffff::1", &[hop]);
        assert_eq!(via("[2001:db8::7]:4711"), "2001:db8::7");
        assert_eq!(via("[2001:db8::7]"), "2001:db8::7");
        assert_eq!(via("192.0.2.7:4711"), "192.0.2.7");
        assert_eq!(via("192.0.2.7:99999"), "2001:db8:ffff::1");
    }

    #[test]
    fn a_network_is_an_address_and_a_prefix() {
        for text in [
            "",
            "10.0.0.0/33",
            "::/129",
            "10.0.0/8",
            "10.0.0.0/",
            "example.com",
            "::ffff:10.0.0.0/104",
        ] {
            let refused = TrustedProxies::new([text]).unwrap_err();
            assert_eq!(refused.to_string(), format!("{text} is not a network"));
        }
        let all = TrustedProxies::new(["0.0.0.0/0", "::/0", "192.0.2.1"]).unwrap();
        assert!(all.trusts("255.255.255.255".parse().unwrap()));
        assert!(all.trusts("2001:db8::".parse().unwrap()));
    }
}
