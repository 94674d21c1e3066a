use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use http::{Request, Response};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{WITHIN, receive, refused};
use crate::Verifier;

/// Lets a service see verified requests only: with [`Verified`](crate::Verified) in the extensions,
/// and an empty body. Every other request gets the [`refused`] answer.
///
/// ```
/// use std::convert::Infallible;
/// use http::{Request, Response};
/// use tower::{ServiceBuilder, service_fn};
/// use weft_webhooks::{Scheme, Secret, Verified, Verifier, tower::WebhookLayer};
///
/// let secret = Secret::new("2026-11", "a secret of 24 bytes or more")?;
/// let github = Verifier::new(Scheme::github(), [secret])?;
/// let service = ServiceBuilder::new()
///     .layer(WebhookLayer::new(github))
///     .service(service_fn(async |request: Request<String>| {
///         let verified = request.extensions().get::<Verified>();
///         let length = verified.map_or(0, |verified| verified.body().len());
///         Ok::<_, Infallible>(Response::new(format!("{length} bytes")))
///     }));
/// # let _ = service;
/// # Ok::<(), weft_webhooks::SecretError>(())
/// ```
///
/// # Security
/// A layer further in, or a service that is reached by another way as well, has to ask for the
/// extension and refuse without it.
#[derive(Debug, Clone)]
pub struct WebhookLayer {
    verifier: Arc<Verifier>,
    within: Duration,
}

impl WebhookLayer {
    /// For the requests of one endpoint, whose bodies arrive within 10 seconds.
    pub fn new(verifier: impl Into<Arc<Verifier>>) -> WebhookLayer {
        WebhookLayer {
            verifier: verifier.into(),
            within: WITHIN,
        }
    }

    /// The same with another limit on the time that a body may take.
    #[must_use]
    pub fn within(self, within: Duration) -> WebhookLayer {
        WebhookLayer { within, ..self }
    }
}

impl<S> Layer<S> for WebhookLayer {
    type Service = Webhooks<S>;

    fn layer(&self, inner: S) -> Webhooks<S> {
        Webhooks {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`WebhookLayer`] makes.
#[derive(Debug, Clone)]
pub struct Webhooks<S> {
    inner: S,
    layer: WebhookLayer,
}

impl<S, B, R> Service<Request<B>> for Webhooks<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Default + Send + 'static,
    R: From<&'static str>,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that was ready is the one to call.
        let ready = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, ready);
        let WebhookLayer { verifier, within } = self.layer.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let now = SystemTime::now();
            match receive(&verifier, &parts.headers, body, within, now).await {
                Ok(verified) => {
                    parts.extensions.insert(verified);
                    let request = Request::from_parts(parts, B::default());
                    inner.call(request).await
                }
                Err(refusal) => Ok(refused(refusal)),
            }
        })
    }
}
