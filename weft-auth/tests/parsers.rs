//! Texts from outside, changed at random: nothing panics, and what was signed or sealed is good for nothing
//! once a byte of it is another.
//!
//! `WEFT_AUTH_SEED` replays a run.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{
    AUTHORIZATION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, ORIGIN, SET_COOKIE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use weft_auth::audit::{Event, Reason, Record};
use weft_auth::cookie::Cookie;
use weft_auth::csrf::{Binding, Csrf, submitted_in};
use weft_auth::doctor::{Config, examine};
use weft_auth::headers::{Csp, Nonce, SecurityHeaders};
use weft_auth::password::{self, Hasher, Params, Password, Policy};
use weft_auth::session::Device;
use weft_auth::sso::{self, Callback, ConnectionId, Domain, Timestamp};
use weft_auth::throttle::TrustedProxies;
use weft_auth::token::{ApiToken, Prefix, Session, Token};
use weft_auth::totp::seal::Keyring;
use weft_auth::totp::{RecoveryCode, Secret, Totp};
use weft_auth::{AccountId, Mailbox, Origin, PseudonymKey, link, totp};

const KEY: &str = "2026-11:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";
const ROUNDS: usize = 4_000;

/// What breaks parsers: separators, other alphabets, what folds, what is no text at all.
const PIECES: [&[u8]; 40] = [
    b"",
    b"\0",
    b"\n",
    b"\r\n",
    b" ",
    b"\t",
    b"%00",
    b"%",
    b"=",
    b"==",
    b";",
    b",",
    b"&",
    b"$",
    b"@",
    b".",
    b"..",
    b":",
    b"/",
    b"[",
    b"]",
    b"\"",
    b"'",
    b"-",
    b"_",
    b"+",
    b"0",
    b"9",
    b"4294967296",
    b"18446744073709551616",
    b"-1",
    b"\xff",
    b"\xc3",
    b"\xe2\x84\xaa",
    b"\xef\xbc\x8e",
    b"\xd9\xa1",
    b"\xef\xb7\xba",
    b"\xf0\x9f\x94\x91",
    b"__Host-",
    b"null",
];

/// Splitmix64.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    /// `bytes` with one to four changes.
    fn changed(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            let end = (at + self.below(4)).min(bytes.len());
            match self.below(7) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes.truncate(at),
                2 => bytes.extend_from_within(at..),
                3 => {
                    let case = |byte: &u8| byte ^ 0x20;
                    let other: Vec<u8> = bytes[at..end].iter().map(case).collect();
                    bytes.splice(at..end, other);
                }
                4 => {
                    let byte = self.next() as u8;
                    bytes.splice(at..end, [byte]);
                }
                _ => {
                    let piece = PIECES[self.below(PIECES.len())];
                    bytes.splice(at..end, piece.iter().copied());
                }
            }
        }
        bytes
    }

    fn text(&mut self, text: &str) -> String {
        String::from_utf8_lossy(&self.changed(text.as_bytes())).into_owned()
    }

    fn header(&mut self, text: &str) -> HeaderValue {
        let changed = self.changed(text.as_bytes());
        HeaderValue::from_bytes(&changed).unwrap_or(HeaderValue::from_static(""))
    }
}

/// Runs something on as many random numbers as there are rounds.
fn fuzz(rounds: usize, mut round: impl FnMut(&mut Random)) {
    let seed = std::env::var("WEFT_AUTH_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok());
    let seed: u64 = seed.unwrap_or_else(|| UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64);
    println!("WEFT_AUTH_SEED={seed}");
    let mut random = Random(seed);
    for _ in 0..rounds {
        round(&mut random);
    }
}

fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_764_000_000)
}

