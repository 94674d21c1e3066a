use http::header::{CACHE_CONTROL, VARY};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Keeps an answer for one person out of every cache: `Cache-Control: no-store`, and `Vary: Cookie` for
/// caches that do not listen (CVE-2025-64762; ASVS 5.0, 14.3.2).
pub fn private(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let varies = headers.get_all(VARY).iter().any(|value| {
        let names = value.as_bytes().split(|&c| c == b',');
        names
            .map(<[u8]>::trim_ascii)
            .any(|name| name == b"*" || name.eq_ignore_ascii_case(b"cookie"))
    });
    if !varies {
        headers.append(VARY, HeaderValue::from_static("Cookie"));
    }
}

/// Makes the browser forget what it holds of this origin, for the answer to a sign-out (ASVS 5.0,
/// 14.3.1).
pub fn signed_out(headers: &mut HeaderMap) {
    private(headers);
    let everything = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");
    headers.insert(HeaderName::from_static("clear-site-data"), everything);
}
