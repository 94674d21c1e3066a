use http::HeaderMap;

use super::Verdict;
use crate::doctor::set_cookie::{self, SetCookie};

/// What can be wrong with cookies, the worst last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Wrong {
    NotSecureUnderHsts,
    NotSecure,
    SessionNotSecureUnderHsts,
    SameSiteInvalid,
    CsrfWithoutSameSite,
    SessionWithoutHttpOnly,
    SessionNotSecure,
}

pub(super) fn judge(headers: &HeaderMap, hsts: bool) -> Verdict {
    let cookies = set_cookie::all(headers);
    let worst = cookies.iter().flat_map(|cookie| wrong(cookie, hsts)).max();
    let (result, modifier) = match worst {
        Some(Wrong::NotSecureUnderHsts) => {
            ("cookies-without-secure-flag-but-protected-by-hsts", -5)
        }
        Some(Wrong::NotSecure) => ("cookies-without-secure-flag", -20),
        Some(Wrong::SessionNotSecureUnderHsts) => (
            "cookies-session-without-secure-flag-but-protected-by-hsts",
            -10,
        ),
        Some(Wrong::SameSiteInvalid) => ("cookies-samesite-flag-invalid", -20),
        Some(Wrong::CsrfWithoutSameSite) => ("cookies-anticsrf-without-samesite-flag", -20),
        Some(Wrong::SessionWithoutHttpOnly) => ("cookies-session-without-httponly-flag", -30),
        Some(Wrong::SessionNotSecure) => ("cookies-session-without-secure-flag", -40),
        None if cookies.is_empty() => ("cookies-not-found", 0),
        None if cookies.iter().all(|cookie| cookie.same_site.is_some()) => {
            ("cookies-secure-with-httponly-sessions-and-samesite", 5)
        }
        None => ("cookies-secure-with-httponly-sessions", 0),
    };
    Verdict::new("cookies", result, modifier)
}

fn wrong(cookie: &SetCookie, hsts: bool) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    let same_site = cookie.same_site.as_deref();
    let known = same_site.is_none_or(|value| ["lax", "strict", "none"].contains(&value));
    if !known || !cookie.secure && same_site == Some("none") {
        wrong.push(Wrong::SameSiteInvalid);
    }
    if !cookie.secure {
        wrong.push(match (cookie.is_of_session(), hsts) {
            (false, true) => Wrong::NotSecureUnderHsts,
            (false, false) => Wrong::NotSecure,
            (true, true) => Wrong::SessionNotSecureUnderHsts,
            (true, false) => Wrong::SessionNotSecure,
        });
    }
    if cookie.is_of_csrf() && same_site.is_none() {
        wrong.push(Wrong::CsrfWithoutSameSite);
    }
    if cookie.is_of_session() && !cookie.http_only {
        wrong.push(Wrong::SessionWithoutHttpOnly);
    }
    wrong
}
