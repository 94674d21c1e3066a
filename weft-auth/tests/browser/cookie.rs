use std::time::Duration;

use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};
use weft_auth::cookie::{Cookie, CookieError, CookieRefusal, LONGEST_AGE, SameSite};

fn session() -> Cookie {
    Cookie::new("__Host-session").unwrap()
}

fn sent(fields: &[&[u8]]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for field in fields {
        headers.append(COOKIE, HeaderValue::from_bytes(field).unwrap());
    }
    headers
}

fn read(field: &[u8]) -> Result<Option<String>, CookieRefusal> {
    let headers = sent(&[field]);
    session()
        .read(&headers)
        .map(|value| value.map(str::to_owned))
}

#[test]
fn a_cookie_is_found_among_others() {
    for field in [
        "__Host-session=a1",
        "theme=dark; __Host-session=a1",
        "__Host-session=a1; theme=dark",
        "theme; __Host-session=a1; =nameless; a=b=c",
        "x=\u{fc}; __Host-session=a1",
        "theme=dark;__Host-session=a1",
    ] {
        assert_eq!(read(field.as_bytes()), Ok(Some("a1".into())), "{field}");
    }
    let crumbs = sent(&[b"theme=dark", b"__Host-session=a1"]);
    assert_eq!(session().read(&crumbs), Ok(Some("a1")));
    assert_eq!(session().read(&HeaderMap::new()), Ok(None));
    assert_eq!(read(b"__Host-session="), Ok(Some(String::new())));
}

/// Werkzeug took the name from the value of a cookie without one.
#[test]
fn cve_2023_23934_a_nameless_cookie_has_no_name() {
    for field in [
        &b"=__Host-session=bad"[..],
        b"==__Host-session=bad",
        b"; =__Host-session=bad",
        b"__Host-session",
        b"=",
    ] {
        assert_eq!(read(field), Ok(None));
    }
}

/// PHP and Rack decoded or mangled names until they were another's.
#[test]
fn cve_2022_31629_cve_2020_7070_cve_2020_8184_a_name_is_not_decoded() {
    for field in [
        "__%48ost-session=bad",
        "%5F%5FHost-session=bad",
        "__Host-%73ession=bad",
        "..Host-session=bad",
        "[_Host-session=bad",
        "_ Host-session=bad",
        "__Host_session=bad",
        "__Host-session[]=bad",
        "\"__Host-session\"=bad",
    ] {
        assert_eq!(read(field.as_bytes()), Ok(None), "{field}");
    }
}

/// Django and ASP.NET trimmed what browsers keep.
#[test]
fn cookie_chaos_2025_nothing_is_trimmed_around_a_name() {
    for space in [
        "\u{85}", "\u{a0}", "\u{1680}", "\u{2000}", "\u{2003}", "\u{2028}", "\u{202f}", "\u{205f}",
        "\u{3000}", "\u{feff}", "\t", " ", "+", "%20",
    ] {
        for field in [
            format!("{space}__Host-session=bad"),
            format!("a=b; {space}__Host-session=bad"),
            format!("__Host-session{space}=bad"),
        ] {
            assert_eq!(read(field.as_bytes()), Ok(None), "{field:?}");
        }
    }
    // A byte that is no character by itself.
    assert_eq!(read(b"\x85__Host-session=bad"), Ok(None));
    assert_eq!(read(b"\xa0__Host-session=bad"), Ok(None));
}

#[test]
fn names_are_not_folded() {
    for field in [
        "__host-session=bad",
        "__HOST-SESSION=bad",
        "__Host-Session=bad",
    ] {
        assert_eq!(read(field.as_bytes()), Ok(None), "{field}");
    }
}

#[test]
fn quotes_hide_nothing_and_legacy_attributes_mean_nothing() {
    let field = b"$Version=1; a=\"x; __Host-session=a1; b=y\"; $Path=/";
    assert_eq!(read(field), Ok(Some("a1".into())));
}

