use http::HeaderMap;
use http::header::AsHeaderName;

use crate::{Refusal, RefusalKind};

/// The value of a header that is there exactly once, in visible ASCII of at most `limit` bytes.
///
/// Of two values of one name, proxies and frameworks disagree which one counts.
pub(crate) fn one(
    headers: &HeaderMap,
    name: impl AsHeaderName,
    limit: usize,
) -> Result<&str, Refusal> {
    let mut values = headers.get_all(name).into_iter();
    let value = values
        .next()
        .ok_or(Refusal::new(RefusalKind::MissingHeader))?;
    if values.next().is_some() {
        return Err(Refusal::new(RefusalKind::DuplicateHeader));
    }
    if value.len() > limit {
        return Err(Refusal::new(RefusalKind::HeaderTooLong));
    }
    value
        .to_str()
        .map_err(|_| Refusal::new(RefusalKind::MalformedHeader))
}
