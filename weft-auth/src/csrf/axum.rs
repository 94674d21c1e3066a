//! Extractors, and routes that are guarded, or exempt by what they take.

use std::convert::Infallible;

use axum::Router;
#[cfg(feature = "reports")]
use axum::extract::State;
use axum::extract::{FromRequestParts, Request};
use axum::handler::Handler;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{Route, post};
use tower_layer::Layer;
use tower_service::Service;

use super::tower::{CsrfLayer, FormToken};
use super::{Checked, changes_something};
#[cfg(feature = "reports")]
use crate::headers::report::Reports;

impl<S: Sync> FromRequestParts<S> for Checked {
    type Rejection = StatusCode;

    /// Refuses with 500 where [`CsrfLayer`] is not around the route.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Checked, StatusCode> {
        let checked = parts.extensions.get::<Checked>();
        checked.copied().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl<S: Sync> FromRequestParts<S> for FormToken {
    type Rejection = StatusCode;

    /// Refuses with 500 where [`CsrfLayer`] is not around the route.
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<FormToken, StatusCode> {
        let token = parts.extensions.get::<FormToken>();
        token.cloned().ok_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

/// Routes behind [`CsrfLayer`], and beside them those whose every request is signed, bears a token, or
/// does nothing but report.
///
/// ```
/// use axum::extract::{FromRequest, Request};
/// use axum::{Router, http::StatusCode, routing::post};
/// use weft_auth::csrf::{Csrf, axum::{Guarded, VerifiesSignature}, tower::{CsrfLayer, FormToken}};
/// # use weft_auth::{Origin, cookie::Cookie};
///
/// struct Signed(Vec<u8>); // such as an extractor of weft-webhooks in a type of your own
/// impl VerifiesSignature for Signed {}
/// # impl<S: Sync> FromRequest<S> for Signed {
/// #     type Rejection = StatusCode;
/// #     async fn from_request(_: Request, _: &S) -> Result<Signed, StatusCode> { Err(StatusCode::FORBIDDEN) }
/// # }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let keys = "1:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=".parse()?;
/// # let csrf = Csrf::new(Origin::parse("https://app.example.com")?, keys)?;
/// let layer = CsrfLayer::new(csrf, Cookie::new("__Host-session")?);
/// let pages = Router::new().route("/note", post(|| async { "saved" }));
/// let app: Router = Guarded::new(pages, layer)
///     .signed("/webhooks/stripe", async |Signed(_body): Signed| StatusCode::OK)
///     .bearing(Router::new().route("/api/note", post(|| async { "kept" })), || StatusCode::UNAUTHORIZED)
///     .into_router();
/// # let _ = app; Ok(())
/// # }
/// ```
///
/// A handler that ends in anything else has no exemption:
///
/// ```compile_fail
/// # use weft_auth::csrf::axum::Guarded;
/// fn exempt(routes: Guarded) -> Guarded {
///     routes.signed("/webhooks/stripe", async |body: String| body)
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Guarded<S = ()> {
    router: Router<S>,
}

impl<S: Clone + Send + Sync + 'static> Guarded<S> {
    /// Those routes, behind the layer.
    pub fn new(routes: Router<S>, layer: CsrfLayer) -> Guarded<S> {
        Guarded {
            router: routes.layer(layer),
        }
    }

    /// The same with `layer` around the guard and those routes that are behind it.
    ///
    /// # Security
    /// It sees requests that nobody has judged yet. What it is for are answers: that to a refused request
    /// has the [`Refusal`](super::Refusal) in its extensions, and may say it in other words.
    #[must_use]
    pub fn layer<L>(self, layer: L) -> Guarded<S>
    where
        L: Layer<Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request, Error: Into<Infallible>> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        Guarded {
            router: self.router.layer(layer),
        }
    }

    /// And that one for POST, beside it.
    ///
    /// # Security
    /// Neither the handler nor its extractors see the browser's credentials: `Cookie` and
    /// `Authorization` are gone from the request, and `Set-Cookie` from the answer.
    #[must_use]
    pub fn signed<H, T>(self, path: &str, handler: H) -> Guarded<S>
    where
        H: Handler<T, S>,
        T: EndsInSignature + 'static,
    {
        let route = post(handler).layer(middleware::from_fn(without_credentials));
        Guarded {
            router: self.router.route(path, route),
        }
    }

    /// And those, beside it, whose requests bear a token in `Authorization`, which no browser adds by
    /// itself. What may change something and bears none gets `unauthorized`.
    ///
    /// # Security
    /// `Cookie` is gone from the request, and `Set-Cookie` from the answer: whoever is signed in as a
    /// person is nobody here.
    #[must_use]
    pub fn bearing<U, R>(self, routes: Router<S>, unauthorized: U) -> Guarded<S>
    where
        U: Fn() -> R + Clone + Send + Sync + 'static,
        R: IntoResponse,
    {
        let routes = routes.layer(middleware::from_fn(move |request, next| {
            let refusal = unauthorized.clone();
            async move { bearing(request, next, refusal).await }
        }));
        Guarded {
            router: self.router.merge(routes),
        }
    }

    /// And that one for POST, beside it, where browsers report what the policy kept them from: they add
    /// no token to a report. `keep` is all that happens.
    ///
    /// # Security
    /// Anybody may send reports. There is nothing but them to act upon: `keep` does not see who sent
    /// them, nor the request, and has no part in the answer.
    #[cfg(feature = "reports")]
    #[must_use]
    pub fn reports<F>(self, path: &str, keep: F) -> Guarded<S>
    where
        F: Fn(&S, Reports) + Clone + Send + Sync + 'static,
    {
        let handler = async move |State(state): State<S>, reports: Reports| {
            keep(&state, reports);
            StatusCode::NO_CONTENT
        };
        let route = post(handler).layer(middleware::from_fn(without_credentials));
        Guarded {
            router: self.router.route(path, route),
        }
    }

    /// All of them.
    pub fn into_router(self) -> Router<S> {
        self.router
    }
}

async fn without_credentials(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(header::AUTHORIZATION);
    without_cookies(request, next).await
}

async fn bearing<R: IntoResponse>(
    request: Request,
    next: Next,
    unauthorized: impl Fn() -> R,
) -> Response {
    if changes_something(request.method()) && !bears_a_token(request.headers()) {
        return unauthorized().into_response();
    }
    without_cookies(request, next).await
}

/// What stands behind `Basic` a browser may have been told, and adds by itself.
fn bears_a_token(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::AUTHORIZATION)
        .map(HeaderValue::as_bytes);
    let scheme = value.and_then(|value| value.split(|&c| c == b' ').next());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
}

async fn without_cookies(mut request: Request, next: Next) -> Response {
    request.headers_mut().remove(header::COOKIE);
    let mut response = next.run(request).await;
    response.headers_mut().remove(header::SET_COOKIE);
    response
}

/// An extractor that refuses every request whose body no key of the sender has signed.
///
/// # Security
/// To implement it is to promise that: the handler's route is exempt from CSRF protection.
pub trait VerifiesSignature {}

/// The arguments of a handler of which the last one [`VerifiesSignature`].
pub trait EndsInSignature: sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! ends_in_signature {
    ($($argument:ident)*) => {
        impl<M, $($argument,)* T: VerifiesSignature> sealed::Sealed for (M, $($argument,)* T) {}
        impl<M, $($argument,)* T: VerifiesSignature> EndsInSignature for (M, $($argument,)* T) {}
    };
}

ends_in_signature!();
ends_in_signature!(A);
ends_in_signature!(A B);
ends_in_signature!(A B C);
