use http::header::{COOKIE, HOST, REFERER};
use http::{HeaderMap, HeaderValue, Method};
use weft_auth::Origin;
use weft_auth::cookie::Cookie;
use weft_auth::csrf::{Binding, Csrf, Keyring, KeyringError, RefusalKind, Token, submitted_in};

const OLD: &str = "old:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";
const NEW: &str = "new:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

fn csrf(keys: &str) -> Csrf {
    let own = Origin::parse("https://app.example.com").unwrap();
    Csrf::new(own, keys.parse().unwrap()).unwrap()
}

fn session() -> Binding {
    Binding::session(&[7; 32])
}

fn with_cookie(token: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let cookie = HeaderValue::try_from(format!("__Host-csrf={token}")).unwrap();
    headers.insert(COOKIE, cookie);
    headers
}

fn post(csrf: &Csrf, headers: &HeaderMap, submitted: Option<&str>) -> Option<RefusalKind> {
    let checked = csrf.check(&Method::POST, headers, &session(), submitted);
    checked.err().map(|refusal| refusal.kind())
}

/// A request with a good token, from where these headers say.
fn from(sent: &[(&str, &str)]) -> Option<RefusalKind> {
    let csrf = csrf(NEW).with_trusted_origin(Origin::parse("https://admin.example.com").unwrap());
    let token = csrf.token(&session()).unwrap();
    let mut headers = with_cookie(token.as_str());
    for (name, value) in sent {
        let name = http::HeaderName::try_from(*name).unwrap();
        headers.append(name, HeaderValue::try_from(*value).unwrap());
    }
    post(&csrf, &headers, Some(token.as_str()))
}

/// The cases of Go's `TestCrossOriginProtection` that do not rest on the request's own host, with
/// the token besides.
#[test]
fn origins_are_judged_as_go_does() {
    let site = |value| from(&[("sec-fetch-site", value)]);
    assert_eq!(site("same-origin"), None);
    assert_eq!(site("none"), None);
    for other in ["cross-site", "same-site", "", "SAME-ORIGIN", "nonsense"] {
        assert_eq!(site(other), Some(RefusalKind::CrossOrigin), "{other}");
    }
    let origin = |value| from(&[("origin", value)]);
    assert_eq!(origin("https://app.example.com"), None);
    for other in [
        "https://attacker.example",
        "null",
        "",
        "https://app.example.com:444",
    ] {
        assert_eq!(origin(other), Some(RefusalKind::CrossOrigin), "{other}");
    }
    assert_eq!(from(&[]), None);
}

#[test]
fn every_method_that_is_not_safe_is_checked() {
    let csrf = csrf(NEW);
    let mut headers = HeaderMap::new();
    headers.insert("sec-fetch-site", HeaderValue::from_static("cross-site"));
    let check = |method: &str| {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        csrf.check(&method, &headers, &session(), None).is_ok()
    };
    for safe in ["GET", "HEAD", "OPTIONS"] {
        assert!(check(safe), "{safe}");
    }
    for other in [
        "POST", "PUT", "PATCH", "DELETE", "TRACE", "CONNECT", "get", "PURGE",
    ] {
        assert!(!check(other), "{other}");
    }
}

/// nosurf and gorilla took every request for plain HTTP, so that the scheme was never compared.
#[test]
fn cve_2025_46721_cve_2025_24358_the_scheme_is_compared() {
    assert_eq!(
        from(&[("origin", "http://app.example.com")]),
        Some(RefusalKind::CrossOrigin)
    );
    assert_eq!(
        from(&[
            ("origin", "http://app.example.com"),
            ("host", "app.example.com")
        ]),
        Some(RefusalKind::CrossOrigin),
    );
}

/// gorilla compared the host alone of the origins that it was told to trust.
#[test]
fn cve_2025_47909_a_trusted_origin_is_scheme_host_and_port() {
    let cross = |origin| from(&[("sec-fetch-site", "same-site"), ("origin", origin)]);
    assert_eq!(cross("https://admin.example.com"), None);
    for other in [
        "http://admin.example.com",
        "https://admin.example.com:8443",
        "https://admin.example.com.attacker.example",
        "https://attacker.example/https://admin.example.com",
        "https://xadmin.example.com",
        "https://ADMIN.example.com",
    ] {
        assert_eq!(cross(other), Some(RefusalKind::CrossOrigin), "{other}");
    }
}