#[test]
fn a_cookie_that_comes_twice_is_refused() {
    for fields in [
        &[&b"__Host-session=a; __Host-session=b"[..]][..],
        &[b"__Host-session=a; __Host-session=a"],
        &[b"__Host-session=a", b"__Host-session=b"],
        &[b"__Host-session=; x=y; __Host-session=b"],
    ] {
        let headers = sent(fields);
        assert_eq!(session().read(&headers), Err(CookieRefusal::Duplicate));
    }
}

/// authentik answered 200 where a cookie could not be read.
#[test]
fn cve_2026_25748_a_malformed_cookie_is_a_refusal() {
    for value in [
        &b"\"quoted\""[..],
        b"a b",
        b" a",
        b"a\\b",
        b"a,b",
        b"\xff",
        "\u{fc}".as_bytes(),
        &[b'a'; 4096],
    ] {
        let field = [&b"__Host-session="[..], value].concat();
        assert_eq!(read(&field), Err(CookieRefusal::Malformed));
    }
}

#[test]
fn ws_2022_0330_prefixes_are_the_literal_ones() {
    assert!(
        session()
            .set("a")
            .unwrap()
            .as_bytes()
            .starts_with(b"__Host-session=a;")
    );
    for name in [
        "session",
        "Host__session",
        "__host-session",
        "_Host-session",
        "__Host_session",
        "__Secure_session",
        " __Host-session",
        "",
    ] {
        assert_eq!(Cookie::new(name), Err(CookieError::Prefix), "{name}");
    }
    for name in [
        "__Host-",
        "__Host-a b",
        "__Host-a=b",
        "__Host-a;b",
        "__Secure-\u{fc}",
    ] {
        assert_eq!(Cookie::new(name), Err(CookieError::Name), "{name}");
    }
}

/// The crate `cookie` panicked on an age that overflowed.
#[test]
fn rustsec_2017_0005_an_age_has_a_limit() {
    let kept = |age| session().with_max_age(age);
    for age in [
        Duration::MAX,
        Duration::from_secs(u64::MAX),
        LONGEST_AGE + Duration::from_nanos(1),
        Duration::from_millis(999),
        Duration::ZERO,
    ] {
        assert_eq!(kept(age), Err(CookieError::MaxAge));
    }
    let longest = kept(LONGEST_AGE).unwrap().set("a").unwrap();
    assert!(longest.as_bytes().ends_with(b"; Max-Age=34560000"));
}

#[test]
fn rodauth_142_a_cookie_is_set_with_all_its_attributes() {
    let strict = session().with_same_site(SameSite::Strict);
    assert_eq!(
        strict.set("a1").unwrap(),
        "__Host-session=a1; Path=/; Secure; HttpOnly; SameSite=Strict",
    );
    assert_eq!(
        session().unset().unwrap(),
        "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0",
    );
    let below = Cookie::new("__Secure-flow")
        .unwrap()
        .with_path("/sso")
        .unwrap();
    assert_eq!(
        below.set("a1").unwrap(),
        "__Secure-flow=a1; Path=/sso; Secure; HttpOnly; SameSite=Lax",
    );
    assert!(session().set("a1").unwrap().is_sensitive());
}

#[test]
fn no_value_and_no_path_ends_an_attribute() {
    for value in ["a;b", "a b", "a\"", "a,b", "a\\", "a\r\n", "\u{fc}", "a\0"] {
        assert_eq!(session().set(value), Err(CookieError::Value), "{value:?}");
    }
    let longest = "a".repeat(4096 - "__Host-session".len());
    assert!(session().set(&longest).is_ok());
    assert_eq!(session().set(&(longest + "a")), Err(CookieError::TooLong));
    let secure = || Cookie::new("__Secure-flow").unwrap();
    for path in ["", "sso", "/a;Domain=example.com", "/a b", "/\n"] {
        assert_eq!(secure().with_path(path), Err(CookieError::Path), "{path:?}");
    }
    assert_eq!(session().with_path("/"), Err(CookieError::Path));
}

#[test]
fn what_is_set_is_read() {
    let value: String = (b'!'..=b'~')
        .map(char::from)
        .filter(|c| !"\",;\\".contains(*c))
        .collect();
    let header = session().set(&value).unwrap();
    let pair = header
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    assert_eq!(read(pair.as_bytes()), Ok(Some(value)));
}
