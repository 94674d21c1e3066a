//! Spellings of URLs that other guards read as one host and other clients as another.

use std::net::IpAddr;

use weft_webhooks::outgoing::{Destination, DestinationError, Networks};

fn parse(url: &str) -> Result<Destination, DestinationError> {
    Destination::parse(url, &Networks::none())
}

fn networks(list: &[&str]) -> Networks {
    list.iter()
        .map(|network| network.parse().unwrap())
        .collect()
}

fn addresses(list: &[&str]) -> Vec<IpAddr> {
    list.iter()
        .map(|address| address.parse().unwrap())
        .collect()
}

macro_rules! refused {
    ($($name:ident: $($url:expr),+ => $error:ident;)*) => {
        $(#[test]
        fn $name() {
            for url in [$($url),+] {
                let refused = parse(url).map(|destination| format!("{destination:?}"));
                assert_eq!(refused, Err(DestinationError::$error), "{url}");
            }
        })*
    };
}

refused! {
    refuses_plain_http: "http://example.com/", "http://8.8.8.8/" => Scheme;
    refuses_other_schemes:
        "", "example.com", "//example.com/", "ftp://example.com/", "file:///etc/passwd",
        "gopher://example.com/", "javascript://example.com/", "https:example.com",
        "https:/example.com", "https:\\\\example.com", "wss://example.com/" => Scheme;
    refuses_schemes_in_other_cases:
        "HTTP://127.0.0.1/", "HTTPS://example.com/", "Https://example.com/" => Scheme;
    refuses_what_stands_around_the_scheme:
        " https://example.com/", "\thttps://example.com/", "\nhttps://example.com/",
        "url:https://example.com/", "h\tttps://example.com/" => Scheme;
    refuses_a_user:
        "https://user@example.com/", "https://user:password@example.com/",
        "https://example.com@127.0.0.1/", "https://@example.com/", "https://a@b@example.com/",
        "https://example.com:443@127.0.0.1/", "https://example.com:443\\@127.0.0.1/",
        "https://127.0.0.1%2f@example.com/" => User;
    refuses_a_fragment:
        "https://example.com/#a", "https://example.com#a", "https://example.com#@127.0.0.1/",
        "https://example.com/?a#b" => Fragment;
    refuses_an_empty_host:
        "https://", "https:///", "https://?", "https://:443/", "https:///example.com" => Host;
    refuses_a_trailing_dot:
        "https://example.com./", "https://127.0.0.1./", "https://localhost./", "https://./",
        "https://8.8.8.8./" => Host;
    refuses_decimal_ipv4: "https://2130706433/", "https://134744072/", "https://0/" => Host;
    refuses_octal_ipv4:
        "https://0177.0.0.1/", "https://017700000001/", "https://0177.0.0.01/",
        "https://010.8.8.8/", "https://8.8.8.08/" => Host;
    refuses_hexadecimal_ipv4:
        "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0x7f.1/", "https://127.0.0.0x1/",
        "https://0X7F.1/", "https://8.8.8.0x8/" => Host;
    refuses_short_ipv4: "https://127.1/", "https://127.0.1/", "https://10.1/", "https://8.8/" => Host;
    refuses_ipv4_that_overflows:
        "https://256.256.256.256/", "https://127.0.0.257/", "https://127.0.0.1.1/",
        "https://4294967297/" => Host;
    refuses_names_that_end_like_numbers:
        "https://example.0x7f/", "https://example.1/", "https://a.127.0.0.1/" => Host;
    refuses_other_digits:
        "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", "https://\u{2460}\u{2461}\u{2466}.0.0.1/",
        "https://\u{0661}27.0.0.1/" => Host;
    refuses_other_dots:
        "https://127\u{3002}0\u{3002}0\u{3002}1/", "https://example\u{ff0e}com/",
        "https://example\u{ff61}com/" => Host;
    refuses_names_that_are_not_ascii:
        "https://b\u{fc}cher.example/", "https://\u{24c1}ocalhost/", "https://localho\u{17f}t/",
        "https://examp\u{200b}le.com/", "https://example\u{ad}.com/" => Host;
    refuses_percent_in_the_host:
        "https://%31%32%37.0.0.1/", "https://example%2ecom/", "https://example.com%00.evil/",
        "https://[::1%25]/" => Host;
    refuses_backslashes:
        "https://example.com\\.evil.example/", "https://example.com\\127.0.0.1/" => Host;
    refuses_characters_that_end_a_line:
        "https://example.com\r\nhost: a/", "https://exam\tple.com/", "https://example.com\0/",
        "https://example.com /" => Host;
    refuses_labels_that_no_host_has:
        "https://-a.example/", "https://a-.example/", "https://a..example/", "https://.example/",
        "https://a_b.example/", "https://*.example/", "https://a,b/", "https://a;b/" => Host;
    refuses_brackets_around_what_is_no_ipv6:
        "https://[]/", "https://[127.0.0.1]/", "https://[example.com]/", "https://[::1/",
        "https://::1/", "https://[[::1]]/", "https://[v1.a]/", "https://a[::1]/",
        "https://[::1]a/" => Host;
    refuses_ipv6_zones:
        "https://[fe80::1%eth0]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%251]/",
        "https://[::1%lo]/" => Host;
    refuses_ports_that_are_not_plain_numbers:
        "https://example.com:/", "https://example.com:0/", "https://example.com:65536/",
        "https://example.com:0443/", "https://example.com:+443/", "https://example.com:443a/",
        "https://example.com:443:443/", "https://example.com:-1/", "https://[2606:4700::1]:/",
        "https://example.com: 443/" => Port;
    refuses_targets_that_must_be_encoded:
        "https://example.com/a b", "https://example.com/\r\nhost: a", "https://example.com/\u{e9}",
        "https://example.com/%", "https://example.com/%4", "https://example.com/%zz",
        "https://example.com/a\\b", "https://example.com/?a[]=1", "https://example.com/<a>",
        "https://example.com/\0", "https://example.com/%\u{e9}" => Target;
    refuses_addresses_that_are_not_public:
        "https://127.0.0.1/", "https://10.0.0.1:8443/", "https://169.254.169.254/latest/meta-data/",
        "https://0.0.0.0/", "https://255.255.255.255/", "https://[::]/", "https://[::1]/",
        "https://[fe80::1]/", "https://[fd00:ec2::254]/", "https://[ff02::1]/" => Address;
    refuses_private_ipv4_inside_of_ipv6:
        "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/", "https://[::127.0.0.1]/",
        "https://[64:ff9b::10.0.0.1]/", "https://[64:ff9b:1::8.8.8.8]/", "https://[2002:7f00:1::]/",
        "https://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/",
        "https://[0:0:0:0:0:ffff:a9fe:a9fe]/" => Address;
}

