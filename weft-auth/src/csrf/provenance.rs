//! Where a browser says that a request comes from: the rules of Go's `CrossOriginProtection`, and
//! stricter where those do not compare the scheme.

use http::header::ORIGIN;
use http::{HeaderMap, HeaderName};

use super::RefusalKind;
use crate::Origin;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Lets a request pass that a page of these origins made, or that no browser made.
///
/// `Sec-Fetch-Site` goes first: a page without referrers sends `Origin: null` even to its own origin.
/// Origins are compared in full, with scheme and port, and never with the request's own claim of its
/// host (CVE-2025-46721, CVE-2025-24358). Without both headers the token decides alone.
pub(super) fn judge(headers: &HeaderMap, origins: &[Origin]) -> Result<(), RefusalKind> {
    let site = single(headers, &SEC_FETCH_SITE)?;
    if let Some(b"same-origin" | b"none") = site {
        return Ok(());
    }
    let origin = single(headers, &ORIGIN)?;
    let known = origin.map(|origin| {
        origins
            .iter()
            .any(|known| known.as_str().as_bytes() == origin)
    });
    match (site, known) {
        (_, Some(true)) | (None, None) => Ok(()),
        _ => Err(RefusalKind::CrossOrigin),
    }
}

fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Result<Option<&'h [u8]>, RefusalKind> {
    let mut values = headers.get_all(name).iter();
    let first = values.next();
    if values.next().is_some() {
        return Err(RefusalKind::DuplicateHeader);
    }
    Ok(first.map(|value| value.as_bytes()))
}
