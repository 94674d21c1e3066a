use http::Response;
use serde_json::{Value, json};

use super::answer::{error, json_answer};
use super::authorize::parameters;
use super::state::{Link, State};
use crate::sso::{ConnectionState, Timestamp};

pub(super) fn connection(state: &State, id: &str) -> Response<Vec<u8>> {
    match state.links.iter().find(|link| link.id == id) {
        Some(link) => json_answer(200, &describe(link)),
        None => error(404, "entity_not_found"),
    }
}

/// A page of connections, the newest first unless it is asked otherwise.
pub(super) fn connections(state: &State, query: Option<&str>) -> Response<Vec<u8>> {
    let Some(parameters) = parameters(query.unwrap_or_default().as_bytes()) else {
        return error(422, "duplicate_parameter");
    };
    let text = |name: &str| parameters.get(name).map(String::as_str);
    let Ok(limit) = text("limit").unwrap_or("10").parse::<usize>() else {
        return error(422, "invalid_limit");
    };
    if !(1..=100).contains(&limit) {
        return error(422, "invalid_limit");
    }
    let mut links: Vec<&Link> = state.links.iter().collect();
    match text("order") {
        None | Some("desc") => links.reverse(),
        Some("asc") => {}
        Some(_) => return error(422, "invalid_order"),
    }
    let mut links = links.into_iter();
    if let Some(after) = text("after")
        && !links.any(|link| link.id == after)
    {
        return error(422, "invalid_cursor");
    }
    let organization = text("organization_id");
    let is_of =
        |link: &&Link| organization.is_none() || link.organization.as_deref() == organization;
    let mut rest = links.filter(is_of);
    let page: Vec<&Link> = rest.by_ref().take(limit).collect();
    let after = rest.next().and(page.last()).map(|link| link.id.clone());
    json_answer(
        200,
        &json!({
            "object": "list",
            "data": page.into_iter().map(describe).collect::<Vec<_>>(),
            "list_metadata": { "before": null, "after": after },
        }),
    )
}

pub(super) fn describe(link: &Link) -> Value {
    let domain = |domain: &String| json!({ "object": "connection_domain", "domain": domain });
    let domains: Vec<Value> = link.domains.iter().map(domain).collect();
    json!({
        "object": "connection",
        "id": link.id,
        "organization_id": link.organization,
        "connection_type": "OktaSAML",
        "name": link.id,
        "state": name(link.state),
        "status": if link.state == ConnectionState::Active { "linked" } else { "unlinked" },
        "domains": domains,
        "created_at": "2026-11-25T03:18:00.000Z",
        "updated_at": Timestamp::of(link.updated_at).as_str(),
    })
}

fn name(state: ConnectionState) -> &'static str {
    match state {
        ConnectionState::Other => "something_new",
        known => known.name(),
    }
}