#[test]
fn what_is_read_has_one_spelling() {
    let token = Token::<Session>::generate().unwrap();
    let prefix = Prefix::new("weft").unwrap();
    let api = ApiToken::generate(prefix).unwrap();
    let [recovery, ..] = RecoveryCode::generate_set().unwrap();
    fuzz(ROUNDS, |random| {
        let text = random.text("https://app.example.com:8443");
        if let Ok(origin) = Origin::parse(&text) {
            assert_eq!(origin.as_str(), text);
        }
        let text = random.text("ada.b+c@sub.example.com");
        if let Ok(mailbox) = Mailbox::parse(&text) {
            assert_eq!(Mailbox::parse(mailbox.as_str()), Ok(mailbox.clone()));
            assert!(mailbox.as_str().is_ascii() && mailbox.as_str().matches('@').count() == 1);
            assert_eq!(mailbox.as_str(), text.to_ascii_lowercase());
        }
        let text = random.text(token.expose());
        if let Ok(other) = Token::<Session>::parse(&text) {
            assert_eq!(other.digest() == token.digest(), text == token.expose());
        }
        let text = random.text(api.expose());
        if let Ok(other) = ApiToken::parse(prefix, &text) {
            assert_eq!(other.digest() == api.digest(), text == api.expose());
        }
        let text = random.text("123456");
        assert_eq!(
            totp::Code::parse(&text).is_ok(),
            text.len() == 6 && text.parse::<u32>().is_ok() && !text.starts_with('+')
        );
        let _ = link::Code::parse(&random.text("1234 5678")).map(|code| code.grouped());
        let _ = RecoveryCode::parse(&random.text(&recovery.grouped())).map(|code| code.digest());
        let text = random.text("acme.example");
        if let Some(domain) = Domain::new(&text) {
            assert_eq!(domain.as_str(), text.to_ascii_lowercase());
        }
        let _ = Domain::of_address(&random.text("ada@acme.example"));
        let text = random.text("2026-11-25T03:18:00.000Z");
        assert_eq!(
            Timestamp::new(&text).map_or(0, |time| time.as_str().len()) == 24,
            Timestamp::new(&text).is_some()
        );
        let _ = ConnectionId::new(random.text("conn_01"));
        assert!(
            Device::new(&random.text("Mozilla/5.0 (X11)"))
                .name()
                .chars()
                .all(|c| !c.is_control())
        );
        let _ = KEY.parse::<Keyring>().is_ok() && random.text(KEY).parse::<Keyring>().is_ok();
        let _ = random.text(KEY).parse::<weft_auth::csrf::Keyring>();
        let totp = Totp::new(Secret::from_bytes(b"12345678901234567890").unwrap());
        if let Ok(enrolment) = totp.enrolment(&random.text("Weft"), &random.text("ada@example.com"))
        {
            assert_eq!(enrolment.uri().matches("secret=").count(), 1);
            assert!(enrolment.uri().bytes().all(|c| c.is_ascii_graphic()));
        }
    });
}

#[test]
fn no_changed_hash_is_of_the_password_and_none_takes_more_than_its_bound() {
    let config = password::Config::new(Params::insecure_for_tests(), 1 << 20);
    let hasher = Hasher::new(config).unwrap();
    let typed = || Password::new("marmalade under the pavement").unwrap();
    let mut permit = hasher
        .enter()
        .unwrap()
        .wait_at_most(Duration::ZERO)
        .unwrap();
    let chosen = Policy::alone().accept(typed(), &[]).unwrap();
    let stored = permit.hash(&chosen).unwrap().expose().to_owned();
    fuzz(ROUNDS / 4, |random| {
        let changed = random.text(&stored);
        let _ = hasher.needs_rehash(&changed);
        let right = permit.verify(Some(&changed), &typed()).is_ok();
        assert_eq!(right, changed == stored, "{changed}");
    });
}

#[test]
fn whatever_is_typed_is_a_password_or_none() {
    fuzz(ROUNDS, |random| {
        let bytes = random.changed("pässwörd \u{fdfa} of ada@example.com 42".as_bytes());
        let words = [random.text("ada@example.com"), random.text("Nordwind")];
        if let Ok(password) = Password::new(&bytes) {
            let _ = Policy::alone().accept(password, &[&words[0], &words[1]]);
        }
    });
}

