use std::collections::HashMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::CONTENT_TYPE;
use http::{Request, Response};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::answer::{error, json_answer, oauth_error};
use super::authorize::parameters;
use super::state::{State, bearer};

const CODE_LIFETIME: Duration = Duration::from_secs(600);

/// `POST /sso/token`, as a form or as JSON.
pub(super) fn token(state: &mut State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let Some(form) = form(request) else {
        return oauth_error(
            "invalid_request",
            "the body is neither a form nor JSON of texts",
        );
    };
    let text = |name: &str| form.get(name).map(String::as_str);
    if text("grant_type") != Some("authorization_code") {
        return oauth_error("unsupported_grant_type", "the grant type is not supported");
    }
    if text("client_id") != Some(&state.client_id) {
        return oauth_error("invalid_client", "invalid client id");
    }
    // A public client has no secret, and proves itself by PKCE.
    if text("client_secret").is_some_and(|secret| secret != state.api_key) {
        return oauth_error("invalid_client", "invalid client secret");
    }
    if text("client_secret").is_none() && text("code_verifier").is_none() {
        return oauth_error("unauthorized_client", "neither a secret nor a verifier");
    }
    let refused = || oauth_error("invalid_grant", "the code is invalid");
    let code = text("code").unwrap_or_default();
    let Some(grant) = state.codes.get(code).cloned() else {
        return refused();
    };
    if let Some(token) = &grant.token {
        // Somebody else has the code too, so what it gave is no good any more (RFC 6749, 4.1.2).
        state.tokens.remove(token);
        return refused();
    }
    let age = state.now.duration_since(grant.issued).unwrap_or_default();
    let redirect_fits = text("redirect_uri").is_none_or(|uri| uri == grant.redirect_uri);
    let challenge = text("code_verifier").map(challenge);
    if age >= CODE_LIFETIME
        || grant.client_id != state.client_id
        || !redirect_fits
        || challenge != grant.challenge
    {
        return refused();
    }
    let token = state.next("token");
    if let Some(grant) = state.codes.get_mut(code) {
        grant.token = Some(token.clone());
    }
    state.tokens.insert(token.clone(), grant.profile.clone());
    json_answer(
        200,
        &json!({
            "token_type": "Bearer",
            "access_token": token,
            "expires_in": 600,
            "profile": grant.profile,
        }),
    )
}

/// `GET /sso/profile`.
pub(super) fn profile(state: &State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    match bearer(request).and_then(|token| state.tokens.get(token)) {
        Some(profile) => json_answer(200, profile),
        None => error(401, "unauthorized"),
    }
}

fn form(request: &Request<Vec<u8>>) -> Option<HashMap<String, String>> {
    let content_type = request.headers().get(CONTENT_TYPE)?.to_str().ok()?;
    match content_type.split(';').next()?.trim() {
        "application/x-www-form-urlencoded" => parameters(request.body()),
        "application/json" => serde_json::from_slice(request.body()).ok(),
        _ => None,
    }
}

fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(verifier))
}
