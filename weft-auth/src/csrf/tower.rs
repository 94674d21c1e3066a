//! A layer that no request gets around.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use bytes::Buf;
use http::header::{CONTENT_TYPE, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use tower_layer::Layer;
use tower_service::Service;

use super::{Binding, Checked, Csrf, FIELD, HEADER, Refusal, RefusalKind, Token};
use crate::cookie::{Cookie, CookieRefusal};
use crate::headers::private;
use crate::random::NoRandomness;

/// How long a form may be where nothing else is said: 64 KiB.
pub const FORM_LIMIT: usize = 64 * 1024;

/// Refuses forged requests, and gives pages the token for their forms.
///
/// Every request that may change something has to bring the token: in the header
/// [`x-csrf-token`](HEADER), or in the field [`csrf_token`](FIELD) of an
/// `application/x-www-form-urlencoded` body, which is read for that and handed on. A service further in
/// finds [`Checked`] and [`FormToken`] in the request's extensions.
///
/// # Security
/// The time that a form takes to arrive is the server's to limit.
#[derive(Debug, Clone)]
pub struct CsrfLayer {
    csrf: Arc<Csrf>,
    session: Cookie,
    form_limit: usize,
}

impl CsrfLayer {
    /// With tokens bound to the session whose token is in that cookie.
    pub fn new(csrf: impl Into<Arc<Csrf>>, session: Cookie) -> CsrfLayer {
        CsrfLayer {
            csrf: csrf.into(),
            session,
            form_limit: FORM_LIMIT,
        }
    }

    /// The same with another limit on the bytes of a form.
    #[must_use]
    pub fn with_form_limit(self, form_limit: usize) -> CsrfLayer {
        CsrfLayer { form_limit, ..self }
    }

    async fn admit<B>(&self, request: Request<B>) -> Result<(Request<B>, FormToken), Refusal>
    where
        B: Body + From<Vec<u8>>,
    {
        let (mut parts, mut body) = request.into_parts();
        let binding = Binding::of(&self.session, &parts.headers).map_err(|refusal| {
            Refusal::new(match refusal {
                CookieRefusal::Duplicate => RefusalKind::DuplicateCookie,
                CookieRefusal::Malformed => RefusalKind::MalformedCookie,
            })
        })?;
        let checked = if super::changes_something(&parts.method) {
            self.csrf.check_origin(&parts.headers)?;
            let form;
            let submitted = match in_header(&parts.headers)? {
                Some(token) => Some(token),
                None if is_form(&parts.headers) => {
                    form = read(body, self.form_limit).await?;
                    body = B::from(form.clone());
                    super::submitted_in(&form)?
                }
                None => None,
            };
            self.csrf.check_token(&parts.headers, &binding, submitted)?
        } else {
            Checked(())
        };
        let token = FormToken::new(&self.csrf, binding, &parts.headers);
        parts.extensions.insert(checked);
        parts.extensions.insert(token.clone());
        Ok((Request::from_parts(parts, body), token))
    }
}

/// The token for the forms of the page that answers a request. One is made when the first form asks.
#[derive(Debug, Clone)]
pub struct FormToken(Arc<Slot>);

#[derive(Debug)]
struct Slot {
    csrf: Arc<Csrf>,
    binding: Binding,
    held: Option<Token>,
    given: OnceLock<Given>,
}

/// A token that a page was given.
#[derive(Debug)]
struct Given {
    token: Token,
    is_new: bool,
}

impl FormToken {
    fn new(csrf: &Arc<Csrf>, binding: Binding, headers: &HeaderMap) -> FormToken {
        FormToken(Arc::new(Slot {
            csrf: csrf.clone(),
            binding,
            held: csrf.held(headers, &binding),
            given: OnceLock::new(),
        }))
    }

    /// The token itself, for a header.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn token(&self) -> Result<&Token, NoRandomness> {
        let slot = &*self.0;
        if let Some(given) = slot.given.get() {
            return Ok(&given.token);
        }
        let (token, is_new) = match &slot.held {
            Some(token) => (token.clone(), false),
            None => (slot.csrf.token(&slot.binding)?, true),
        };
        let given = slot.given.get_or_init(|| Given { token, is_new });
        Ok(&given.token)
    }

    /// The hidden field for a form, as HTML.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn field(&self) -> Result<String, NoRandomness> {
        let token = self.token()?.as_str();
        Ok(format!(
            r#"<input type="hidden" name="{FIELD}" value="{token}">"#
        ))
    }

    /// Keeps an answer with a token out of caches, and sets the cookie if the browser has not got it.
    fn leave(&self, headers: &mut HeaderMap) {
        let Some(given) = self.0.given.get() else {
            return;
        };
        private(headers);
        if given.is_new
            && let Ok(cookie) = self.0.csrf.set(&given.token)
        {
            headers.append(SET_COOKIE, cookie);
        }
    }
}

/// The answer to every refused request: 403 with one text. The [`Refusal`] is in its extensions, where
/// a layer further out finds it for metrics.
pub fn refused<R: From<&'static str>>(refusal: Refusal) -> Response<R> {
    let mut response = Response::new(R::from(Refusal::MESSAGE));
    *response.status_mut() = StatusCode::FORBIDDEN;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, text);
    response.extensions_mut().insert(refusal);
    response
}

fn in_header(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(first) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(Refusal::new(RefusalKind::DuplicateToken));
    }
    let text = first.to_str();
    text.map(Some)
        .map_err(|_| Refusal::new(RefusalKind::MalformedToken))
}

fn is_form(headers: &HeaderMap) -> bool {
    let text = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = text.and_then(|text| text.split(';').next());
    essence.is_some_and(|text| {
        text.trim()
            .eq_ignore_ascii_case("application/x-www-form-urlencoded")
    })
}

async fn read<B: Body>(body: B, limit: usize) -> Result<Vec<u8>, Refusal> {
    let too_large = Refusal::new(RefusalKind::FormTooLarge);
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large);
    }
    let mut body = pin!(body);
    let mut form = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| Refusal::new(RefusalKind::FormIncomplete))?;
        let Ok(mut data) = frame.into_data() else {
            continue;
        };
        if data.remaining() > limit - form.len() {
            return Err(too_large);
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            form.extend_from_slice(chunk);
            let read = chunk.len();
            data.advance(read);
        }
    }
    Ok(form)
}

impl<S> Layer<S> for CsrfLayer {
    type Service = Guarded<S>;

    fn layer(&self, inner: S) -> Guarded<S> {
        Guarded {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service that [`CsrfLayer`] makes.
#[derive(Debug, Clone)]
pub struct Guarded<S> {
    inner: S,
    layer: CsrfLayer,
}

impl<S, B, R> Service<Request<B>> for Guarded<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + From<Vec<u8>> + Send + 'static,
    B::Data: Send,
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
        let layer = self.layer.clone();
        Box::pin(async move {
            let (request, token) = match layer.admit(request).await {
                Ok(admitted) => admitted,
                Err(refusal) => return Ok(refused(refusal)),
            };
            let mut response = inner.call(request).await?;
            token.leave(response.headers_mut());
            Ok(response)
        })
    }
}
