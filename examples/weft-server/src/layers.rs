//! What every request passes: a time limit, a net for panics, and headers on the way out.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::Request,
    http::{HeaderValue, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::error::Problem;

/// Answers within [`LIMIT`], come what may.
pub async fn bounded(request: Request, next: Next) -> Response {
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    match timeout(LIMIT, AssertUnwindSafe(next.run(request)).catch_unwind()).await {
        Ok(Ok(response)) => {
            tracing::debug!(%method, path, status = response.status().as_u16(), "answered");
            response
        }
        Ok(Err(_)) => {
            tracing::error!(%method, path, "a handler panicked");
            Problem::internal().into_response()
        }
        Err(_) => {
            tracing::warn!(%method, path, "a request took too long");
            Problem::unavailable().into_response()
        }
    }
}

/// The headers that are right for every answer of this server.
pub async fn headed(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ] {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Slower than the database's own limit for a statement, so that the statement ends first.
const LIMIT: Duration = Duration::from_secs(30);
