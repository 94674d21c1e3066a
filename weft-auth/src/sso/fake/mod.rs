//! A local WorkOS for tests, stricter than the real one.
//!
//! [`Fake::handle`] is a function of requests; [`Listener`] serves it on the loopback. Somebody who
//! is sent to `/sso/authorize` is signed in at once, as the [`Person`] that was set, and comes back
//! with a code.
//!
//! ```
//! use std::time::SystemTime;
//! use weft_auth::sso::{CallbackError, fake::{Fake, Person}};
//!
//! let fake = Fake::new("client_1", "sk_test_1", SystemTime::now());
//! fake.allow_redirect("https://app.example.com/sso/callback");
//! fake.connect("conn_1", "org_1", &["acme.example"]);
//! fake.sign_in(Person::new("idp_1", "ada@acme.example"));
//! fake.deny_next(CallbackError::AccessDenied);
//! ```
//!
//! What it is strict about: parameters that come twice, the client, the exact redirect URI, exactly one
//! selector, PKCE by S256 and a verifier for each challenge, the client's secret, a code's 10 minutes
//! by its own clock, and a code's one use; a second use ends the token that the first one gave.
//!
//! What happens is in `/events`, and is delivered as signed webhooks: [handed over](Fake::deliver), or
//! [sent](Fake::send) until they are accepted.

mod answer;
mod authorize;
mod event;
mod listener;
mod logout;
mod organization;
mod portal;
mod read;
mod state;
mod token;
mod webhook;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use http::{Method, Request, Response};

use super::{CallbackError, ConnectionState, DomainProof};
use answer::{error, json_answer};
use state::{Link, OwnOrganization, State};

pub use listener::Listener;
pub use webhook::{Mishap, Webhook};

/// A local WorkOS.
#[derive(Debug)]
pub struct Fake(Mutex<State>);

/// Somebody at the identity provider.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Person {
    /// The identity provider's id.
    pub idp_id: String,
    /// The address.
    pub email: String,
    /// Whether the profile repeats all in `raw_attributes`, as before April 2026, or leaves it empty.
    pub raw_attributes: bool,
    /// What the profile says besides, or instead: a field's name and its value.
    pub overrides: Vec<(String, serde_json::Value)>,
}

/// What the next answer is instead of the right one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The right one, after that time: see [`Delay`].
    Slow(Duration),
    /// 429, with that many seconds to wait.
    RateLimited(u64),
    /// 500, with a page of HTML.
    ServerError,
    /// 200, with what is no JSON.
    Garbage,
    /// 200, with JSON of another shape.
    OtherShape,
    /// The right one, after everything was done: as if it had been lost, the connection breaks.
    Lost,
}

/// In the extensions of an answer that has to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay(pub Duration);

/// In the extensions of an answer that never arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

impl Person {
    /// The one with that id and address.
    pub fn new(idp_id: &str, email: &str) -> Person {
        Person {
            idp_id: idp_id.to_owned(),
            email: email.to_owned(),
            raw_attributes: false,
            overrides: Vec::new(),
        }
    }

    /// The same, with another field in the profile.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<serde_json::Value>) -> Person {
        self.overrides.push((field.to_owned(), value.into()));
        self
    }
}

impl Fake {
    /// One that knows that client and that API key, at that time.
    pub fn new(client_id: &str, api_key: &str, now: SystemTime) -> Fake {
        Fake(Mutex::new(State::new(client_id, api_key, now)))
    }

    /// Sends browsers back to that URI, in exactly this spelling.
    pub fn allow_redirect(&self, uri: &str) {
        self.state().redirects.push(uri.to_owned());
    }

    /// Adds an active connection of an organisation with those domains.
    pub fn connect(&self, connection: &str, organization: &str, domains: &[&str]) {
        let mut state = self.state();
        let updated_at = state.now;
        state.links.push(Link {
            id: connection.to_owned(),
            organization: Some(organization.to_owned()),
            domains: domains.iter().map(|&domain| domain.to_owned()).collect(),
            state: ConnectionState::Active,
            guests: false,
            updated_at,
        });
        state.announce_connection(connection, "connection.activated");
    }

    /// Puts a connection into another state.
    pub fn set_connection(&self, connection: &str, state: ConnectionState) {
        self.state().set_connection(connection, state);
    }

    /// Takes a connection from its organisation.
    pub fn unlink(&self, connection: &str) {
        self.state()
            .each(connection, |link| link.organization = None);
    }

    /// Deletes a connection.
    pub fn delete_connection(&self, connection: &str) {
        self.state().delete_connection(connection);
    }

    /// Lets people in over a connection whose addresses are in none of its domains, as WorkOS's support
    /// can.
    pub fn allow_guests(&self, connection: &str) {
        self.state().each(connection, |link| link.guests = true);
    }

    /// Adds an organisation, for what has that external id.
    pub fn organize(&self, organization: &str, external_id: Option<&str>) {
        self.state().organizations.push(OwnOrganization {
            id: organization.to_owned(),
            name: organization.to_owned(),
            external_id: external_id.map(str::to_owned),
            domains: Vec::new(),
        });
    }

    /// Says how far an organisation's proof of a domain is. One that is withdrawn is gone.
    pub fn set_domain(&self, organization: &str, domain: &str, proof: DomainProof) {
        self.state().set_domain(organization, domain, proof);
    }

