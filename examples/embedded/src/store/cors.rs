use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};
use s3s::Body;

/// What browsers let pages of other origins do: those of one origin may upload.
pub(super) struct Cors(HeaderValue);

/// The headers that a signed upload comes with.
const HEADERS: &str = "content-type, if-none-match, x-amz-checksum-sha256";

impl Cors {
    pub(super) fn new(origin: &str) -> Option<Cors> {
        HeaderValue::from_str(origin).ok().map(Cors)
    }

    /// The answer to a browser that asks beforehand.
    pub(super) fn preflight(&self, asked: &Parts) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        let method = asked.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let is_upload = method.is_some_and(|method| method == "POST" || method == "PUT");
        if !is_upload || !self.is_from(&asked.headers) {
            *response.status_mut() = StatusCode::FORBIDDEN;
            return response;
        }
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "POST, PUT"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS),
            (header::ACCESS_CONTROL_MAX_AGE, "600"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }

    /// Lets the page read the answer, if it is one of that origin.
    pub(super) fn apply(&self, from_there: bool, headers: &mut HeaderMap) {
        headers.insert(header::VARY, HeaderValue::from_static("Origin"));
        if from_there {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.0.clone());
            headers.insert(
                header::ACCESS_CONTROL_EXPOSE_HEADERS,
                HeaderValue::from_static("ETag"),
            );
        }
    }

    pub(super) fn is_from(&self, asked: &HeaderMap) -> bool {
        let mut origins = asked.get_all(header::ORIGIN).iter();
        origins.next() == Some(&self.0) && origins.next().is_none()
    }
}
