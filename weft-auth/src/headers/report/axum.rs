use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderValue, StatusCode, header};

use super::{LONGEST, NotReports, Reports};

impl<S: Sync> FromRequest<S> for Reports {
    type Rejection = StatusCode;

    /// Refuses with 415, 413 or 400.
    async fn from_request(request: Request, _: &S) -> Result<Reports, StatusCode> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LONGEST).await;
        let body = body.map_err(|_| status(NotReports::Length))?;
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let kind = kind.map(HeaderValue::to_str).and_then(Result::ok);
        Reports::parse(kind.unwrap_or_default(), &body).map_err(status)
    }
}

fn status(refusal: NotReports) -> StatusCode {
    match refusal {
        NotReports::Type => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        NotReports::Length => StatusCode::PAYLOAD_TOO_LARGE,
        NotReports::Form => StatusCode::BAD_REQUEST,
    }
}