    /// Whoever comes to the portal sets up that connection, with those domains, which are proved there.
    pub fn set_up(&self, connection: &str, domains: &[&str]) {
        let domains = domains.iter().map(|&domain| domain.to_owned());
        self.state().set_up = (connection.to_owned(), domains.collect());
    }

    /// Who signs in from now on.
    pub fn sign_in(&self, person: Person) {
        self.state().person = Some(person);
    }

    /// Sends the next browser back with an error.
    pub fn deny_next(&self, error: CallbackError) {
        self.state().deny = Some(error);
    }

    /// Answers the next request of the API otherwise.
    pub fn fail_next(&self, fault: Fault) {
        self.state().fault = Some(fault);
    }

    /// Announces something else, by its name and what it is about: it is in `/events`, and a webhook to be
    /// [delivered](Fake::deliver). What becomes of connections is announced by itself. Returns its id.
    pub fn announce(&self, name: &str, data: &serde_json::Value) -> String {
        self.state().announce(name, data)
    }

    /// Sends browsers there once they are signed out.
    pub fn allow_logout(&self, uri: &str) {
        self.state().signed_out_uri = Some(uri.to_owned());
    }

    /// The profiles that were signed out at the identity provider.
    pub fn signed_out(&self) -> Vec<String> {
        self.state().signed_out.clone()
    }

    /// Lets that time pass.
    pub fn advance(&self, time: Duration) {
        self.state().now += time;
    }

    /// A callback that nobody asked for, as an identity provider makes it: the URL, with a code that is
    /// good.
    pub fn start_at_identity_provider(&self, connection: &str, redirect: &str) -> Option<String> {
        authorize::unsolicited(&mut self.state(), connection, redirect)
    }

    /// The requests so far, with their bodies.
    pub fn requests(&self) -> Vec<Request<Vec<u8>>> {
        self.state().requests.clone()
    }

    /// Answers a request.
    pub fn handle(&self, request: Request<Vec<u8>>) -> Response<Vec<u8>> {
        let mut state = self.state();
        state.count += 1;
        let request_id = format!("req_{}", state.count);
        let path = request.uri().path();
        let mut response = if path == "/sso/authorize" {
            match *request.method() {
                Method::GET => authorize::authorize(&mut state, request.uri().query()),
                _ => error(405, "method_not_allowed"),
            }
        } else {
            match state.fault.take() {
                None => api(&mut state, &request),
                Some(fault) => faulty(&fault, || api(&mut state, &request)),
            }
        };
        if let Ok(id) = request_id.try_into() {
            response.headers_mut().insert("x-request-id", id);
        }
        state.requests.push(request);
        response
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere says so itself.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn api(state: &mut State, request: &Request<Vec<u8>>) -> Response<Vec<u8>> {
    let segments: Vec<&str> = request.uri().path().split('/').skip(1).collect();
    match (request.method(), segments.as_slice()) {
        (&Method::POST, ["sso", "token"]) => token::token(state, request),
        (&Method::GET, ["sso", "profile"]) => token::profile(state, request),
        (&Method::GET, ["connections"]) => state.with_key(request, |state| {
            read::connections(state, request.uri().query())
        }),
        (&Method::GET, ["connections", id]) => {
            state.with_key(request, |state| read::connection(state, id))
        }
        (&Method::DELETE, ["connections", id]) => {
            state.with_key(request, |state| match state.delete_connection(id) {
                true => json_answer(204, &""),
                false => error(404, "entity_not_found"),
            })
        }
        (&Method::POST, ["organizations"]) => {
            state.with_key(request, |state| organization::create(state, request))
        }
        (&Method::GET, ["organizations", id]) => state.with_key(request, |state| {
            organization::get(state, |one| one.id == *id)
        }),
        (&Method::GET, ["organizations", "external_id", id]) => {
            let is_it = |one: &OwnOrganization| one.external_id.as_deref() == Some(*id);
            state.with_key(request, |state| organization::get(state, is_it))
        }
        (&Method::POST, ["portal", "generate_link"]) => {
            state.with_key(request, |state| portal::generate(state, request))
        }
        (&Method::GET, ["portal", "launch"]) => portal::launch(state, request.uri().query()),
        (&Method::GET, ["events"]) => {
            state.with_key(request, |state| event::events(state, request.uri().query()))
        }
        (&Method::POST, ["sso", "logout", "authorize"]) => {
            state.with_key(request, |state| logout::authorize(state, request))
        }
        (&Method::GET, ["sso", "logout"]) => logout::logout(state, request.uri().query()),
        _ => error(404, "entity_not_found"),
    }
}

fn faulty(fault: &Fault, right: impl FnOnce() -> Response<Vec<u8>>) -> Response<Vec<u8>> {
    match fault {
        Fault::Slow(time) => {
            let mut response = right();
            response.extensions_mut().insert(Delay(*time));
            response
        }
        Fault::Lost => {
            let mut response = right();
            response.extensions_mut().insert(Lost);
            response
        }
        Fault::RateLimited(seconds) => {
            let mut response = error(429, "too_many_requests");
            response
                .headers_mut()
                .insert("retry-after", (*seconds).into());
            response
        }
        Fault::ServerError => answer::answer(500, "text/html", "<h1>Internal Server Error</h1>"),
        Fault::Garbage => json_answer(200, &"{\"profile\": {\"id\": \"prof_"),
        Fault::OtherShape => json_answer(
            200,
            &r#"{"profile": {"email": ["a@b.example"]}, "data": 1}"#,
        ),
    }
}
