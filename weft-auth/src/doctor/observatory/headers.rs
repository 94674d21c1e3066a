use http::HeaderMap;
use http::header::{
    REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};

use super::Verdict;

/// Half a year, rounded down, since many sites say so.
const SIX_MONTHS: u64 = 15_552_000;

pub(super) fn hsts(headers: &HeaderMap, preloaded: bool) -> Verdict {
    let (result, modifier) = match first(headers, STRICT_TRANSPORT_SECURITY.as_str()) {
        _ if preloaded => ("hsts-preloaded", 5),
        None => ("hsts-not-implemented", -20),
        Some(text) => match max_age(&text) {
            None => ("hsts-header-invalid", -20),
            Some(..SIX_MONTHS) => ("hsts-implemented-max-age-less-than-six-months", -10),
            Some(_) => ("hsts-implemented-max-age-at-least-six-months", 0),
        },
    };
    Verdict::new("strict-transport-security", result, modifier)
}

fn max_age(text: &str) -> Option<u64> {
    let mut directives = text.split(';').map(str::trim);
    let number = directives.find_map(|directive| directive.strip_prefix("max-age="))?;
    number.parse().ok()
}

pub(super) fn referrer_policy(headers: &HeaderMap) -> Verdict {
    let values = headers.get_all(REFERRER_POLICY).iter();
    let text: Vec<_> = values
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .collect();
    let text = text.join(",").to_ascii_lowercase();
    // The last one that a browser knows.
    let known = text
        .split(',')
        .rev()
        .find_map(|policy| match policy.trim() {
            "no-referrer" | "same-origin" | "strict-origin" | "strict-origin-when-cross-origin" => {
                Some(("referrer-policy-private", 5))
            }
            "origin" | "origin-when-cross-origin" | "unsafe-url" | "no-referrer-when-downgrade" => {
                Some(("referrer-policy-unsafe", -5))
            }
            _ => None,
        });
    let (result, modifier) = match known {
        Some(known) => known,
        None if headers.contains_key(REFERRER_POLICY) => ("referrer-policy-header-invalid", -5),
        None => ("referrer-policy-not-implemented", 0),
    };
    Verdict::new("referrer-policy", result, modifier)
}

pub(super) fn content_type_options(headers: &HeaderMap) -> Verdict {
    let (result, modifier) = match first(headers, X_CONTENT_TYPE_OPTIONS.as_str()).as_deref() {
        Some("nosniff") => ("x-content-type-options-nosniff", 0),
        Some(_) => ("x-content-type-options-header-invalid", -5),
        None => ("x-content-type-options-not-implemented", -5),
    };
    Verdict::new("x-content-type-options", result, modifier)
}

pub(super) fn frame_options(headers: &HeaderMap, has_frame_ancestors: bool) -> Verdict {
    let (result, modifier) = match first(headers, X_FRAME_OPTIONS.as_str()).as_deref() {
        _ if has_frame_ancestors => ("x-frame-options-implemented-via-csp", 5),
        Some("deny" | "sameorigin") => ("x-frame-options-sameorigin-or-deny", 0),
        Some(text) if text.starts_with("allow-from") => ("x-frame-options-allow-from-origin", 0),
        Some(_) => ("x-frame-options-header-invalid", -20),
        None => ("x-frame-options-not-implemented", -20),
    };
    Verdict::new("x-frame-options", result, modifier)
}

pub(super) fn resource_policy(headers: &HeaderMap) -> Verdict {
    let policy = first(headers, "cross-origin-resource-policy");
    let (result, modifier) = match policy.as_deref() {
        Some("same-origin") => ("corp-implemented-with-same-origin", 10),
        Some("same-site") => ("corp-implemented-with-same-site", 10),
        Some("cross-origin") => ("corp-implemented-with-cross-origin", 0),
        Some(_) => ("corp-header-invalid", -5),
        None => ("corp-not-implemented", 0),
    };
    Verdict::new("cross-origin-resource-policy", result, modifier)
}

/// The first of that name, without its case.
fn first(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    let text = String::from_utf8_lossy(value.as_bytes());
    Some(text.trim().to_ascii_lowercase())
}
