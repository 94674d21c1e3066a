use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whom one address stands for: itself in IPv4, its /64 in IPv6, which is the least that a customer gets
/// (RFC 6177).
///
/// ```
/// use weft_auth::throttle::Network;
///
/// let network = |address: &str| address.parse().map(Network::of);
/// assert_eq!(network("::ffff:192.0.2.1")?, network("192.0.2.1")?);
/// assert_eq!(network("2001:db8::1")?, network("2001:db8::dead:beef")?);
/// assert_ne!(network("2001:db8::1")?, network("2001:db8:0:1::1")?);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of that address.
    pub fn of(address: IpAddr) -> Network {
        Network(match canonical(address) {
            IpAddr::V4(address) => IpAddr::V4(address),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        })
    }

    /// Its bytes: 4, or the first 8 of 16.
    pub(crate) fn bytes(self) -> Vec<u8> {
        match self.0 {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        }
    }
}

/// The IPv4 address that an IPv6 one stands for: mapped (RFC 4291, section 2.5.5.2) or behind NAT64
/// (RFC 6052), where all of IPv4 would be one /64.
pub(super) fn canonical(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let embedded = |high: u16, low: u16| {
        let [[a, b], [c, d]] = [high, low].map(u16::to_be_bytes);
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        Network::of(text.parse().unwrap())
    }

    #[test]
    fn cve_2026_45364_no_spelling_and_no_interface_has_a_counter_of_its_own() {
        let v4 = network("192.0.2.1");
        for text in ["::ffff:192.0.2.1", "::ffff:c000:201", "64:ff9b::192.0.2.1"] {
            assert_eq!(network(text), v4, "{text}");
        }
        let v6 = network("2001:db8::1");
        for text in [
            "2001:0db8:0::0001",
            "2001:DB8::1",
            "2001:db8::ffff:ffff:ffff:ffff",
        ] {
            assert_eq!(network(text), v6, "{text}");
        }
        assert_ne!(network("192.0.2.2"), v4);
        assert_ne!(network("2001:db8:0:1::1"), v6);
    }

    #[test]
    fn a_v4_and_a_v6_network_never_have_the_same_bytes() {
        assert_eq!(network("192.0.2.1").bytes(), [192, 0, 2, 1]);
        let v6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 1];
        assert_eq!(network("2001:db8:0:1::1").bytes(), v6);
    }
}
