//! Single sign-on, against the local WorkOS.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod admission;
mod conformance;
mod decisions;
mod events;
mod fake;
mod flow;
#[allow(dead_code, reason = "nothing of PyPI's is asked here")]
#[path = "../../../weft-webhooks/tests/webhooks/libraries.rs"]
mod libraries;
mod setup;
mod sign_in;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::{COOKIE, LOCATION};
use http::{HeaderMap, HeaderValue, Request, Response};
use weft_auth::sso::fake::{Fake, Lost, Person};
use weft_auth::sso::{
    Answer, Callback, Client, ClientError, Connection, ConnectionId, Domain, Exchange, Exchanged,
    Identity, OrganizationId, Pending, Plan, RefusalKind, Start, Target, Transport, WorkOs,
};

const CLIENT_ID: &str = "client_1";
const API_KEY: &str = "sk_test_1";
const REDIRECT: &str = "https://app.example.com/sso/callback";

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)
}

fn org(id: &str) -> OrganizationId {
    OrganizationId::new(id).unwrap()
}

fn conn(id: &str) -> ConnectionId {
    ConnectionId::new(id).unwrap()
}

fn domain(text: &str) -> Domain {
    Domain::new(text).unwrap()
}

/// Carries requests to a fake in this process.
#[derive(Clone)]
struct Direct(Arc<Fake>);

/// The connection broke.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection broke")
    }
}

impl Transport for Direct {
    type Error = Broken;

    async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Broken> {
        let response = self.0.handle(request);
        match response.extensions().get::<Lost>() {
            Some(Lost) => Err(Broken),
            None => Ok(response),
        }
    }
}

/// A service with one organisation, and a browser.
struct World {
    fake: Arc<Fake>,
    client: Client<Direct>,
    browser: HeaderMap,
}

impl World {
    fn new() -> World {
        let fake = Arc::new(Fake::new(CLIENT_ID, API_KEY, now()));
        fake.allow_redirect(REDIRECT);
        fake.connect("conn_1", "org_1", &["acme.example"]);
        fake.sign_in(Person::new("idp_1", "ada@acme.example"));
        let workos = WorkOs::new(CLIENT_ID, API_KEY, REDIRECT).unwrap();
        World {
            client: Client::new(workos, Direct(fake.clone())),
            fake,
            browser: HeaderMap::new(),
        }
    }

    fn start(&mut self, target: Target) -> Start {
        let workos = self.client.workos();
        let start = workos.start(target, Plan::Enterprise, &self.browser, now());
        let start = start.unwrap();
        for cookie in start.cookies() {
            self.set(cookie);
        }
        start
    }

    /// Keeps a cookie, or drops it, as a browser does.
    fn set(&mut self, cookie: &HeaderValue) {
        let text = cookie.to_str().unwrap();
        let pair = text.split(';').next().unwrap();
        let name = pair.split_once('=').unwrap().0;
        let held = self.browser.get(COOKIE);
        let held = held.map_or("", |held| held.to_str().unwrap());
        let mut pairs: Vec<&str> = held.split("; ").filter(|held| !held.is_empty()).collect();
        pairs.retain(|held| !held.starts_with(&format!("{name}=")));
        if !text.contains("Max-Age=0") {
            pairs.push(pair);
        }
        let all = HeaderValue::try_from(pairs.join("; ")).unwrap();
        self.browser.insert(COOKIE, all);
    }

    /// Where the browser is sent back to.
    fn follow(&self, url: &str) -> String {
        let request = Request::get(url).body(Vec::new()).unwrap();
        let response = self.fake.handle(request);
        response.headers()[LOCATION].to_str().unwrap().to_owned()
    }

    /// All of it, up to the exchange.
    fn come_back(&mut self) -> (Exchange, Pending) {
        let start = self.start(Target::organization(org("org_1")));
        let back = self.follow(start.url());
        let pending = start.into_pending();
        let bound = answer(&back).bind(&self.browser).unwrap();
        let exchange = bound.resume(pending.clone(), Plan::Enterprise, now());
        (exchange.unwrap(), pending)
    }

    async fn exchanged(&mut self) -> Result<Exchanged, ClientError<Broken>> {
        let (exchange, _) = self.come_back();
        self.client.exchange(exchange).await
    }

    async fn connection(&self, id: &str) -> Connection {
        self.client.connection(&conn(id)).await.unwrap()
    }

    async fn admit(&mut self, verified: &[&str]) -> Result<Identity, RefusalKind> {
        let exchanged = self.exchanged().await.unwrap();
        let connection = self.connection(exchanged.connection_id().as_str()).await;
        let verified: Vec<Domain> = verified.iter().map(|text| domain(text)).collect();
        let admitted = exchanged.admit(&connection, &verified);
        admitted.map_err(|refusal| refusal.kind())
    }
}

fn query(back: &str) -> &str {
    back.split_once('?').unwrap().1
}

fn answer(back: &str) -> Answer {
    match Callback::parse(query(back)) {
        Callback::Answer(answer) => answer,
        other => panic!("{other:?}"),
    }
}

fn refused<T: std::fmt::Debug>(result: Result<T, weft_auth::sso::Refusal>) -> RefusalKind {
    result.unwrap_err().kind()
}