#[test]
fn refuses_what_is_too_long() {
    let url = |length: usize| format!("https://example.com/{}", "a".repeat(length - 20));
    assert!(parse(&url(2048)).is_ok());
    assert_eq!(parse(&url(2049)).unwrap_err(), DestinationError::TooLong);
    let name = |labels: usize| format!("https://{}ab/", "a2345678.".repeat(labels));
    assert!(parse(&name(27)).is_ok());
    assert_eq!(parse(&name(28)).unwrap_err(), DestinationError::Host);
    let label = |length| format!("https://{}.example/", "a".repeat(length));
    assert!(parse(&label(63)).is_ok());
    assert_eq!(parse(&label(64)).unwrap_err(), DestinationError::Host);
}

#[test]
fn a_url_has_one_host_one_port_and_one_target() {
    for (url, host, authority, port, target) in [
        (
            "https://example.com",
            "example.com",
            "example.com",
            443,
            "/",
        ),
        (
            "https://EXAMPLE.com/A",
            "example.com",
            "example.com",
            443,
            "/A",
        ),
        (
            "https://example.com:443/",
            "example.com",
            "example.com",
            443,
            "/",
        ),
        (
            "https://example.com:80/",
            "example.com",
            "example.com:80",
            80,
            "/",
        ),
        (
            "https://example.com:8443/a?b=c",
            "example.com",
            "example.com:8443",
            8443,
            "/a?b=c",
        ),
        (
            "https://example.com?a=/b@c:d",
            "example.com",
            "example.com",
            443,
            "/?a=/b@c:d",
        ),
        (
            "https://example.com/%7Ea/../b//",
            "example.com",
            "example.com",
            443,
            "/%7Ea/../b//",
        ),
        (
            "https://xn--bcher-kva.example/",
            "xn--bcher-kva.example",
            "xn--bcher-kva.example",
            443,
            "/",
        ),
        (
            "https://3com.example/",
            "3com.example",
            "3com.example",
            443,
            "/",
        ),
        ("https://8.8.8.8/", "8.8.8.8", "8.8.8.8", 443, "/"),
        (
            "https://[2606:4700:0:0::1111]:8443/",
            "2606:4700::1111",
            "[2606:4700::1111]:8443",
            8443,
            "/",
        ),
    ] {
        let destination = parse(url).unwrap();
        let pinned = destination.pin(addresses(&["1.1.1.1"])).unwrap();
        assert_eq!(pinned.host(), host, "{url}");
        assert_eq!(pinned.authority(), authority, "{url}");
        assert_eq!(pinned.addresses()[0].port(), port, "{url}");
        assert_eq!(pinned.target(), target, "{url}");
        assert!(!pinned.is_plain());
    }
}

