//! How many deliveries a second does the server take, claim and settle, and how many does it refuse?

#![allow(missing_docs, clippy::print_stdout)]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use diesel_async::{AsyncConnection, AsyncPgConnection};
use futures_util::future::join_all;
use tower::ServiceExt;
use weft_benches::{in_turns, tokio_runtime};
use weft_embedded::{Cluster, Options};
use weft_server::accounts::Accounts;
use weft_server::events::Outgoing;
use weft_server::keys::Keys;
use weft_server::mail::Post;
use weft_server::roads::Roads;
use weft_server::site::Site;
use weft_server::token::{New, Permission, Scopes};
use weft_server::webhooks::directory::Directory;
use weft_server::{AppState, app, config, migrate, seed};
use weft_webhooks::outgoing::{Networks, Roots};
use weft_webhooks::{Scheme, Secret, Signer};

const ROUNDS: usize = 31;
const AT_ONCE: u32 = 16;
const SECRET: &str = "a secret of the bench's own, long enough";
const KEYS: &str = "bench:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

fn main() {
    let cluster = Cluster::start(Options::new("weft-benches")).expect("a Postgres");
    let database = cluster.ensure_database("deliveries").expect("a database");
    let runtime = tokio_runtime();
    let (router, path) = runtime.block_on(endpoint(&database));
    let sender = Signer::new(Scheme::workos(), [secret(SECRET)]).expect("a signer");
    let stranger = "a secret that somebody else made up";
    let stranger = Signer::new(Scheme::workos(), [secret(stranger)]).expect("a signer");
    let number = AtomicU64::new(0);
    let send = |signer: &Signer, calls: u32, status: u16| {
        let one = || {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let body = format!(
                "{{\"id\":\"event_{number}\",\"pad\":\"{}\"}}",
                "x".repeat(4000)
            );
            let headers = signer.sign("", body.as_bytes(), SystemTime::now());
            let mut request = Request::post(&path)
                .body(Body::from(body))
                .expect("a request");
            *request.headers_mut() = headers.expect("a signature");
            let answer = router.clone().oneshot(request);
            async move { assert_eq!(answer.await.expect("an answer").status(), status) }
        };
        for _ in 0..calls / AT_ONCE {
            runtime.block_on(join_all((0..AT_ONCE).map(|_| one())));
        }
    };
    let [taken, refused] = in_turns(
        ROUNDS,
        10 * AT_ONCE,
        [
            &mut |calls| {
                send(&sender, calls, 200);
            },
            &mut |calls| {
                send(&stranger, calls, 403);
            },
        ],
    );
    println!(
        "{}",
        taken.against(&refused, "a delivery of 4 KiB taken, and one refused")
    );
    for (what, series) in [("taken", &taken), ("refused", &refused)] {
        println!("{what}: {:.0} a second", 1e6 / series.wall().median);
    }
}

fn secret(text: &str) -> Secret {
    Secret::new("bench", text).expect("a secret")
}

/// The service on that database, and the path of an endpoint of the demo's.
async fn endpoint(database: &weft_embedded::Database) -> (Router, String) {
    let owner = database.url("postgres");
    let mut owner = AsyncPgConnection::establish(&owner)
        .await
        .expect("an owner");
    migrate::migrate(&mut owner).await.expect("a schema");
    let roads = Roads::open(&config::addresses(database))
        .await
        .expect("roads");
    let [org, _] = seed::seed(&roads).await.expect("the demo");
    let mailbox = weft_auth::Mailbox::parse("aiko@kumo-ceramics.example").expect("an address");
    let user = roads.auth.account(&mailbox).await.expect("an account");
    let keys: Keys = KEYS.parse().expect("keys");
    let directory = Directory::new(keys.webhooks().clone()).expect("a directory");
    let outgoing = Outgoing::new(Roots::none(), Networks::none()).expect("a way out");
    let accounts = Accounts::new(roads.auth.clone(), &keys).expect("accounts");
    let new = New {
        account: user.into(),
        audience: Some(org),
        label: "bench",
        scopes: &Scopes::new([Permission::Write]),
        lifetime: None,
    };
    let issued = accounts.tokens().issue(new, SystemTime::now()).await;
    let (_, token) = issued.expect("a token");
    let site = Site::new("https://localhost", &keys).expect("a site");
    let people = (accounts, site, Post::nobody());
    let router = app(AppState::new(roads, directory, outgoing, people));
    let new = serde_json::json!({ "provider": "workos", "label": "bench", "secret": SECRET });
    let request = Request::post("/api/webhook-endpoints")
        .header("authorization", format!("Bearer {}", token.expose()))
        .header("content-type", "application/json")
        .body(Body::from(new.to_string()))
        .expect("a request");
    let answer = router.clone().oneshot(request).await.expect("an answer");
    let place = answer.headers()["location"].to_str().expect("a place");
    let (_, id) = place.rsplit_once('/').expect("an id");
    (router, format!("/webhooks/workos/{id}"))
}
