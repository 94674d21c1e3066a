//! The server on a database of the demo's, and one of its owners in a browser.

#![allow(dead_code, missing_docs, reason = "each bench uses some of it")]

use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, Response, header};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use tower::ServiceExt;
use uuid::Uuid;
use weft_auth::password::{Config, Hasher, Params, Password, Policy};
use weft_embedded::Database;
use weft_server::accounts::Accounts;
use weft_server::attachments::Attachments;
use weft_server::events::Outgoing;
use weft_server::keys::Keys;
use weft_server::mail::Post;
use weft_server::object_store::ObjectStore;
use weft_server::pages::Peer;
use weft_server::roads::Roads;
use weft_server::site::Site;
use weft_server::webhooks::directory::Directory;
use weft_server::{AppState, app, config, migrate, seed};
use weft_storage::{Bucket, Credentials};
use weft_webhooks::outgoing::{Networks, Roots};

const KEYS: &str = "bench:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

/// Who signs in.
pub(crate) const OWNER: &str = "aiko@kumo-ceramics.example";

pub(crate) struct Server {
    pub(crate) router: Router,
    pub(crate) roads: Roads,
    pub(crate) accounts: Accounts,
    pub(crate) org: Uuid,
}

pub(crate) fn keys() -> Keys {
    KEYS.parse().expect("keys")
}

impl Server {
    /// The service on that database, at `site`.
    pub(crate) async fn new(database: &Database, site: Site) -> Server {
        let owner = database.url("postgres");
        let mut owner = AsyncPgConnection::establish(&owner)
            .await
            .expect("an owner");
        migrate::migrate(&mut owner).await.expect("a schema");
        let roads = Roads::open(&config::addresses(database))
            .await
            .expect("roads");
        let [org, _] = seed::seed(&roads).await.expect("the demo");
        let directory = Directory::new(keys().webhooks().clone()).expect("a directory");
        let outgoing = Outgoing::new(Roots::none(), Networks::none()).expect("a way out");
        let accounts = Accounts::new(roads.auth.clone(), &keys()).expect("accounts");
        let people = (accounts.clone(), site, Post::nobody());
        // A store that nobody asks.
        let nobody = || Credentials::new("nobody", "nobody").expect("credentials");
        let bucket = Bucket::embedded(9, "attachments").expect("a bucket");
        let store = ObjectStore::new(bucket, (nobody(), nobody(), nobody()));
        let files = Attachments::new(Some(store)).expect("files");
        let state = AppState::new(roads.clone(), directory, outgoing, files, people);
        let router = app(state);
        Server {
            router,
            roads,
            accounts,
            org,
        }
    }
}

pub(crate) const ORIGIN: &str = "https://localhost";
const PASSWORD: &str = "correct horse battery staple";

/// The owner's password, as it is kept.
pub(crate) fn hash() -> (Hasher, String) {
    let config =
        Config::new(Params::OWASP, 128 << 20).with_peppers(keys().peppers().expect("keys"));
    let hasher = Hasher::new(config).expect("memory");
    let chosen = Policy::alone().accept(password(), &[]).expect("a password");
    let permit = hasher
        .enter()
        .and_then(|entering| entering.wait_at_most(Duration::ZERO));
    let hash = permit.expect("a permit").hash(&chosen).expect("a hash");
    (hasher, hash.expose().to_owned())
}

pub(crate) fn password() -> Password {
    Password::new(PASSWORD).expect("a password")
}

/// Lets the owner sign in with the password.
pub(crate) fn with_password(database: &Database, hash: &str) {
    let sql = format!(
        "UPDATE auth_accounts SET password = '{hash}', state = 'active' WHERE mailbox = '{OWNER}'"
    );
    run(database, &sql);
}

/// As the superuser.
pub(crate) fn run(database: &Database, sql: &str) {
    Database::execute(database, sql).expect("what was to be run");
}

/// The form of the sign-in, filled in, and the cookies that go with it.
pub(crate) struct Form {
    pub(crate) cookies: String,
    pub(crate) body: String,
}

impl Form {
    pub(crate) async fn of(router: &Router) -> Form {
        let answer = ask(router, Request::get("/sign-in"), "").await;
        let cookies = cookies(answer.headers());
        let page = to_bytes(answer.into_body(), 1 << 20).await.expect("a page");
        let page = String::from_utf8_lossy(&page).into_owned();
        let (_, token) = page
            .split_once("name=\"csrf_token\" value=\"")
            .expect("a form");
        let (token, _) = token.split_once('"').expect("a token");
        let body = format!(
            "csrf_token={token}&email={}&password={}",
            OWNER.replace('@', "%40"),
            PASSWORD.replace(' ', "+")
        );
        Form { cookies, body }
    }

    /// Signs the owner in, and says by which cookies.
    pub(crate) async fn submit(&self, router: &Router) -> String {
        let request = Request::post("/sign-in")
            .header(header::COOKIE, &self.cookies)
            .header(header::ORIGIN, ORIGIN)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = ask(router, request, &self.body).await;
        assert_eq!(answer.status(), 303);
        cookies(answer.headers())
    }
}

/// What the router answers to a browser on this machine.
pub(crate) async fn ask(router: &Router, request: Builder, body: &str) -> Response<Body> {
    let request = request
        .header(header::HOST, "localhost")
        .extension(Peer([127, 0, 0, 1].into()))
        .body(Body::from(body.to_owned()));
    let answer = router.clone().oneshot(request.expect("a request")).await;
    answer.expect("an answer")
}

fn cookies(headers: &HeaderMap) -> String {
    let set = headers.get_all(header::SET_COOKIE).iter();
    let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    pairs.collect::<Vec<_>>().join("; ")
}
