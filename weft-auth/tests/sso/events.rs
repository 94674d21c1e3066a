//! What the local WorkOS tells by itself, and what becomes of it here.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use http::header::{AUTHORIZATION, LOCATION};
use http::{Request, Response};
use serde_json::{Value, json};
use weft_auth::sso::fake::{Fake, Mishap, Webhook};
use weft_auth::sso::{ConnectionState, Directory, Event};
use weft_auth::store::DirectoryStore;
use weft_auth::testkit::{Memory, Threads};

use crate::{API_KEY, CLIENT_ID, World, conn, now};

const SECRET: &str = "whsec_1";

fn fake() -> Fake {
    let fake = Fake::new(CLIENT_ID, API_KEY, now());
    fake.connect("conn_1", "org_1", &["acme.example"]);
    fake
}

/// The name of what was delivered.
fn name(webhook: &Webhook) -> String {
    let event = Event::parse(&webhook.body).unwrap();
    event.name().to_owned()
}

fn names(webhooks: &[Webhook]) -> Vec<String> {
    webhooks.iter().map(name).collect()
}

fn ask(fake: &Fake, method: &str, path: &str, body: &str) -> Response<Vec<u8>> {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(AUTHORIZATION, format!("Bearer {API_KEY}"));
    fake.handle(request.body(body.as_bytes().to_vec()).unwrap())
}

fn json_of(response: &Response<Vec<u8>>) -> Value {
    serde_json::from_slice(response.body()).unwrap()
}

#[test]
fn what_becomes_of_connections_is_told_signed_and_once() {
    let fake = fake();
    fake.set_connection("conn_1", ConnectionState::Inactive);
    fake.set_connection("conn_1", ConnectionState::Active);
    fake.delete_connection("conn_1");
    fake.announce(
        "dsync.user.deleted",
        &json!({ "organization_id": "org_1", "idp_id": "idp_1" }),
    );
    let told = fake.deliver(SECRET);
    let expected = [
        "connection.activated",
        "connection.deactivated",
        "connection.activated",
        "connection.deleted",
        "dsync.user.deleted",
    ];
    assert_eq!(names(&told), expected);
    assert!(fake.deliver(SECRET).is_empty());
    let mut times: Vec<_> = told[..4]
        .iter()
        .map(|webhook| {
            Event::parse(&webhook.body)
                .unwrap()
                .updated_at()
                .cloned()
                .unwrap()
        })
        .collect();
    assert!(times.is_sorted());
    times.dedup();
    assert_eq!(times.len(), 4);
}

/// The expected digest is that of `openssl dgst -sha256 -hmac whsec_1`.
#[test]
fn the_signature_is_that_of_milliseconds_and_body() {
    let fake = Fake::new(CLIENT_ID, API_KEY, now());
    fake.announce("organization.updated", &json!({ "id": "org_1" }));
    let webhook = fake.deliver(SECRET).remove(0);
    let body = r#"{"created_at":"2026-11-18T11:06:40.000Z","data":{"id":"org_1"},"event":"organization.updated","id":"event_0001","object":"event"}"#;
    assert_eq!(str::from_utf8(&webhook.body).unwrap(), body);
    let millis = now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    assert_eq!(
        webhook.headers["workos-signature"],
        format!("t={millis}, v1=dd7759fc2b984d70be1e21fce26a05f1ac59c0fdc9ba051cf1d4a9ac4bdb95b1")
    );
}

#[test]
fn webhooks_come_in_disorder_and_twice_and_forged() {
    let fake = fake();
    let change = |mishap| {
        fake.set_connection("conn_1", ConnectionState::Inactive);
        fake.set_connection("conn_1", ConnectionState::Active);
        fake.mishap_next(mishap);
        fake.deliver(SECRET)
    };
    fake.deliver(SECRET);
    let signature = |webhook: &Webhook| webhook.headers["workos-signature"].clone();
    assert_eq!(
        names(&change(Mishap::Reordered)),
        ["connection.activated", "connection.deactivated"]
    );
    let twice = change(Mishap::Duplicated);
    assert!(twice.len() == 4 && twice[0] == twice[1] && twice[2] == twice[3]);
    // Of one event, of whose signature one thing is wrong.
    let one = |mishap: Option<Mishap>| {
        let fake = Fake::new(CLIENT_ID, API_KEY, now());
        fake.announce("organization.updated", &json!({ "id": "org_1" }));
        if let Some(mishap) = mishap {
            fake.mishap_next(mishap);
        }
        fake.deliver(SECRET).remove(0)
    };
    let right = one(None);
    let forged = one(Some(Mishap::BadSignature));
    assert!(forged.body == right.body && signature(&forged) != signature(&right));
    let altered = one(Some(Mishap::Altered));
    assert!(altered.body != right.body && signature(&altered) == signature(&right));
    let late = one(Some(Mishap::Late));
    let hour_ago = now() - Duration::from_secs(3600);
    let millis = hour_ago.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let signed = signature(&late);
    assert!(
        signed
            .to_str()
            .unwrap()
            .starts_with(&format!("t={millis}, "))
    );
    assert_eq!(late.body, right.body);
}

/// Whatever order they come in, and however often, what is kept here is what is so there.
#[test]
fn what_is_kept_here_is_what_is_so_there() {
    for mishap in [None, Some(Mishap::Reordered), Some(Mishap::Duplicated)] {
        for last in [ConnectionState::Active, ConnectionState::Inactive] {
            let fake = fake();
            fake.set_connection("conn_1", ConnectionState::Inactive);
            fake.set_connection("conn_1", ConnectionState::Active);
            fake.set_connection("conn_1", last);
            if let Some(mishap) = mishap {
                fake.mishap_next(mishap);
            }
            let store = Memory::new();
            let directory = Directory::new(store.clone());
            for webhook in fake.deliver(SECRET) {
                let event = Event::parse(&webhook.body).unwrap();
                let _ = Threads::block_on(directory.apply(&event)).unwrap();
            }
            let kept = Threads::block_on(store.connection(&conn("conn_1"))).unwrap();
            assert_eq!(kept.unwrap().state(), last, "{mishap:?}");
        }
    }
}