#[test]
fn nothing_that_is_sealed_is_opened_once_it_is_changed() {
    let keys: Keyring = KEY.parse().unwrap();
    let secret = Secret::generate().unwrap();
    let sealed = keys.seal(&secret, b"user 7").unwrap();
    fuzz(ROUNDS, |random| {
        let changed = random.changed(&sealed);
        assert_eq!(keys.open(&changed, b"user 7").is_ok(), changed == sealed);
        let user = random.changed(b"user 7");
        assert_eq!(keys.open(&sealed, &user).is_ok(), user == b"user 7");
        let _ = keys.is_current(&changed);
    });
}

#[test]
fn a_record_of_the_log_is_what_its_bytes_say() {
    let key = PseudonymKey::new(&[7; 32]);
    let account = AccountId::from_bytes([1; 16]);
    let _ = (key, account);
    let record = Record {
        at: now(),
        event: Event::Refused(Reason::WrongPassword),
        mailbox: None,
        account: None,
        network: None,
    };
    fuzz(ROUNDS, |random| {
        let changed = random.changed(&record.to_bytes());
        if let Some(read) = Record::from_bytes(&changed) {
            assert_eq!(read.to_bytes()[..], changed[..]);
        }
    });
}

#[test]
fn a_request_passes_with_the_token_that_it_was_given_and_no_other() {
    let csrf = Csrf::new(
        Origin::parse("https://app.example.com").unwrap(),
        KEY.parse().unwrap(),
    );
    let csrf = csrf.unwrap();
    let cookie = Cookie::new("__Host-session").unwrap();
    let session = Token::<Session>::generate().unwrap();
    let binding = Binding::session(session.digest().as_bytes());
    let token = csrf.token(&binding).unwrap();
    let held = format!(
        "__Host-session={}; __Host-csrf={}",
        session.expose(),
        token.as_str()
    );
    fuzz(ROUNDS, |random| {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, random.header(&held));
        if random.below(2) == 0 {
            headers.insert(ORIGIN, random.header("https://app.example.com"));
        }
        if random.below(2) == 0 {
            headers.insert("sec-fetch-site", random.header("same-origin"));
        }
        let submitted = match random.below(2) {
            0 => token.as_str().to_owned(),
            _ => random.text(token.as_str()),
        };
        let of = Binding::of(&cookie, &headers);
        let kept = cookie_values(&headers, "__Host-csrf");
        let passes = of.is_ok_and(|of| {
            let checked = csrf.check(&Method::POST, &headers, &of, Some(&submitted));
            checked.is_ok()
        });
        if passes {
            assert_eq!(
                (submitted.as_str(), kept),
                (token.as_str(), vec![token.as_str().to_owned()])
            );
            assert_eq!(
                cookie_values(&headers, "__Host-session"),
                [session.expose()]
            );
        }
        let form = random.changed(format!("name=a&csrf_token={}", token.as_str()).as_bytes());
        let _ = submitted_in(&form);
    });
}

/// The values under a name, found in another way: the name behind the start or `;` and at most a space.
fn cookie_values(headers: &HeaderMap, name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(headers[COOKIE].as_bytes()).into_owned();
    let text = format!(";{text}").replace("; ", ";");
    let start = format!(";{name}=");
    let found = text.match_indices(&start);
    found
        .map(|(at, _)| {
            let rest = &text[at + start.len()..];
            rest.split(';').next().unwrap_or("").to_owned()
        })
        .collect()
}

#[test]
fn a_cookie_has_the_attributes_of_its_definition_and_no_more() {
    fuzz(ROUNDS, |random| {
        let Ok(cookie) = Cookie::new(random.text("__Host-session")) else {
            return;
        };
        let cookie = cookie
            .clone()
            .with_path(&random.text("/a/b"))
            .unwrap_or(cookie);
        let value = random.text("4kq0yS1c");
        let Ok(set) = cookie.set(&value) else {
            return;
        };
        let set = set.to_str().unwrap();
        let parts: Vec<&str> = set.split("; ").collect();
        assert_eq!(parts.len(), 5, "{set}");
        assert!(set.matches(';').count() == 4, "{set}");
        assert_eq!(parts[2..], ["Secure", "HttpOnly", "SameSite=Lax"], "{set}");
        let mut headers = HeaderMap::new();
        let pair = format!("a=b; {}; c=d", parts[0]);
        headers.insert(COOKIE, HeaderValue::try_from(pair).unwrap());
        assert_eq!(cookie.read(&headers), Ok(Some(value.as_str())));
    });
}

