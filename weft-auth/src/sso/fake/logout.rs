use std::collections::HashMap;

use http::{Request, Response};
use serde_json::json;

use super::answer::{error, json_answer, redirect};
use super::authorize::parameters;
use super::state::State;

/// `POST /sso/logout/authorize`: a token for the browser of somebody who signed in.
pub(super) fn authorize(state: &mut State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let body: Option<HashMap<String, String>> = serde_json::from_slice(request.body()).ok();
    let Some(profile) = body.and_then(|mut body| body.remove("profile_id")) else {
        return error(422, "profile_id_required");
    };
    if !state.profiles.contains(&profile) {
        return error(404, "entity_not_found");
    }
    let token = state.next("logout");
    state.logouts.insert(token.clone(), profile);
    json_answer(
        200,
        &json!({
            "logout_url": format!("https://api.workos.com/sso/logout?token={token}"),
            "logout_token": token,
        }),
    )
}

/// `GET /sso/logout`, to which the browser is sent: signed out at the identity provider, it is sent on.
pub(super) fn logout(state: &mut State, query: Option<&str>) -> Response<Vec<u8>> {
    let mut parameters = parameters(query.unwrap_or_default().as_bytes()).unwrap_or_default();
    let profile = parameters
        .remove("token")
        .and_then(|token| state.logouts.remove(&token));
    match (profile, &state.signed_out_uri) {
        (Some(profile), Some(uri)) => {
            state.signed_out.push(profile);
            redirect(uri)
        }
        (Some(_), None) => error(400, "no_logout_redirect_uri"),
        (None, _) => error(400, "invalid_token"),
    }
}
