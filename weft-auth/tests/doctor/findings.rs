use std::collections::BTreeSet;
use std::time::Duration;

use http::HeaderMap;
use weft_auth::doctor::{Config, CrossOrigin, Level, PlainHttp, Storage, examine};

use crate::{ours, set};

fn ids(config: &Config) -> BTreeSet<&'static str> {
    let report = examine(config);
    report.findings().map(|finding| finding.id()).collect()
}

#[test]
fn our_own_numbers_lack_what_the_docs_say_they_lack() {
    assert_eq!(
        ids(&ours()),
        BTreeSet::from(["breached-passwords", "not-preloaded", "sign-in-link-long"]),
    );
    let mut config = ours();
    config.links.sign_in = Duration::from_secs(600);
    assert!(examine(&config).satisfies(Level::L2));
    assert!(!examine(&config).satisfies(Level::L3));
    config.site.preloaded = true;
    config.passwords.breached = true;
    assert!(examine(&config).satisfies(Level::Advice));
}

/// Each rule has a configuration that it alone finds fault with.
#[test]
fn each_gap_is_found() {
    type Break = fn(&mut Config);
    let cases: [(&str, Break); 45] = [
        ("no-nosniff", |c| {
            set(&mut c.site.page, "x-content-type-options", "");
        }),
        ("referrer-leaks", |c| {
            set(&mut c.site.page, "referrer-policy", "unsafe-url");
        }),
        ("no-opener-policy", |c| {
            set(
                &mut c.site.page,
                "cross-origin-opener-policy",
                "unsafe-none",
            );
        }),
        ("any-origin-reads", |c| {
            c.site.cross_origin = CrossOrigin::Reflected;
        }),
        ("no-csrf-token", |c| c.site.csrf_token = false),
        ("private-pages-cached", |c| {
            set(&mut c.site.private_page, "cache-control", "private");
        }),
        ("hsts-too-short", |c| {
            set(
                &mut c.site.page,
                "strict-transport-security",
                "max-age=31535999; includeSubDomains",
            );
        }),
        ("hsts-without-subdomains", |c| {
            set(
                &mut c.site.page,
                "strict-transport-security",
                "max-age=31536000",
            );
        }),
        ("not-ready-to-preload", |c| {
            let value = "max-age=31536000; includeSubDomains; preload";
            set(&mut c.site.page, "strict-transport-security", value);
            c.site.plain_http = PlainHttp::ToOtherHost;
        }),
        ("csp-incomplete", |c| without(c, "; object-src 'none'")),
        ("csp-incomplete", |c| without(c, "; base-uri 'none'")),
        ("framed-by-anyone", |c| {
            without(c, "; frame-ancestors 'none'");
        }),
        ("csp-without-nonces", |c| {
            without(c, "'nonce-BwcHBwcHBwcHBwcHBwcHBw' 'strict-dynamic'");
        }),
        ("csp-without-reports", |c| {
            without(
                c,
                "; report-to csp; report-uri https://app.example.com/reports",
            );
        }),
        ("cookie-not-secure", |c| {
            cookie(c, "__Host-session=a; Path=/; HttpOnly; SameSite=Lax");
        }),
        ("cookie-without-same-site", |c| {
            cookie(c, "__Host-session=a; Path=/; Secure; HttpOnly");
        }),
        ("cookie-without-same-site", |c| {
            cookie(
                c,
                "__Host-session=a; Path=/; Secure; HttpOnly; SameSite=None",
            );
        }),
        ("cookie-without-host", |c| {
            cookie(
                c,
                "__Secure-session=a; Path=/; Secure; HttpOnly; SameSite=Lax",
            );
        }),
        ("cookie-without-host", |c| {
            cookie(
                c,
                "__Host-session=a; Path=/sso; Secure; HttpOnly; SameSite=Lax",
            );
        }),
        ("cookie-for-scripts", |c| {
            cookie(c, "__Host-session=a; Path=/; Secure; SameSite=Lax");
        }),
        ("cookie-too-long", |c| {
            let long = "a".repeat(4096);
            cookie(
                c,
                &format!("__Host-session={long}; Path=/; Secure; HttpOnly; SameSite=Lax"),
            );
        }),
        ("password-too-short", |c| {
            (c.passwords.shortest, c.passwords.alone) = (7, false);
        }),
        ("password-alone-too-short", |c| c.passwords.shortest = 14),
        ("password-too-long", |c| c.passwords.longest = 63),
        ("common-passwords", |c| c.passwords.blocklist = 2_999),
        ("composition-rules", |c| {
            c.passwords.composition_rules = true;
        }),
        ("password-cut", |c| c.passwords.whole = false),
        ("password-rotation", |c| {
            c.passwords.rotation = Some(Duration::from_secs(1));
        }),
        ("no-context-words", |c| c.passwords.context_words = false),
        ("hash-too-cheap", |c| c.passwords.argon2.passes = 1),
        ("hash-too-short", |c| c.passwords.argon2.salt = 8),
        ("hashes-unbounded", |c| c.passwords.argon2.at_once = None),
        ("stored-hash-unbounded", |c| {
            c.passwords.argon2.memory_ceiling = None;
        }),
        ("totp-secret-short", |c| c.totp.secret_bits = 120),
        ("totp-again", |c| c.totp.single_use = false),
        ("totp-step-long", |c| c.totp.step = Duration::from_secs(60)),
        ("totp-drift", |c| c.totp.drift = 2),
        ("totp-guessing", |c| c.totp.attempts = None),
        ("recovery-codes-readable", |c| c.recovery_codes.bits = 80),
        ("reset-link-long", |c| {
            c.links.reset = Duration::from_secs(24 * 60 * 60 + 1);
        }),
        ("link-token-short", |c| c.links.token_bits = 127),
        ("link-again", |c| c.links.single_use = false),
        ("session-token-short", |c| c.sessions.token_bits = 127),
        ("session-kept-at-sign-in", |c| {
            c.sessions.new_token_at_sign_in = false;
        }),
        ("session-never-idle", |c| c.sessions.idle = None),
    ];
    let more: [(&str, Break); 9] = [
        ("session-for-ever", |c| c.sessions.absolute = None),
        ("session-idle-without-effect", |c| {
            c.sessions.idle = c.sessions.absolute.map(|time| time * 2);
        }),
        ("account-guessing", |c| c.throttles.per_account = Some(101)),
        ("lockout-as-weapon", |c| c.throttles.unlock_by_mail = false),
        ("credential-stuffing", |c| c.throttles.per_address = None),
        ("ipv6-rotation", |c| c.throttles.ipv6_prefix = 128),
        ("forwarded-for-believed", |c| {
            c.throttles.named_proxies = false;
        }),
        ("mail-flood", |c| c.throttles.per_mailbox = None),
        ("recovery-codes-short", |c| {
            (c.recovery_codes.bits, c.recovery_codes.storage) = (19, Storage::PasswordHash);
        }),
    ];
    let healthy = ids(&ours());
    for (id, break_it) in cases.into_iter().chain(more) {
        let mut config = ours();
        break_it(&mut config);
        let found = ids(&config);
        let new: Vec<_> = found.difference(&healthy).collect();
        assert_eq!(new, [&id]);
    }
}

