use http::header::HOST;
use http::{Request, Response};
use serde_json::{Value, json};

use super::answer::{answer, error, json_answer, redirect};
use super::authorize::parameters;
use super::state::{Link, State, Visit};
use crate::sso::{ConnectionState, DomainProof, Setup};

/// `POST /portal/generate_link`.
pub(super) fn generate(state: &mut State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let asked: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let text = |name: &str| asked[name].as_str().unwrap_or_default().to_owned();
    let intent = text("intent");
    let setups = [Setup::Connection, Setup::Domains];
    let Some(setup) = setups.into_iter().find(|setup| setup.name() == intent) else {
        return error(400, "invalid_intent");
    };
    let organization = text("organization");
    if state.organization(&organization).is_none() {
        return error(404, "entity_not_found");
    }
    let secret = state.next("portal");
    let visit = Visit {
        organization,
        setup,
        return_url: text("return_url"),
    };
    state.visits.insert(secret.clone(), visit);
    let host = request.headers().get(HOST);
    let base = match host.and_then(|host| host.to_str().ok()) {
        Some(host) => format!("http://{host}"),
        None => "https://setup.workos.com".to_owned(),
    };
    let link = format!("{base}/portal/launch?secret={secret}");
    json_answer(201, &json!({ "link": link }))
}

/// `GET /portal/launch`: whoever comes sets up what was asked for, and goes back. A link is good once.
pub(super) fn launch(state: &mut State, query: Option<&str>) -> Response<Vec<u8>> {
    let secret = parameters(query.unwrap_or_default().as_bytes())
        .and_then(|mut parameters| parameters.remove("secret"));
    let Some(visit) = secret.and_then(|secret| state.visits.remove(&secret)) else {
        return error(404, "entity_not_found");
    };
    let domains = state.set_up.1.clone();
    match visit.setup {
        Setup::Connection => connect(state, &visit.organization, domains),
        Setup::Domains => {
            for domain in domains {
                state.set_domain(&visit.organization, &domain, DomainProof::Verified);
            }
        }
    }
    match visit.return_url.is_empty() {
        true => answer(200, "text/plain", "done"),
        false => redirect(&visit.return_url),
    }
}

fn connect(state: &mut State, organization: &str, domains: Vec<String>) {
    let id = state.set_up.0.clone();
    let updated_at = state.now;
    state.links.retain(|link| link.id != id);
    state.links.push(Link {
        id: id.clone(),
        organization: Some(organization.to_owned()),
        domains,
        state: ConnectionState::Active,
        guests: false,
        updated_at,
    });
    state.announce_connection(&id, "connection.activated");
}