#[test]
fn the_request_does_not_say_what_its_origin_is() {
    let sent = [
        ("origin", "https://attacker.example"),
        ("host", "attacker.example"),
    ];
    assert_eq!(from(&sent), Some(RefusalKind::CrossOrigin));
    for name in [HOST, REFERER] {
        assert_eq!(from(&[(name.as_str(), "https://attacker.example")]), None);
    }
}

/// Fetch sends `Origin: null` with a form whose page has `Referrer-Policy: no-referrer`, as ours with a
/// token in their address do.
#[test]
fn a_page_without_referrers_can_post_to_its_own_origin() {
    assert_eq!(
        from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]),
        None
    );
    assert_eq!(
        from(&[("sec-fetch-site", "cross-site"), ("origin", "null")]),
        Some(RefusalKind::CrossOrigin),
    );
}

#[test]
fn a_header_that_comes_twice_is_refused() {
    for name in ["origin", "sec-fetch-site"] {
        let value = if name == "origin" {
            "https://app.example.com"
        } else {
            "same-site"
        };
        assert_eq!(
            from(&[(name, value), (name, value)]),
            Some(RefusalKind::DuplicateHeader),
        );
    }
}

#[test]
fn a_handshake_has_an_origin_and_no_token() {
    let from = |origin: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("origin", HeaderValue::from_static(origin));
        csrf(NEW).check_origin(&headers)
    };
    assert!(from("https://app.example.com").is_ok());
    let refused = from("https://attacker.example").unwrap_err();
    assert_eq!(refused.kind(), RefusalKind::CrossOrigin);
}

#[test]
fn the_cookie_alone_and_the_field_alone_are_worth_nothing() {
    let csrf = csrf(NEW);
    let [token, other] = [(), ()].map(|()| csrf.token(&session()).unwrap());
    let headers = with_cookie(token.as_str());
    assert_eq!(post(&csrf, &headers, Some(token.as_str())), None);
    assert_eq!(post(&csrf, &headers, None), Some(RefusalKind::MissingToken));
    assert_eq!(
        post(&csrf, &HeaderMap::new(), Some(token.as_str())),
        Some(RefusalKind::MissingCookie),
    );
    assert_eq!(
        post(&csrf, &headers, Some(other.as_str())),
        Some(RefusalKind::Mismatch)
    );
    assert_eq!(post(&csrf, &headers, Some("")), Some(RefusalKind::Mismatch));
    let mut twice = headers.clone();
    twice.append(COOKIE, headers[COOKIE].clone());
    assert_eq!(
        post(&csrf, &twice, Some(token.as_str())),
        Some(RefusalKind::DuplicateCookie),
    );
}

/// fiber took any token that stood in both places, whoever had put it there.
#[test]
fn cve_2023_45128_cve_2023_45141_an_injected_token_is_of_another_session() {
    let csrf = csrf(NEW);
    let attackers = csrf.token(&Binding::session(&[8; 32])).unwrap();
    let anonymous = csrf.token(&Binding::anonymous()).unwrap();
    for token in [attackers, anonymous] {
        let headers = with_cookie(token.as_str());
        assert_eq!(
            post(&csrf, &headers, Some(token.as_str())),
            Some(RefusalKind::OtherBinding),
        );
    }
    for invented in ["", "a", "new..", "new.AAAA.AAAA", "x"] {
        let headers = with_cookie(invented);
        assert_eq!(
            post(&csrf, &headers, Some(invented)),
            Some(RefusalKind::MalformedToken),
            "{invented}",
        );
    }
}

#[test]
fn login_csrf_a_login_form_needs_a_token_too_and_it_ends_at_the_sign_in() {
    let csrf = csrf(NEW);
    let login = csrf.token(&Binding::anonymous()).unwrap();
    let headers = with_cookie(login.as_str());
    let check = |binding, submitted| {
        csrf.check(&Method::POST, &headers, &binding, submitted)
            .is_ok()
    };
    assert!(!check(Binding::anonymous(), None));
    assert!(check(Binding::anonymous(), Some(login.as_str())));
    assert!(!check(session(), Some(login.as_str())));
    assert!(csrf.held(&headers, &Binding::anonymous()).is_some());
    assert!(csrf.held(&headers, &session()).is_none());
}

#[test]
fn a_binding_is_what_the_session_cookie_says() {
    let cookie = Cookie::new("__Host-session").unwrap();
    let of = |field: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_static(field));
        Binding::of(&cookie, &headers)
    };
    assert_eq!(of("theme=dark"), Ok(Binding::anonymous()));
    assert_eq!(of("__Host-session=a"), of("theme=dark; __Host-session=a"));
    assert_ne!(of("__Host-session=a"), of("__Host-session=b"));
    // The SHA-256 of "abc", of FIPS 180-2.
    let digest = [
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22,
        0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00,
        0x15, 0xad,
    ];
    assert_eq!(of("__Host-session=abc"), Ok(Binding::session(&digest)));
    assert_ne!(Binding::session(&[0; 32]), Binding::anonymous());
    assert!(of("__Host-session=a; __Host-session=b").is_err());
}