#[test]
fn events_are_listed_by_name_the_oldest_first() {
    let fake = fake();
    fake.connect("conn_2", "org_2", &[]);
    fake.connect("conn_3", "org_1", &[]);
    fake.announce("organization.updated", &json!({ "id": "org_1" }));
    let list = |query: &str| {
        let response = ask(&fake, "GET", &format!("/events?{query}"), "");
        assert_eq!(response.status(), 200, "{query}");
        json_of(&response)
    };
    let about = |list: &Value| -> Vec<String> {
        let data = list["data"].as_array().unwrap().iter();
        data.map(|event| event["data"]["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = list("events=connection.activated&limit=2");
    assert_eq!(about(&first), ["conn_1", "conn_2"]);
    let after = first["list_metadata"]["after"].as_str().unwrap();
    let second = list(&format!(
        "events=connection.activated&limit=2&after={after}"
    ));
    assert_eq!(about(&second), ["conn_3"]);
    assert_eq!(second["list_metadata"]["after"], Value::Null);
    let both = list("events=organization.updated,connection.activated&organization_id=org_1");
    assert_eq!(about(&both), ["conn_1", "conn_3", "org_1"]);
    // As the webhooks have them.
    let told = fake.deliver(SECRET);
    let told: Value = serde_json::from_slice(&told[0].body).unwrap();
    assert_eq!(first["data"][0], told);
    for query in [
        "",
        "events=",
        "events=a&limit=0",
        "events=a&after=event_9",
        "events=a&events=b",
    ] {
        let response = ask(&fake, "GET", &format!("/events?{query}"), "");
        assert_eq!(response.status(), 422, "{query}");
    }
    let request = Request::get("/events?events=a").body(Vec::new()).unwrap();
    assert_eq!(fake.handle(request).status(), 401);
}

#[tokio::test]
async fn somebody_is_signed_out_at_the_identity_provider_once() {
    let mut world = World::new();
    let identity = world.admit(&["acme.example"]).await.unwrap();
    let body = json!({ "profile_id": identity.profile().id() }).to_string();
    let authorize = |body: &str| ask(&world.fake, "POST", "/sso/logout/authorize", body);
    assert_eq!(authorize("{}").status(), 422);
    assert_eq!(authorize(r#"{"profile_id":"prof_9"}"#).status(), 404);
    let request = Request::post("/sso/logout/authorize").body(body.clone().into_bytes());
    assert_eq!(world.fake.handle(request.unwrap()).status(), 401);
    let answer = json_of(&authorize(&body));
    let token = answer["logout_token"].as_str().unwrap();
    let url = answer["logout_url"].as_str().unwrap();
    assert!(url.ends_with(&format!("/sso/logout?token={token}")));

    world.fake.allow_logout("https://app.example.com/goodbye");
    let follow = |url: &str| {
        world
            .fake
            .handle(Request::get(url).body(Vec::new()).unwrap())
    };
    assert_eq!(follow("/sso/logout").status(), 400);
    assert_eq!(follow("/sso/logout?token=logout_9").status(), 400);
    let sent_on = follow(url);
    assert_eq!(
        sent_on.headers()[LOCATION],
        "https://app.example.com/goodbye"
    );
    assert_eq!(follow(url).status(), 400);
    assert_eq!(world.fake.signed_out(), [identity.profile().id()]);
}

#[test]
fn a_webhook_is_sent_until_it_is_accepted_six_times_more_at_most() {
    let fake = Arc::new(fake());
    fake.announce("organization.updated", &json!({ "id": "org_1" }));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // Whether the first one is accepted; the other one never is.
    let answers = |accepts: bool| {
        let listener = listener.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut told = Vec::new();
            for _ in 0..2 {
                let (mut stream, _) = listener.accept().unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    stream.read_exact(&mut byte).unwrap();
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                assert!(
                    head.starts_with("POST /webhooks/workos HTTP/1.1\r\n"),
                    "{head}"
                );
                let length = head.split("content-length: ").nth(1).unwrap();
                let length = length.split("\r\n").next().unwrap().parse().unwrap();
                let mut body = vec![0; length];
                stream.read_exact(&mut body).unwrap();
                let event = Event::parse(&body).unwrap();
                let right = accepts && event.name() == "connection.activated";
                let status = if right {
                    "200 OK"
                } else {
                    "500 Internal Server Error"
                };
                let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
                stream.write_all(answer.as_bytes()).unwrap();
                told.push(event.name().to_owned());
                if accepts && told.len() == 1 && !right {
                    break;
                }
            }
            told
        })
    };
    let send = || fake.send(address, "/webhooks/workos", SECRET).unwrap();
    let server = answers(false);
    assert_eq!(send(), [500, 500]);
    server.join().unwrap();
    let server = answers(true);
    assert_eq!(send(), [200, 500]);
    server.join().unwrap();
    for _ in 0..5 {
        let server = answers(true);
        assert_eq!(send(), [500]);
        assert_eq!(server.join().unwrap(), ["organization.updated"]);
    }
    assert!(send().is_empty());
    drop(listener);
    fake.announce("organization.updated", &json!({ "id": "org_1" }));
    assert!(fake.send(address, "/webhooks/workos", SECRET).is_err());
    assert_eq!(fake.deliver(SECRET).len(), 1);
}
