use http::Response;
use serde_json::{Value, json};

use super::answer::{error, json_answer};
use super::authorize::parameters;
use super::read::describe;
use super::state::State;
use crate::sso::{ConnectionState, Timestamp};

impl State {
    /// Adds an event of that name, for `/events` and to be delivered, and returns its id.
    pub(super) fn announce(&mut self, name: &str, data: &Value) -> String {
        let id = self.next("event");
        let event = json!({
            "object": "event",
            "id": id,
            "event": name,
            "data": data,
            "created_at": Timestamp::of(self.now).as_str(),
        });
        self.outstanding.push(event.clone());
        self.events.push(event);
        id
    }

    /// Announces what became of a connection. Each change has a time of its own.
    pub(super) fn announce_connection(&mut self, id: &str, name: &str) {
        self.tick();
        let now = self.now;
        self.each(id, |link| link.updated_at = now);
        let link = self.links.iter().find(|link| link.id == id);
        if let Some(described) = link.map(describe) {
            self.announce(name, &described);
        }
    }

    pub(super) fn set_connection(&mut self, id: &str, state: ConnectionState) {
        self.each(id, |link| link.state = state);
        match state {
            ConnectionState::Active => self.announce_connection(id, "connection.activated"),
            ConnectionState::Inactive => self.announce_connection(id, "connection.deactivated"),
            _ => {}
        }
    }

    /// Whether there was one.
    pub(super) fn delete_connection(&mut self, id: &str) -> bool {
        let there = self.links.iter().any(|link| link.id == id);
        self.announce_connection(id, "connection.deleted");
        self.links.retain(|link| link.id != id);
        there
    }
}

/// `GET /events`: a page of those with the names that are asked for, the oldest first.
pub(super) fn events(state: &State, query: Option<&str>) -> Response<Vec<u8>> {
    let Some(parameters) = parameters(query.unwrap_or_default().as_bytes()) else {
        return error(422, "duplicate_parameter");
    };
    let text = |name: &str| parameters.get(name).map(String::as_str);
    let Some(names) = text("events").filter(|names| !names.is_empty()) else {
        return error(422, "events_required");
    };
    let limit = text("limit").unwrap_or("10").parse::<usize>();
    let Some(limit) = limit.ok().filter(|limit| (1..=100).contains(limit)) else {
        return error(422, "invalid_limit");
    };
    let mut events = state.events.iter();
    if let Some(after) = text("after")
        && !events.any(|event| event["id"] == after)
    {
        return error(422, "invalid_cursor");
    }
    let is_asked_for = |event: &&Value| {
        let named = names.split(',').any(|name| event["event"] == name);
        let data = &event["data"];
        // An organisation's own events have it as their id.
        let of = |organization: &str| {
            data["organization_id"] == organization || data["id"] == organization
        };
        named && text("organization_id").is_none_or(of)
    };
    let mut rest = events.filter(is_asked_for);
    let page: Vec<&Value> = rest.by_ref().take(limit).collect();
    let after = rest
        .next()
        .and(page.last())
        .map(|event| event["id"].clone());
    json_answer(
        200,
        &json!({ "object": "list", "data": page, "list_metadata": { "after": after } }),
    )
}