#[test]
fn keys_are_exchanged_while_forms_are_open() {
    let (before, during, after) = (csrf(OLD), csrf(&format!("{OLD} {NEW}")), csrf(NEW));
    let old = before.token(&session()).unwrap();
    let headers = with_cookie(old.as_str());
    let submitted = Some(old.as_str());
    assert_eq!(post(&during, &headers, submitted), None);
    assert_eq!(
        post(&after, &headers, submitted),
        Some(RefusalKind::UnknownKey)
    );
    assert!(
        during
            .token(&session())
            .unwrap()
            .as_str()
            .starts_with("new.")
    );
    // The id says which key is asked, and no other one answers.
    let renamed = old.as_str().replacen("old", "new", 1);
    let headers = with_cookie(&renamed);
    assert_eq!(
        post(&during, &headers, Some(&renamed)),
        Some(RefusalKind::OtherBinding)
    );
}

#[test]
fn each_bit_of_a_token_counts() {
    let csrf = csrf(NEW);
    let token = csrf.token_with(&session(), &[3; 16]);
    for place in 0..token.as_str().len() {
        for bit in 0..7 {
            let mut bytes = token.as_str().as_bytes().to_vec();
            bytes[place] ^= 1 << bit;
            let changed = String::from_utf8(bytes).unwrap();
            let Ok(cookie) = HeaderValue::try_from(format!("__Host-csrf={changed}")) else {
                continue;
            };
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie);
            let refused = post(&csrf, &headers, Some(&changed));
            assert!(refused.is_some(), "{changed}");
        }
    }
}

/// Computed by Python's `hmac` over `b"weft-auth csrf 1\0" + b"\1" + b"\7" * 32 + b"\3" * 16`, with the
/// bytes 0 to 31 as the key.
#[test]
fn a_token_is_the_hmac_of_its_binding() {
    let token = csrf(NEW).token_with(&session(), &[3; 16]);
    assert_eq!(
        token.as_str(),
        "new.AwMDAwMDAwMDAwMDAwMDAw.jxl04sry-3wUOfNqR1ZQXWmjEwvD9fMMTZfpVr3B-h4"
    );
}

#[test]
fn the_field_is_found_by_its_bytes() {
    let found = |form: &str| submitted_in(form.as_bytes()).map(|token| token.map(str::to_owned));
    assert_eq!(found("a=b&csrf_token=t&c=d"), Ok(Some("t".into())));
    assert_eq!(found("csrf_token="), Ok(Some(String::new())));
    for form in [
        "",
        "a=b",
        "csrf%5Ftoken=t",
        "xcsrf_token=t",
        "csrf_token",
        "CSRF_TOKEN=t",
        "csrf_token[]=t",
    ] {
        assert_eq!(found(form), Ok(None), "{form}");
    }
    let twice = found("csrf_token=t&csrf_token=t").unwrap_err();
    assert_eq!(twice.kind(), RefusalKind::DuplicateToken);
}

#[test]
fn a_list_of_keys_says_what_is_wrong_with_it() {
    let error = |text: &str| text.parse::<Keyring>().unwrap_err();
    assert_eq!(error(" , "), KeyringError::Empty);
    assert_eq!(error("nothing"), KeyringError::Id(1));
    assert_eq!(error(&NEW.replacen("new", "n.w", 1)), KeyringError::Id(1));
    assert_eq!(
        error(&NEW.replacen("new", &"n".repeat(33), 1)),
        KeyringError::Id(1)
    );
    assert_eq!(error(&format!("{OLD},{OLD}")), KeyringError::DuplicateId(2));
    assert_eq!(error(&format!("{OLD} a:AAAA")), KeyringError::Key(2));
}

#[test]
fn secrets_are_not_shown() {
    let csrf = csrf(NEW);
    let token: Token = csrf.token(&session()).unwrap();
    assert_eq!(format!("{token:?}"), "Token { key: \"new\", .. }");
    let shown = format!("{csrf:?}");
    assert!(shown.contains("Keyring { ids: [\"new\"], .. }"), "{shown}");
    assert!(csrf.set(&token).unwrap().is_sensitive());
}
