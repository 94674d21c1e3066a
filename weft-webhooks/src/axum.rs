//! An extractor for axum.

use std::sync::Arc;
use std::time::SystemTime;

use axum_core::body::Body;
use axum_core::extract::{FromRef, FromRequest, Request};
use axum_core::response::{IntoResponse, Response};

use crate::tower::{WITHIN, receive, refused};
use crate::{Refusal, Verified, Verifier};

/// A verified request, for an endpoint whose [`Verifier`] is in the state.
///
/// ```
/// use std::sync::Arc;
/// use axum::{Router, routing::post};
/// use weft_webhooks::{Scheme, Secret, Verifier, axum::Webhook};
///
/// async fn stripe(Webhook(verified): Webhook) -> String {
///     format!("{} bytes", verified.body().len())
/// }
///
/// # fn main() -> Result<(), weft_webhooks::SecretError> {
/// let secret = Secret::new("2026-11", "whsec_4kq0yS1cVdZb7uWm2LxT9fGhJ3nR8pEa")?;
/// let verifier = Verifier::new(Scheme::stripe(), [secret])?;
/// let app: Router = Router::new()
///     .route("/stripe", post(stripe))
///     .with_state(Arc::new(verifier));
/// # let _ = app;
/// # Ok(()) }
/// ```
///
/// It takes the body, so no other extractor can have touched it:
///
/// ```compile_fail,E0277
/// use std::sync::Arc;
/// use axum::{Router, body::Bytes, routing::post};
/// use weft_webhooks::{Verifier, axum::Webhook};
///
/// async fn stripe(body: Bytes, Webhook(verified): Webhook) -> String {
///     format!("{} bytes", verified.body().len())
/// }
///
/// let app: Router<Arc<Verifier>> = Router::new().route("/stripe", post(stripe));
/// ```
///
/// The body has the verifier's limit, whatever `DefaultBodyLimit` says, and 10 seconds to arrive. A
/// refused request gets the [`refused`] answer.
///
/// # Security
/// A middleware can still replace the body before; then it is the replacement that is refused.
#[derive(Debug, Clone)]
pub struct Webhook(pub Verified);

impl<S> FromRequest<S> for Webhook
where
    Arc<Verifier>: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Webhook, Refusal> {
        let verifier = <Arc<Verifier>>::from_ref(state);
        let (parts, body) = request.into_parts();
        let now = SystemTime::now();
        let verified = receive(&verifier, &parts.headers, body, WITHIN, now).await?;
        Ok(Webhook(verified))
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        refused::<Body>(self)
    }
}