#[test]
fn one_address_that_is_not_public_refuses_all() {
    let destination = parse("https://example.com/").unwrap();
    let pin = |list: &[&str]| destination.pin(addresses(list)).map(|_| ());
    assert_eq!(pin(&["1.1.1.1", "2606:4700::1111"]), Ok(()));
    for list in [
        &["127.0.0.1"][..],
        &["1.1.1.1", "127.0.0.1"],
        &["10.0.0.1", "1.1.1.1"],
        &["1.1.1.1", "2606:4700::1111", "::1"],
        &["1.1.1.1", "::ffff:10.0.0.1"],
    ] {
        assert_eq!(pin(list), Err(DestinationError::Address), "{list:?}");
    }
    assert_eq!(pin(&[]), Err(DestinationError::NoAddress));
}

#[test]
fn an_address_in_the_url_counts_whatever_is_given() {
    let destination = parse("https://8.8.8.8/").unwrap();
    assert_eq!(destination.name(), None);
    for given in [&[][..], &["1.1.1.1"], &["127.0.0.1"]] {
        let pinned = destination.pin(addresses(given)).unwrap();
        assert_eq!(pinned.addresses(), ["8.8.8.8:443".parse().unwrap()]);
    }
}

#[test]
fn ipv4_inside_of_ipv6_is_pinned_as_ipv4() {
    let destination = parse("https://example.com/").unwrap();
    let pinned = destination.pin(addresses(&["::ffff:8.8.8.8"])).unwrap();
    assert_eq!(pinned.addresses(), ["8.8.8.8:443".parse().unwrap()]);
}

#[test]
fn excepted_networks_and_no_others_are_reached() {
    let excepted = networks(&["10.1.0.0/16", "fd12::/16"]);
    let destination = Destination::parse("https://receiver.internal/", &excepted).unwrap();
    for (address, may) in [
        ("10.1.2.3", true),
        ("::ffff:10.1.2.3", true),
        ("fd12::1", true),
        ("1.1.1.1", true),
        ("10.2.0.1", false),
        ("fd13::1", false),
        ("127.0.0.1", false),
        ("64:ff9b::10.1.2.3", false),
    ] {
        assert_eq!(
            destination.pin(addresses(&[address])).is_ok(),
            may,
            "{address}"
        );
    }
    assert!(Destination::parse("https://10.1.2.3/", &excepted).is_ok());
    let refused = Destination::parse("https://10.2.0.1/", &excepted).unwrap_err();
    assert_eq!(refused, DestinationError::Address);
}

#[test]
fn plain_http_goes_to_excepted_networks_only() {
    let excepted = networks(&["10.1.0.0/16"]);
    let parse = |url| Destination::parse(url, &excepted);
    let destination = parse("http://receiver.internal/").unwrap();
    let pin = |list: &[&str]| destination.pin(addresses(list)).map(|_| ());
    assert_eq!(pin(&["10.1.2.3"]), Ok(()));
    assert_eq!(pin(&["1.1.1.1"]), Err(DestinationError::Address));
    assert_eq!(
        pin(&["10.1.2.3", "1.1.1.1"]),
        Err(DestinationError::Address)
    );
    assert_eq!(
        parse("http://8.8.8.8/").unwrap_err(),
        DestinationError::Address
    );
    let plain = parse("http://10.1.2.3/").unwrap();
    let pinned = plain.pin([]).unwrap();
    assert_eq!(
        (pinned.is_plain(), pinned.authority()),
        (true, "10.1.2.3".to_owned())
    );
    assert_eq!(pinned.addresses(), ["10.1.2.3:80".parse().unwrap()]);
    assert_eq!(
        parse("http://10.1.2.3:443/")
            .unwrap()
            .pin([])
            .unwrap()
            .authority(),
        "10.1.2.3:443"
    );
}

#[test]
fn path_and_query_are_not_shown() {
    let destination = parse("https://example.com:8443/secret?token=secret").unwrap();
    assert_eq!(
        format!("{destination:?}"),
        "Destination(https://example.com:8443/..)"
    );
}

#[test]
fn errors_have_names_of_their_own() {
    let names: std::collections::HashSet<_> = DestinationError::ALL
        .iter()
        .map(|error| error.name())
        .collect();
    assert_eq!(names.len(), DestinationError::ALL.len());
}
