//! The registries of IANA, written a second time: no address of a special range is sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use weft_webhooks::outgoing::{Destination, Networks};

/// First and last addresses, and whether the addresses before and after are public.
const RANGES: [(&str, &str, bool, bool); 45] = [
    // The IPv4 special-purpose registry.
    ("0.0.0.0", "0.255.255.255", false, true),
    ("10.0.0.0", "10.255.255.255", true, true),
    ("100.64.0.0", "100.127.255.255", true, true),
    ("127.0.0.0", "127.255.255.255", true, true),
    ("169.254.0.0", "169.254.255.255", true, true),
    ("172.16.0.0", "172.31.255.255", true, true),
    ("192.0.0.0", "192.0.0.255", true, true),
    ("192.0.0.0", "192.0.0.7", true, false),
    ("192.0.0.8", "192.0.0.8", false, false),
    ("192.0.0.9", "192.0.0.10", false, false),
    ("192.0.0.170", "192.0.0.171", false, false),
    ("192.0.2.0", "192.0.2.255", true, true),
    ("192.31.196.0", "192.31.196.255", true, true),
    ("192.52.193.0", "192.52.193.255", true, true),
    ("192.88.99.0", "192.88.99.255", true, true),
    ("192.168.0.0", "192.168.255.255", true, true),
    ("192.175.48.0", "192.175.48.255", true, true),
    ("198.18.0.0", "198.19.255.255", true, true),
    ("198.51.100.0", "198.51.100.255", true, true),
    ("203.0.113.0", "203.0.113.255", true, true),
    ("224.0.0.0", "239.255.255.255", true, false),
    ("240.0.0.0", "255.255.255.255", false, false),
    ("255.255.255.255", "255.255.255.255", false, false),
    // In no registry: Azure's host.
    ("168.63.129.16", "168.63.129.16", true, true),
    // The IPv6 special-purpose registry, and what is not global unicast.
    ("::", "::", false, false),
    ("::1", "::1", false, false),
    (
        "64:ff9b:1::",
        "64:ff9b:1:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    ("100::", "100::ffff:ffff:ffff:ffff", false, false),
    ("100:0:0:1::", "100::1:ffff:ffff:ffff:ffff", false, false),
    (
        "2001::",
        "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
        true,
        true,
    ),
    (
        "2001::",
        "2001:0:ffff:ffff:ffff:ffff:ffff:ffff",
        true,
        false,
    ),
    ("2001:1::1", "2001:1::3", false, false),
    (
        "2001:2::",
        "2001:2:0:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "2001:3::",
        "2001:3:ffff:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "2001:4:112::",
        "2001:4:112:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "2001:10::",
        "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        true,
        true,
    ),
    (
        "2002::",
        "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        true,
        true,
    ),
    (
        "2620:4f:8000::",
        "2620:4f:8000:ffff:ffff:ffff:ffff:ffff",
        true,
        true,
    ),
    (
        "3fff::",
        "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
        true,
        true,
    ),
    (
        "4000::",
        "5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        true,
        false,
    ),
    (
        "5f00::",
        "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "fc00::",
        "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "fe80::",
        "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
    (
        "ff00::",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
        false,
        false,
    ),
];

fn is_public(address: IpAddr) -> bool {
    let destination = Destination::parse("https://example.com/", &Networks::none()).unwrap();
    destination.pin([address]).is_ok()
}

/// The address so many after this one, if there is one.
fn step(address: IpAddr, by: i8) -> Option<IpAddr> {
    match address {
        IpAddr::V4(v4) => {
            let next = u32::from(v4).checked_add_signed(by.into())?;
            Some(Ipv4Addr::from(next).into())
        }
        IpAddr::V6(v6) => {
            let next = u128::from(v6).checked_add_signed(by.into())?;
            Some(Ipv6Addr::from(next).into())
        }
    }
}

#[test]
fn the_ends_of_each_range_are_refused_and_their_neighbours_are_as_the_registries_say() {
    for (first, last, before, after) in RANGES {
        let (first, last): (IpAddr, IpAddr) = (first.parse().unwrap(), last.parse().unwrap());
        assert!(first <= last, "{first}");
        assert!(!is_public(first), "{first}");
        assert!(!is_public(last), "{last}");
        let neighbour = |address, by| step(address, by).is_some_and(is_public);
        assert_eq!(neighbour(first, -1), before, "before {first}");
        assert_eq!(neighbour(last, 1), after, "after {last}");
    }
}

#[test]
fn what_belongs_to_the_public_is_not_refused() {
    for address in [
        "1.1.1.1",
        "8.8.8.8",
        "93.184.216.34",
        "192.0.1.0",
        "223.255.255.255",
        "2000::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
        "2001:4860:4860::8888",
    ] {
        assert!(is_public(address.parse().unwrap()), "{address}");
    }
}

#[test]
fn ipv4_inside_of_ipv6_is_as_public_as_it_is_outside() {
    for (outside, public) in [
        ("8.8.8.8", true),
        ("10.0.0.1", false),
        ("127.0.0.1", false),
        ("169.254.169.254", false),
        ("0.0.0.0", false),
        ("255.255.255.255", false),
    ] {
        let [a, b, c, d] = outside.parse::<Ipv4Addr>().unwrap().octets();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        let mapped = Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, high, low);
        assert_eq!(is_public(mapped.into()), public, "{mapped}");
        let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low);
        assert_eq!(is_public(nat64.into()), public, "{nat64}");
        // Ways that lead through someone else are refused, wherever they end.
        for through in [
            Ipv6Addr::new(0, 0, 0, 0, 0, 0, high, low),
            Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, high, low),
            Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1),
            Ipv6Addr::new(0x2001, 0, 0x4136, 0xe378, 0x8000, 0x63bf, !high, !low),
        ] {
            assert!(!is_public(through.into()), "{through}");
        }
    }
}

#[test]
fn the_metadata_services_of_clouds_are_refused() {
    for address in [
        "169.254.169.254", // Amazon, Google, Azure and others
        "169.254.170.2",   // Amazon's containers
        "fd00:ec2::254",   // Amazon over IPv6
        "100.100.100.200", // Alibaba
        "192.0.0.192",     // Oracle
        "168.63.129.16",   // Azure
        "fd20:ce::254",    // Google over IPv6
    ] {
        assert!(!is_public(address.parse().unwrap()), "{address}");
    }
}
