//! One cookie for each flow, so that tabs do not overwrite each other's, and few of them, so that the
//! header does not outgrow what servers read.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue};
use subtle::ConstantTimeEq;

use super::flow::{FLOW_LIFETIME, digest};
use crate::cookie::{self, Cookie, CookieError};

/// How many flows a browser has at once; the oldest gives way.
pub const FLOWS: usize = 5;

const PREFIX: &str = "__Host-sso-";

/// The cookies that start a flow: its own, and the ends of those that gave way to it.
pub(super) fn start(
    headers: &HeaderMap,
    state: &str,
    now: SystemTime,
) -> Result<Vec<HeaderValue>, CookieError> {
    let mut flows: Vec<(u64, String)> = cookie::pairs(headers)
        .filter_map(|(name, value)| {
            let name = str::from_utf8(name).ok()?;
            is_ours(name).then(|| (started(value).unwrap_or(0), name.to_owned()))
        })
        .collect();
    flows.sort();
    let excess = (flows.len() + 1).saturating_sub(FLOWS);
    let mut cookies = Vec::new();
    for (_, name) in flows.into_iter().take(excess) {
        cookies.push(Cookie::new(name)?.unset()?);
    }
    let seconds = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let own = of(state)?.with_max_age(FLOW_LIFETIME)?;
    cookies.push(own.set(&format!("{seconds}.{state}"))?);
    Ok(cookies)
}

/// Whether this browser started the flow with that state.
pub(super) fn is_of_browser(headers: &HeaderMap, state: &str) -> bool {
    let Ok(cookie) = of(state) else {
        return false;
    };
    let Ok(Some(value)) = cookie.read(headers) else {
        return false;
    };
    let held = value.split_once('.').map_or("", |(_, state)| state);
    held.as_bytes().ct_eq(state.as_bytes()).into()
}

/// The cookie of a flow, to be unset when it is over.
pub(super) fn of(state: &str) -> Result<Cookie, CookieError> {
    let [a, b, c, d, ..] = digest(state);
    Cookie::new(format!("{PREFIX}{a:02x}{b:02x}{c:02x}{d:02x}"))
}

/// Whether [`of`] gives a cookie that name: what else a browser sends is none of a flow.
fn is_ours(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).map(str::as_bytes);
    let is_digit = |c: &u8| c.is_ascii_digit() || (b'a'..=b'f').contains(c);
    digits.is_some_and(|digits| digits.len() == 8 && digits.iter().all(is_digit))
}

fn started(value: &[u8]) -> Option<u64> {
    let (seconds, _) = str::from_utf8(value).ok()?.split_once('.')?;
    seconds.parse().ok()
}
