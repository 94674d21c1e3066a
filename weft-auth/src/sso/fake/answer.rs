use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use serde_json::json;

pub(super) fn answer(status: u16, content_type: &'static str, body: &str) -> Response<Vec<u8>> {
    let mut response = Response::new(body.as_bytes().to_vec());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

pub(super) fn json_answer(status: u16, body: &impl ToString) -> Response<Vec<u8>> {
    answer(status, "application/json; charset=utf-8", &body.to_string())
}

/// An error of the API.
pub(super) fn error(status: u16, code: &str) -> Response<Vec<u8>> {
    json_answer(status, &json!({ "message": code, "code": code }))
}

/// An error of `/sso/token`.
pub(super) fn oauth_error(error: &str, description: &str) -> Response<Vec<u8>> {
    let body = json!({ "error": error, "error_description": description });
    json_answer(400, &body)
}

pub(super) fn redirect(to: &str) -> Response<Vec<u8>> {
    match HeaderValue::try_from(to) {
        Ok(location) => {
            let mut response = answer(302, "text/plain", "");
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Err(_) => error(400, "invalid_redirect_uri"),
    }
}