#[test]
fn no_report_url_adds_to_a_policy() {
    fuzz(ROUNDS, |random| {
        let url = random.text("https://app.example.com/reports?a=b");
        let csp = Csp::pages().with_reports_to(url);
        let Ok(security) = SecurityHeaders::new(&csp) else {
            return;
        };
        let mut headers = HeaderMap::new();
        security.write(&Nonce::from_bytes([7; 16]), &mut headers);
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        let directives = policy.split("; ").count();
        assert_eq!(
            (directives, policy.matches(';').count()),
            (12, 11),
            "{policy}"
        );
    });
}

#[test]
fn a_client_is_who_is_connected_or_whom_a_proxy_wrote() {
    let proxies = TrustedProxies::new(["10.0.0.0/8", "2001:db8:ffff::/48"]).unwrap();
    fuzz(ROUNDS, |random| {
        let _ = TrustedProxies::new([random.text("2001:db8::/48").as_str()]);
        let mut headers = HeaderMap::new();
        let field = random.header("192.0.2.7, 2001:db8::7, [2001:db8::9]:80, 10.0.0.2, 10.0.0.3");
        headers.append("x-forwarded-for", field);
        headers.append(AUTHORIZATION, random.header("Bearer x"));
        let stranger = "198.51.100.9".parse().unwrap();
        assert_eq!(proxies.client(stranger, &headers), stranger);
        let _ = proxies.client("10.0.0.1".parse().unwrap(), &headers);
    });
}

#[test]
fn nobody_is_answered_without_a_state() {
    let workos = sso::WorkOs::new("client_1", "sk_test_1", "https://app.example.com/sso").unwrap();
    let target = || sso::Target::organization(sso::OrganizationId::new("org_1").unwrap());
    let start = workos.start(target(), sso::Plan::Enterprise, &HeaderMap::new(), now());
    let start = start.unwrap();
    let set = start.cookies()[0].to_str().unwrap().to_owned();
    let (held, _) = set.split_once(';').unwrap();
    let (_, state) = start.url().rsplit_once("state=").unwrap();
    let body = r#"{"id":"event_1","event":"dsync.user.deleted","data":{"organization_id":"org_1",
        "idp_id":"1","emails":[{"value":"ada@acme.example"}],"updated_at":"2026-11-25T03:18:00.000Z"}}"#;
    fuzz(ROUNDS, |random| {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, random.header(held));
        let query = random.text(&format!("code=c_1&state={state}&connection_id=conn_1"));
        if let Callback::Answer(answer) = Callback::parse(&query)
            && let Ok(bound) = answer.bind(&headers)
        {
            assert!(query.contains(state) && headers[COOKIE].to_str().unwrap().contains(state));
            assert!(bound.cookie_end().to_str().unwrap().contains("Max-Age=0"));
        }
        let again = workos.start(target(), sso::Plan::Enterprise, &headers, now());
        assert!(again.is_ok());
        let _ = sso::Event::parse(&random.changed(body.as_bytes()));
    });
}

#[test]
fn whatever_a_page_says_is_examined() {
    let said = [
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; script-src 'nonce-x' 'strict-dynamic'; report-uri /x",
        ),
        (
            SET_COOKIE,
            "__Host-session=x; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600",
        ),
        (
            HeaderName::from_static("strict-transport-security"),
            "max-age=63072000; includeSubDomains; preload",
        ),
        (
            HeaderName::from_static("referrer-policy"),
            "no-referrer, same-origin",
        ),
        (CONTENT_TYPE, "text/html; charset=utf-8"),
    ];
    fuzz(ROUNDS / 4, |random| {
        let mut headers = HeaderMap::new();
        for (name, text) in &said {
            for _ in 0..random.below(3) {
                headers.append(name, random.header(text));
            }
        }
        let report = examine(&Config::new(headers));
        assert!(!report.observatory().grade().is_empty());
    });
}