fn without(config: &mut Config, part: &str) {
    let policy = config.site.page["content-security-policy"]
        .to_str()
        .unwrap();
    assert!(policy.contains(part), "{policy}");
    let policy = policy.replace(part, if part.starts_with(';') { "" } else { "'self'" });
    set(&mut config.site.page, "content-security-policy", &policy);
}

fn cookie(config: &mut Config, text: &str) {
    for headers in [&mut config.site.page, &mut config.site.private_page] {
        set(headers, "set-cookie", text);
    }
}

#[test]
fn owasp_has_five_pairs_of_memory_and_passes() {
    let cheap = |memory, passes| {
        let mut config = ours();
        config.passwords.argon2.memory = memory;
        config.passwords.argon2.passes = passes;
        config.passwords.argon2.memory_ceiling = Some(memory);
        ids(&config).contains("hash-too-cheap")
    };
    for (memory, passes) in [
        (47_104, 1),
        (19_456, 2),
        (12_288, 3),
        (9_216, 4),
        (7_168, 5),
    ] {
        assert!(!cheap(memory, passes), "{memory} {passes}");
        assert!(cheap(memory - 1, passes), "{memory} {passes}");
    }
    assert!(!cheap(65_536, 3));
    assert!(cheap(7_167, 99));
}

#[test]
fn a_site_without_anything_lacks_everything_and_is_no_reason_to_panic() {
    let report = examine(&Config::new(HeaderMap::new()));
    assert_eq!(report.observatory().grade(), "D");
    let text = report.to_string();
    assert!(
        text.contains("csp-incomplete (L2): the content security policy"),
        "{text}"
    );
    assert!(text.ends_with("Observatory: D (30)"), "{text}");

    let mut headers = HeaderMap::new();
    for name in [
        "strict-transport-security",
        "content-security-policy",
        "set-cookie",
        "referrer-policy",
        "cross-origin-resource-policy",
        "x-frame-options",
        "cache-control",
    ] {
        for value in [&b"\xff\xfe=;;==;"[..], b";", b"=", b" "] {
            headers.append(name, http::HeaderValue::from_bytes(value).unwrap());
        }
    }
    let report = examine(&Config::new(headers));
    assert!(!report.satisfies(Level::L1));
}

#[test]
fn every_finding_has_a_source_and_a_cure() {
    let report = examine(&Config::new(HeaderMap::new()));
    for finding in report.findings() {
        assert!(
            !finding.source().is_empty() && !finding.cure().is_empty() && !finding.gap().is_empty()
        );
        assert!(
            finding
                .id()
                .bytes()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-')
        );
    }
    let levels: Vec<_> = report.findings().map(|finding| finding.level()).collect();
    assert!(levels.is_sorted());
}
