//! The addresses of the public Internet: what is left when every special purpose is taken away.
//!
//! Sources: the IANA registries [IPv4 special-purpose], [IPv6 special-purpose] and [IPv6 global unicast].
//! Ranges that the registries call globally reachable are refused, too, since they are relays and sinks
//! where nobody receives webhooks.
//!
//! [IPv4 special-purpose]: https://www.iana.org/assignments/iana-ipv4-special-registry
//! [IPv6 special-purpose]: https://www.iana.org/assignments/iana-ipv6-special-registry
//! [IPv6 global unicast]: https://www.iana.org/assignments/ipv6-unicast-address-assignments

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::Network;

const SPECIAL_V4: [Network; 19] = [
    Network::v4([0, 0, 0, 0], 8),        // this network, RFC 791
    Network::v4([10, 0, 0, 0], 8),       // private use, RFC 1918
    Network::v4([100, 64, 0, 0], 10),    // shared address space, RFC 6598
    Network::v4([127, 0, 0, 0], 8),      // loopback, RFC 1122
    Network::v4([168, 63, 129, 16], 32), // in no registry: Azure's own host, seen from inside
    Network::v4([169, 254, 0, 0], 16),   // link local, RFC 3927; the metadata of most clouds
    Network::v4([172, 16, 0, 0], 12),    // private use, RFC 1918
    Network::v4([192, 0, 0, 0], 24),     // protocol assignments, RFC 6890; Oracle's metadata
    Network::v4([192, 0, 2, 0], 24),     // documentation, RFC 5737
    Network::v4([192, 31, 196, 0], 24),  // AS112, RFC 7535
    Network::v4([192, 52, 193, 0], 24),  // AMT, RFC 7450
    Network::v4([192, 88, 99, 0], 24),   // relays of 6to4, RFC 7526
    Network::v4([192, 168, 0, 0], 16),   // private use, RFC 1918
    Network::v4([192, 175, 48, 0], 24),  // AS112, RFC 7534
    Network::v4([198, 18, 0, 0], 15),    // benchmarks, RFC 2544
    Network::v4([198, 51, 100, 0], 24),  // documentation, RFC 5737
    Network::v4([203, 0, 113, 0], 24),   // documentation, RFC 5737
    Network::v4([224, 0, 0, 0], 4),      // multicast, RFC 5771
    Network::v4([240, 0, 0, 0], 4),      // reserved and broadcast, RFC 1112 and RFC 919
];

/// Whatever lies outside of it is special, or belongs to nobody.
const GLOBAL_UNICAST: Network = Network::v6([0x2000, 0, 0, 0], 3);

const SPECIAL_V6: [Network; 5] = [
    Network::v6([0x2001, 0, 0, 0], 23), // protocol assignments, RFC 2928; Teredo, ORCHID, AMT
    Network::v6([0x2001, 0xdb8, 0, 0], 32), // documentation, RFC 3849
    Network::v6([0x2002, 0, 0, 0], 16), // 6to4, RFC 3056, which holds an IPv4 address
    Network::v6([0x2620, 0x4f, 0x8000, 0], 48), // AS112, RFC 7534
    Network::v6([0x3fff, 0, 0, 0], 20), // documentation, RFC 9637
];

/// IPv4 as seen from a network that speaks IPv6 only, RFC 6052: as public as the IPv4 address in it.
const NAT64: Network = Network::v6([0x64, 0xff9b, 0, 0], 96);

/// Whether the address, in its [canonical](IpAddr::to_canonical) form, is one of the public Internet.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => !holds(&SPECIAL_V4, address),
        IpAddr::V6(v6) if NAT64.contains(address) => is_public(embedded(v6).into()),
        IpAddr::V6(_) => GLOBAL_UNICAST.contains(address) && !holds(&SPECIAL_V6, address),
    }
}

fn holds(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

/// The IPv4 address in the last 32 bits.
fn embedded(address: Ipv6Addr) -> Ipv4Addr {
    let [.., a, b, c, d] = address.octets();
    Ipv4Addr::new(a, b, c, d)
}
