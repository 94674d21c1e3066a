//! Requests as HTTP servers hand them over: read within limits, verified, refused alike.
//!
//! [`receive`] is for handlers that hold headers and a body; [`WebhookLayer`] is for services. Both
//! need Tokio's timer.

mod layer;
mod read;

use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};

use crate::Refusal;

pub use layer::{WebhookLayer, Webhooks};
pub use read::{read_body, receive};

/// How long a body may take to arrive where nothing else is said.
pub const WITHIN: Duration = Duration::from_secs(10);

/// The answer to every refused request: 403 with one text. The [`Refusal`] is in its extensions, where
/// a layer further out finds it for metrics.
///
/// ```
/// # use weft_webhooks::{RefusalKind, Scheme, Secret, Verifier, tower};
/// # let secret = Secret::new("2026-11", "a secret of 24 bytes or more").unwrap();
/// # let verifier = Verifier::new(Scheme::github(), [secret]).unwrap();
/// # let now = std::time::SystemTime::now();
/// # let refusal = verifier.verify(&http::HeaderMap::new(), Vec::new(), now).unwrap_err();
/// let response: http::Response<String> = tower::refused(refusal);
/// assert_eq!((response.status().as_u16(), response.body().as_str()), (403, "webhook refused"));
/// ```
pub fn refused<R: From<&'static str>>(refusal: Refusal) -> Response<R> {
    let mut response = Response::new(R::from(Refusal::MESSAGE));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response.extensions_mut().insert(refusal);
    response
}
