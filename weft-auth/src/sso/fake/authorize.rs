use std::collections::HashMap;

use form_urlencoded::{Serializer, parse};
use http::Response;

use super::answer::{error, redirect};
use super::state::{Grant, Link, State};
use crate::sso::{CallbackError, ConnectionState, Domain};

type Parameters = HashMap<String, String>;

/// `GET /sso/authorize`. Without the right client and redirect URI nobody is sent anywhere.
pub(super) fn authorize(state: &mut State, query: Option<&str>) -> Response<Vec<u8>> {
    let Some(parameters) = parameters(query.unwrap_or_default().as_bytes()) else {
        return error(400, "duplicate_parameter");
    };
    let text = |name: &str| parameters.get(name).map(String::as_str);
    if text("client_id") != Some(&state.client_id) {
        return error(400, "invalid_client_id");
    }
    let redirect_uri = text("redirect_uri").unwrap_or_default();
    if !state.redirects.iter().any(|known| known == redirect_uri) {
        return error(400, "invalid_redirect_uri");
    }
    if text("response_type") != Some("code") {
        return error(400, "invalid_response_type");
    }
    let selectors = ["connection", "organization", "provider"];
    if selectors.iter().filter(|name| text(name).is_some()).count() != 1 {
        return error(400, "invalid_selector");
    }
    let challenge = match (text("code_challenge"), text("code_challenge_method")) {
        (None, None) => None,
        (Some(challenge), Some("S256")) if is_challenge(challenge) => Some(challenge.to_owned()),
        _ => return error(400, "invalid_code_challenge"),
    };
    let outcome = sign_in(state, text("connection"), text("organization"));
    let back = match outcome {
        Ok(profile) => {
            let code = state.next("code");
            let grant = Grant {
                client_id: state.client_id.clone(),
                redirect_uri: redirect_uri.to_owned(),
                challenge,
                issued: state.now,
                profile,
                token: None,
            };
            state.codes.insert(code.clone(), grant);
            vec![("code", code)]
        }
        Err(error) => vec![
            ("error", error.name().to_owned()),
            ("error_description", "<script>alert(1)</script>".to_owned()),
        ],
    };
    redirect(&with_query(redirect_uri, back, text("state")))
}

/// What an identity provider makes by itself: a code without a state, and without a challenge.
pub(super) fn unsolicited(state: &mut State, connection: &str, uri: &str) -> Option<String> {
    let profile = sign_in(state, Some(connection), None).ok()?;
    let code = state.next("code");
    let grant = Grant {
        client_id: state.client_id.clone(),
        redirect_uri: uri.to_owned(),
        challenge: None,
        issued: state.now,
        profile,
        token: None,
    };
    state.codes.insert(code.clone(), grant);
    Some(with_query(uri, vec![("code", code)], None))
}

fn sign_in(
    state: &mut State,
    connection: Option<&str>,
    organization: Option<&str>,
) -> Result<serde_json::Value, CallbackError> {
    if let Some(error) = state.deny.take() {
        return Err(error);
    }
    let link = match (connection, organization) {
        (Some(id), _) => {
            let link = state.links.iter().find(|link| link.id == id);
            link.ok_or(CallbackError::ConnectionInvalid)?
        }
        (None, Some(organization)) => of_organization(state, organization)?,
        (None, None) => return Err(CallbackError::OauthFailed),
    };
    let link = link.clone();
    if link.organization.is_none() {
        return Err(CallbackError::ConnectionUnlinked);
    }
    if link.state != ConnectionState::Active {
        return Err(CallbackError::ConnectionInvalid);
    }
    let person = state.person.clone().ok_or(CallbackError::AccessDenied)?;
    let domain = Domain::of_address(&person.email);
    let inside = domain.is_some_and(|domain| {
        let known = link.domains.iter();
        known.clone().any(|known| known == domain.as_str())
    });
    if !inside && !link.guests {
        return Err(CallbackError::ProfileNotAllowedOutsideOrganization);
    }
    Ok(state.profile(&link, &person))
}

fn of_organization<'s>(state: &'s State, organization: &str) -> Result<&'s Link, CallbackError> {
    let of = |link: &&Link| link.organization.as_deref() == Some(organization);
    let mut links = state.links.iter().filter(of);
    let first = links.next().ok_or(CallbackError::OrganizationInvalid)?;
    match links.next() {
        Some(_) => Err(CallbackError::AmbiguousConnectionSelector),
        None => Ok(first),
    }
}

fn is_challenge(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_".contains(&c);
    text.len() == 43 && text.bytes().all(plain)
}

fn with_query(uri: &str, pairs: Vec<(&str, String)>, state: Option<&str>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(pairs);
    if let Some(state) = state {
        query.append_pair("state", state);
    }
    let separator = if uri.contains('?') { '&' } else { '?' };
    format!("{uri}{separator}{}", query.finish())
}

/// Each parameter once, or none at all.
pub(super) fn parameters(text: &[u8]) -> Option<Parameters> {
    let mut parameters = Parameters::new();
    for (name, value) in parse(text) {
        if parameters
            .insert(name.into_owned(), value.into_owned())
            .is_some()
        {
            return None;
        }
    }
    Some(parameters)
}
