use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use http::header::AUTHORIZATION;
use http::{Request, Response};
use serde_json::{Map, Value, json};

use super::{Fault, Mishap, Person, answer::error};
use crate::sso::{CallbackError, ConnectionState, DomainProof, Setup};

#[derive(Debug)]
pub(super) struct State {
    pub(super) now: SystemTime,
    pub(super) client_id: String,
    pub(super) api_key: String,
    pub(super) redirects: Vec<String>,
    pub(super) links: Vec<Link>,
    pub(super) person: Option<Person>,
    pub(super) deny: Option<CallbackError>,
    pub(super) fault: Option<Fault>,
    pub(super) codes: HashMap<String, Grant>,
    pub(super) tokens: HashMap<String, Value>,
    pub(super) requests: Vec<Request<Vec<u8>>>,
    pub(super) count: u64,
    pub(super) events: Vec<Value>,
    /// Those that nobody was told of.
    pub(super) outstanding: Vec<Value>,
    /// How often each was sent.
    pub(super) attempts: HashMap<String, u32>,
    pub(super) mishap: Option<Mishap>,
    /// Ids of those who signed in.
    pub(super) profiles: HashSet<String>,
    /// Tokens to sign out with, and whom.
    pub(super) logouts: HashMap<String, String>,
    pub(super) signed_out_uri: Option<String>,
    pub(super) signed_out: Vec<String>,
    pub(super) organizations: Vec<OwnOrganization>,
    /// Who was given a way into the portal, by its secret.
    pub(super) visits: HashMap<String, Visit>,
    /// The connection and the domains that are set up there.
    pub(super) set_up: (String, Vec<String>),
}

/// An organisation.
#[derive(Debug, Clone)]
pub(super) struct OwnOrganization {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) external_id: Option<String>,
    pub(super) domains: Vec<OwnDomain>,
}

/// A domain of an organisation.
#[derive(Debug, Clone)]
pub(super) struct OwnDomain {
    pub(super) name: String,
    pub(super) proof: DomainProof,
    pub(super) updated_at: SystemTime,
}

/// A visit to the portal.
#[derive(Debug, Clone)]
pub(super) struct Visit {
    pub(super) organization: String,
    pub(super) setup: Setup,
    pub(super) return_url: String,
}

/// A connection.
#[derive(Debug, Clone)]
pub(super) struct Link {
    pub(super) id: String,
    pub(super) organization: Option<String>,
    pub(super) domains: Vec<String>,
    pub(super) state: ConnectionState,
    pub(super) guests: bool,
    pub(super) updated_at: SystemTime,
}

/// What a code stands for.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) client_id: String,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<String>,
    pub(super) issued: SystemTime,
    pub(super) profile: Value,
    /// The token that it was changed for.
    pub(super) token: Option<String>,
}

impl State {
    pub(super) fn new(client_id: &str, api_key: &str, now: SystemTime) -> State {
        State {
            now,
            client_id: client_id.to_owned(),
            api_key: api_key.to_owned(),
            redirects: Vec::new(),
            links: Vec::new(),
            person: None,
            deny: None,
            fault: None,
            codes: HashMap::new(),
            tokens: HashMap::new(),
            requests: Vec::new(),
            count: 0,
            events: Vec::new(),
            outstanding: Vec::new(),
            attempts: HashMap::new(),
            mishap: None,
            profiles: HashSet::new(),
            logouts: HashMap::new(),
            signed_out_uri: None,
            signed_out: Vec::new(),
            organizations: Vec::new(),
            visits: HashMap::new(),
            set_up: ("conn_1".to_owned(), Vec::new()),
        }
    }

    /// Goes on by the least that times differ by.
    pub(super) fn tick(&mut self) {
        self.now += Duration::from_millis(1);
    }

    pub(super) fn each(&mut self, connection: &str, change: impl Fn(&mut Link)) {
        let links = self.links.iter_mut();
        links.filter(|link| link.id == connection).for_each(change);
    }

    /// An id that nobody had before.
    pub(super) fn next(&mut self, prefix: &str) -> String {
        self.count += 1;
        format!("{prefix}_{:04}", self.count)
    }

    pub(super) fn with_key(
        &mut self,
        request: &Request<Vec<u8>>,
        answer: impl FnOnce(&mut State) -> Response<Vec<u8>>,
    ) -> Response<Vec<u8>> {
        match bearer(request) == Some(&self.api_key) {
            true => answer(self),
            false => error(401, "unauthorized"),
        }
    }

    /// The profile of somebody who comes over that connection.
    pub(super) fn profile(&mut self, link: &Link, person: &Person) -> Value {
        let raw = match person.raw_attributes {
            true => json!({ "id": person.idp_id, "email": person.email }),
            false => json!({}),
        };
        let mut profile = Map::from_iter([
            ("object".to_owned(), json!("profile")),
            ("id".to_owned(), json!(self.next("prof"))),
            ("connection_id".to_owned(), json!(link.id)),
            ("connection_type".to_owned(), json!("OktaSAML")),
            ("organization_id".to_owned(), json!(link.organization)),
            ("idp_id".to_owned(), json!(person.idp_id)),
            ("email".to_owned(), json!(person.email)),
            ("first_name".to_owned(), json!("Ada")),
            ("last_name".to_owned(), Value::Null),
            ("custom_attributes".to_owned(), json!({})),
            ("raw_attributes".to_owned(), raw),
        ]);
        profile.extend(person.overrides.clone());
        if let Some(Value::String(id)) = profile.get("id") {
            self.profiles.insert(id.clone());
        }
        Value::Object(profile)
    }
}

pub(super) fn bearer(request: &Request<Vec<u8>>) -> Option<&str> {
    let mut values = request.headers().get_all(AUTHORIZATION).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    value.to_str().ok()?.strip_prefix("Bearer ")
}
