//! What the doctor finds, and whether the Observatory agrees.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod findings;
#[allow(dead_code, reason = "nothing of PyPI's is asked here")]
#[path = "../../../weft-webhooks/tests/webhooks/libraries.rs"]
mod libraries;
mod observatory;

use http::{HeaderMap, HeaderName, HeaderValue};
use weft_auth::cookie::Cookie;
use weft_auth::doctor::Config;
use weft_auth::headers::{Csp, Hsts, Nonce, SecurityHeaders, Stage};

/// A site with all that this crate can give it.
fn ours() -> Config {
    let csp = Csp::pages().with_reports_to("https://app.example.com/reports");
    let security = SecurityHeaders::new(&csp).unwrap();
    let security = security.with_hsts(Hsts::at(Stage::TwoYears));
    let mut page = HeaderMap::new();
    security.write(&Nonce::from_bytes([7; 16]), &mut page);
    let session = Cookie::new("__Host-session").unwrap();
    page.append("set-cookie", session.set("a").unwrap());
    Config::new(page)
}

fn set(headers: &mut HeaderMap, name: &str, value: &str) {
    let name = HeaderName::try_from(name).unwrap();
    if value.is_empty() {
        headers.remove(name);
    } else {
        headers.insert(name, HeaderValue::try_from(value).unwrap());
    }
}
