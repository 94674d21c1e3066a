//! How many deliveries a second does the server take, claim and settle, and how many does it refuse?

#![allow(missing_docs, clippy::print_stdout)]

mod server;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use futures_util::future::join_all;
use server::{ORIGIN, OWNER, Server, keys};
use tower::ServiceExt;
use weft_benches::{in_turns, tokio_runtime};
use weft_embedded::{Cluster, Options};
use weft_server::site::Site;
use weft_server::token::{New, Permission, Scopes};
use weft_webhooks::{Scheme, Secret, Signer};

const ROUNDS: usize = 31;
const AT_ONCE: u32 = 16;
const SECRET: &str = "a secret of the bench's own, long enough";

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
    let site = Site::new(ORIGIN, &keys()).expect("a site");
    let Server {
        router,
        roads,
        accounts,
        org,
    } = Server::new(database, site).await;
    let mailbox = weft_auth::Mailbox::parse(OWNER).expect("an address");
    let user = roads.auth.account(&mailbox).await.expect("an account");
    let new = New {
        account: user.into(),
        audience: Some(org),
        label: "bench",
        scopes: &Scopes::new([Permission::Write]),
        lifetime: None,
    };
    let issued = accounts.tokens().issue(new, SystemTime::now()).await;
    let (_, token) = issued.expect("a token");
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
