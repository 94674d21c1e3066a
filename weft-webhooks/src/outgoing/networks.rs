use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A range of addresses: `10.1.0.0/16`, `fd00::/8`, or one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    prefix: u32,
}

/// Not a network: it is written otherwise, or its address has bits behind the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkError;

/// The networks that messages may go to although they are not public: receivers on an operator's own
/// premises.
///
/// ```
/// use weft_webhooks::outgoing::{Network, Networks};
///
/// let networks: Networks = ["10.1.0.0/16".parse()?, "fd12::/16".parse()?].into_iter().collect();
/// assert!(networks.contains("10.1.2.3".parse().unwrap()));
/// assert!("10.1.2.3/16".parse::<Network>().is_err());
/// # Ok::<(), weft_webhooks::outgoing::NetworkError>(())
/// ```
///
/// # Security
/// Whoever may name a destination reaches every port in these networks, over plain HTTP too.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

impl Networks {
    /// None: messages go to public addresses only.
    pub const fn none() -> Networks {
        Networks(Vec::new())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them holds the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }
}

impl FromIterator<Network> for Networks {
    fn from_iter<I: IntoIterator<Item = Network>>(networks: I) -> Networks {
        Networks(networks.into_iter().collect())
    }
}

impl Network {
    pub(super) const fn v4([a, b, c, d]: [u8; 4], prefix: u32) -> Network {
        let first = IpAddr::V4(Ipv4Addr::new(a, b, c, d));
        Network { first, prefix }
    }

    /// The network whose address begins with those four groups.
    pub(super) const fn v6([a, b, c, d]: [u16; 4], prefix: u32) -> Network {
        let first = IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0));
        Network { first, prefix }
    }

    /// Whether it holds the address.
    pub fn contains(&self, address: IpAddr) -> bool {
        let is_same_kind = self.first.is_ipv4() == address.is_ipv4();
        is_same_kind && (bits(self.first) ^ bits(address)) & !self.behind() == 0
    }

    /// The bits behind the prefix.
    fn behind(&self) -> u128 {
        u128::MAX
            .checked_shr(offset(self.first) + self.prefix)
            .unwrap_or(0)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let first: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let longest = 128 - offset(first);
        let prefix = match prefix {
            None => longest,
            Some(text) => text.parse().map_err(|_| NetworkError)?,
        };
        let network = Network { first, prefix };
        if prefix > longest || bits(first) & network.behind() != 0 {
            return Err(NetworkError);
        }
        Ok(network)
    }
}

impl fmt::Display for NetworkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a network written as 10.0.0.0/8 or fd00::/8")
    }
}

impl std::error::Error for NetworkError {}

/// The address in the low bits.
fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => address.into(),
    }
}

/// The high bits that no address of that kind uses.
fn offset(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 96,
        IpAddr::V6(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_and_those_of_no_other_kind() {
        for (network, inside, outside) in [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"),
            ("10.1.0.0/16", "10.1.0.0", "10.0.255.255"),
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("127.0.0.1/32", "127.0.0.1", "127.0.0.0"),
            ("0.0.0.0/0", "255.255.255.255", "::"),
            ("::/0", "ffff::", "0.0.0.0"),
            ("::1", "::1", "0.0.0.1"),
            ("fd00::/8", "fdff:ffff::", "fe00::"),
        ] {
            let network: Network = network.parse().unwrap();
            assert!(network.contains(inside.parse().unwrap()), "{network:?}");
            assert!(!network.contains(outside.parse().unwrap()), "{network:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for text in [
            "",
            "/",
            "10.0.0.0/",
            "10.0.0.0/33",
            "10.0.0.1/8",
            "10/8",
            "010.0.0.0/8",
            "::/129",
            "fe80::%eth0/10",
            "fd00::1/8",
            "10.0.0.0/-1",
            "10.0.0.0/8/8",
            " 10.0.0.0/8",
            "all",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NetworkError), "{text:?}");
        }
    }
}
