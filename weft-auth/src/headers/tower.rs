//! A layer that writes them on every answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, SET_COOKIE};
use http::{HeaderMap, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::{Nonce, SecurityHeaders, private};

/// Writes [`SecurityHeaders`] on every answer, with a new [`Nonce`] that the service finds in the
/// request's extensions, and keeps private answers out of caches.
///
/// An answer is private if it sets a cookie, or if the request brought `Cookie` or `Authorization` and
/// the service said nothing of caching itself, as it does for files that are the same for everyone.
///
/// Without randomness there is no nonce, and with that no script that bears one.
#[derive(Debug, Clone)]
pub struct SecurityHeadersLayer {
    headers: Arc<SecurityHeaders>,
}

impl SecurityHeadersLayer {
    /// For those.
    pub fn new(headers: impl Into<Arc<SecurityHeaders>>) -> SecurityHeadersLayer {
        SecurityHeadersLayer {
            headers: headers.into(),
        }
    }
}

impl<S> Layer<S> for SecurityHeadersLayer {
    type Service = WithSecurityHeaders<S>;

    fn layer(&self, inner: S) -> WithSecurityHeaders<S> {
        WithSecurityHeaders {
            inner,
            headers: self.headers.clone(),
        }
    }
}

/// The service that [`SecurityHeadersLayer`] makes.
#[derive(Debug, Clone)]
pub struct WithSecurityHeaders<S> {
    inner: S,
    headers: Arc<SecurityHeaders>,
}

impl<S, B, R> Service<Request<B>> for WithSecurityHeaders<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Future: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let nonce = Nonce::random().ok();
        if let Some(nonce) = &nonce {
            request.extensions_mut().insert(nonce.clone());
        }
        let identified = [COOKIE, AUTHORIZATION]
            .iter()
            .any(|name| request.headers().contains_key(name));
        let headers = self.headers.clone();
        let response = self.inner.call(request);
        Box::pin(async move {
            let mut response = response.await?;
            // An empty one is none: browsers pass over `'nonce-'`.
            let nonce = nonce.as_ref().map_or("", Nonce::as_str);
            headers.write_with(nonce, response.headers_mut());
            keep_private(identified, response.headers_mut());
            Ok(response)
        })
    }
}

fn keep_private(identified: bool, headers: &mut HeaderMap) {
    let sets_cookie = headers.contains_key(SET_COOKIE);
    if sets_cookie || identified && !headers.contains_key(CACHE_CONTROL) {
        private(headers);
    }
}
