//! What every request passes: a time limit, a net for panics, and headers on the way out.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures_util::FutureExt;
use tokio::time::timeout;

use weft_auth::csrf;

use crate::{
    app::AppState,
    error::Problem,
    pages::refused::{Refused, too_old},
};

/// Answers within half a minute, come what may.
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

/// Answers what was meant for this site, and not for another name that leads to this machine.
pub async fn meant(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.site().is_meant(request.uri(), request.headers()) {
        true => next.run(request).await,
        false => {
            let detail = format!("this is {}", state.site().origin().as_str());
            Refused::from(Problem::new(StatusCode::MISDIRECTED_REQUEST, detail)).into_response()
        }
    }
}

/// Says in a page what the guard against forged requests refused.
pub async fn refused(request: Request, next: Next) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let Some(refusal) = response.extensions().get::<csrf::Refusal>() else {
        return response;
    };
    tracing::debug!(path, kind = refusal.kind().name(), "a form was refused");
    let mut page = too_old(&path);
    page.extensions_mut().insert(*refusal);
    page
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

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, middleware::from_fn, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[expect(clippy::disallowed_methods, reason = "routes of a test")]
    async fn status(path: &str) -> u16 {
        let app = Router::new()
            .route(
                "/panics",
                get(async || -> &'static str { panic!("a secret") }),
            )
            .route(
                "/hangs",
                get(async || std::future::pending::<&'static str>().await),
            )
            .layer(from_fn(bounded));
        let request = Request::get(path).body(Body::empty()).unwrap();
        app.oneshot(request).await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        assert_eq!(status("/panics").await, 500);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_ever() {
        assert_eq!(status("/hangs").await, 503);
    }
}
