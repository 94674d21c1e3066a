//! What happens here is told to those who subscribed: signed, again until it is received, and never to
//! a private address.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use chrono::Utc;
use serde_json::{Value, json};
use tokio::{
    sync::{Notify, oneshot},
    time::sleep,
};
use weft_server::{
    events::Outgoing, serve, state_folder::StateFolder, tls, value::EventType, webhooks::retention,
};
use weft_webhooks::{
    Scheme, Secret, Verifier,
    outgoing::{Networks, Roots},
};

use super::{records::order, sender::Endpoint};
use crate::stage::{Stage, on_stage, state_with, until};

type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A subscriber's machine, and a server that may reach it.
struct Pair {
    stage: Stage,
    url: String,
    received: Received,
    status: Arc<Mutex<u16>>,
    /// `/held` answers once this is notified.
    release: Arc<Notify>,
    _stop: oneshot::Sender<()>,
    work: tokio::task::JoinHandle<()>,
}

impl Pair {
    async fn new(stage: &Stage) -> Pair {
        let (received, status) = (Received::default(), Arc::new(Mutex::new(200)));
        let kept = (Arc::clone(&received), Arc::clone(&status));
        let take = async |State((received, status)): State<(Received, Arc<Mutex<u16>>)>,
                          headers: HeaderMap,
                          body: Bytes| {
            received.lock().unwrap().push((headers, body));
            StatusCode::from_u16(*status.lock().unwrap()).unwrap()
        };
        let release = Arc::new(Notify::new());
        let released = Arc::clone(&release);
        let hold = async move |state: State<(Received, Arc<Mutex<u16>>)>,
                               headers: HeaderMap,
                               body: Bytes| {
            let status = take(state, headers, body).await;
            released.notified().await;
            status
        };
        let app = Router::new()
            .route("/hook", post(take))
            .route("/held", post(hold))
            .with_state(kept);
        let path = std::env::temp_dir().join(format!("weft-receiver-{}", uuid::Uuid::new_v4()));
        let folder = StateFolder::open(Some(path.clone())).unwrap();
        let config = tls::config(&folder, Utc::now()).unwrap();
        let certificate = folder.read(tls::CERTIFICATE).unwrap().unwrap();
        std::fs::remove_dir_all(path).unwrap();
        let listeners = serve::listen("127.0.0.1:0").await.unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(serve::serve(listeners, config, app, async {
            drop(stopped.await);
        }));
        let roots = Roots::none().with_pem(certificate.as_bytes()).unwrap();
        let loopback: Networks = ["127.0.0.0/8".parse().unwrap()].into_iter().collect();
        let outgoing = Outgoing::new(roots, loopback).unwrap();
        let state = state_with(
            stage.roads.clone(),
            outgoing,
            stage.state.attachments().clone(),
        );
        let worker = state.clone();
        Pair {
            stage: Stage::over(stage, weft_server::app(state)),
            url: format!("https://localhost:{port}/hook"),
            received,
            status,
            release,
            _stop: stop,
            work: tokio::spawn(async move { worker.work().await }),
        }
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> Value {
        let token = &self.stage.a.owner;
        let body = (!body.is_null()).then_some(body);
        let answer = self.stage.ask(token, method, path, body.as_ref()).await;
        assert!(answer.status.is_success(), "{path}: {}", answer.text);
        answer.json()
    }

    /// The subscription's id and its secret.
    async fn subscribe(&self, shop: Option<uuid::Uuid>) -> (String, String) {
        let new = json!({
            "url": self.url, "shop_id": shop,
            "event_types": ["order.created", "order.updated", "conversation.created"],
        });
        let made = self.ask("POST", "/api/webhook-subscriptions", new).await;
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        (text("id"), text("secret"))
    }

    async fn something_happens(&self) {
        let shop = self.stage.a.shops[1];
        let new = json!({ "shop_id": shop, "subject": "Hello" });
        self.ask("POST", "/api/conversations", new).await;
    }

    /// The messages of a subscription, once each is in a state that `fits`.
    async fn messages(&self, subscription: &str, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let path = format!("/api/webhook-events?subscription_id={subscription}");
        for _ in 0..200 {
            let page = self.ask("GET", &path, Value::Null).await;
            let items = page["items"].as_array().unwrap().clone();
            if !items.is_empty() && items.iter().all(&fits) {
                return items;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("the messages never become so")
    }

    fn held(&self) -> String {
        self.url.replace("/hook", "/held")
    }

    fn received(&self) -> Vec<(HeaderMap, Bytes)> {
        self.received.lock().unwrap().clone()
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.work.abort();
    }
}

fn delivered(message: &Value) -> bool {
    message["state"] == "delivered"
}

fn verify(secret: &str, (headers, body): &(HeaderMap, Bytes)) -> bool {
    let secret = Secret::new("subscriber", secret).unwrap();
    let verifier = Verifier::new(Scheme::standard(), [secret]).unwrap();
    let verified = verifier.verify(headers, body.to_vec(), SystemTime::now());
    verified.is_ok()
}

#[test]
fn a_change_is_told_once_and_signed() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let (id, secret) = pair.subscribe(None).await;
        let (other, _) = pair.subscribe(Some(stage.a.shops[0])).await;
        pair.something_happens().await;
        let [message] = &pair.messages(&id, delivered).await[..] else {
            panic!("one message")
        };
        let [sent] = &pair.received()[..] else {
            panic!("one request")
        };
        assert!(verify(&secret, sent));
        let told: Value = serde_json::from_slice(&sent.1).unwrap();
        assert_eq!(told["type"], "conversation.created");
        assert_eq!(told["data"]["shop_id"], json!(stage.a.shops[1]));
        let attempts = format!(
            "/api/webhook-events/{}/attempts",
            message["id"].as_str().unwrap()
        );
        let attempts = pair.ask("GET", &attempts, Value::Null).await;
        assert_eq!(
            (attempts[0]["status"].as_i64(), &attempts[0]["outcome"]),
            (Some(200), &json!("delivered"))
        );
        let path = format!("/api/webhook-events?subscription_id={other}");
        let none = pair.ask("GET", &path, Value::Null).await;
        assert_eq!(none["items"], json!([]), "another shop's");

        // What comes in by a webhook is told, too.
        let shopify = Endpoint::make(
            &pair.stage.router,
            &stage.a.owner,
            "shopify",
            Some(stage.a.shops[1]),
        )
        .await;
        let body = order(1, "2026-11-23T15:00:00Z");
        assert_eq!(shopify.send(&pair.stage.router, &body).await.status, 200);
        pair.messages(&id, delivered).await;
        let types: Vec<Value> = pair
            .received()
            .iter()
            .map(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["type"].clone())
            .collect();
        assert_eq!(types, ["conversation.created", "order.created"]);
    });
}

#[test]
fn every_kind_of_event_is_told() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        pair.work.abort();
        let kinds: Vec<&str> = EventType::ALL.iter().map(|kind| kind.as_str()).collect();
        let new = json!({ "url": pair.url, "event_types": kinds });
        let made = pair.ask("POST", "/api/webhook-subscriptions", new).await;
        let shop = stage.a.shops[1];
        let new = json!({ "shop_id": shop, "subject": "Hello" });
        let conversation = pair.ask("POST", "/api/conversations", new).await;
        let conversation = format!(
            "/api/conversations/{}",
            conversation["id"].as_str().unwrap()
        );
        pair.ask("PATCH", &conversation, json!({ "state": "closed" }))
            .await;
        let said = json!({ "direction": "out", "body": "Hello" });
        pair.ask("POST", &format!("{conversation}/messages"), said)
            .await;
        let shopify =
            Endpoint::make(&pair.stage.router, &stage.a.owner, "shopify", Some(shop)).await;
        for at in ["2026-11-23T15:00:00Z", "2026-11-23T16:00:00Z"] {
            let answer = shopify.send(&pair.stage.router, &order(1, at)).await;
            assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
        }
        let id = stage.id("SELECT id FROM orders WHERE shopify_id = 1");
        pair.ask(
            "PATCH",
            &format!("/api/orders/{id}"),
            json!({ "tags": "vip" }),
        )
        .await;
        let path = format!(
            "/api/webhook-events?subscription_id={}",
            made["id"].as_str().unwrap()
        );
        let page = pair.ask("GET", &path, Value::Null).await;
        let mut told: Vec<&str> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|message| message["event_type"].as_str().unwrap())
            .collect();
        told.sort_unstable();
        let mut expected = [kinds, vec!["order.updated"]].concat();
        expected.sort_unstable();
        assert_eq!(
            told, expected,
            "an order is changed twice, the rest happens once"
        );
    });
}

#[test]
fn a_failure_is_tried_again_under_the_same_id_at_a_new_time() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let (id, secret) = pair.subscribe(None).await;
        *pair.status.lock().unwrap() = 500;
        pair.something_happens().await;
        let waiting = |message: &Value| message["attempts"] == 1 && message["state"] == "pending";
        pair.messages(&id, waiting).await;
        until("received", async || !pair.received().is_empty()).await;
        let rotation = json!({ "overlap_minutes": 60 });
        let path = format!("/api/webhook-subscriptions/{id}/secret");
        let new = pair.ask("POST", &path, rotation).await["secret"].clone();
        *pair.status.lock().unwrap() = 204;
        // 5 seconds pass.
        pair.messages(&id, delivered).await;
        let requests = pair.received();
        assert_eq!(requests.len(), 2);
        let header = |at: usize, name: &str| requests[at].0[name].clone();
        assert_eq!(header(0, "webhook-id"), header(1, "webhook-id"));
        assert_ne!(
            header(0, "webhook-timestamp"),
            header(1, "webhook-timestamp")
        );
        // During the rotation both secrets sign.
        assert!(verify(&secret, &requests[1]) && verify(new.as_str().unwrap(), &requests[1]));
        assert!(!verify(new.as_str().unwrap(), &requests[0]));
        let subscription = format!("/api/webhook-subscriptions/{id}");
        let subscription = pair.ask("GET", &subscription, Value::Null).await;
        assert_eq!(subscription["failing_since"], Value::Null);
    });
}

#[test]
fn a_receiver_that_is_gone_is_left_alone() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let (id, _) = pair.subscribe(None).await;
        *pair.status.lock().unwrap() = 410;
        pair.something_happens().await;
        let failed = |message: &Value| message["state"] == "failed";
        let messages = pair.messages(&id, failed).await;
        let path = format!("/api/webhook-subscriptions/{id}");
        let subscription = pair.ask("GET", &path, Value::Null).await;
        assert_eq!(
            (&subscription["state"], &subscription["off_because"]),
            (&json!("off"), &json!("gone"))
        );
        pair.something_happens().await;
        sleep(Duration::from_millis(1500)).await;
        assert_eq!(
            pair.messages(&id, failed).await.len(),
            1,
            "nothing is kept for it"
        );
        assert_eq!(pair.received().len(), 1);
        // Turned on again by an owner, it begins anew; the old message goes by hand.
        *pair.status.lock().unwrap() = 200;
        pair.ask("PATCH", &path, json!({ "state": "on" })).await;
        let replay = format!(
            "/api/webhook-events/{}/replay",
            messages[0]["id"].as_str().unwrap()
        );
        pair.ask("POST", &replay, Value::Null).await;
        pair.messages(&id, delivered).await;
        assert_eq!(pair.received().len(), 2);
    });
}

#[test]
fn a_receiver_that_never_answers_holds_up_no_other_organisation() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let held = json!({ "url": pair.held(), "event_types": ["order.created"] });
        let path = "/api/webhook-subscriptions";
        let held = stage.ask(&stage.b.owner, "POST", path, Some(&held)).await;
        let held = held.json()["id"].as_str().unwrap().to_owned();
        let (id, _) = pair.subscribe(None).await;
        let backlog = format!(
            "INSERT INTO webhook_messages (org_id, id, subscription_id, event_type, body, state, \
                 attempts, due_at, created_at) \
             SELECT '{}', gen_random_uuid(), '{held}', 'order.created', '{{}}', 'pending', 0, \
                 now() - interval '1 hour', now() - interval '1 hour' \
             FROM generate_series(1, 1000)",
            stage.b.id
        );
        stage.database.execute(&backlog).unwrap();
        until("received", async || !pair.received().is_empty()).await;
        pair.something_happens().await;
        pair.messages(&id, delivered).await;
    });
}

#[test]
fn what_an_earlier_address_answers_does_not_turn_off_the_new_one() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let (id, _) = pair.subscribe(None).await;
        let path = format!("/api/webhook-subscriptions/{id}");
        let held = json!({ "url": pair.held() });
        pair.ask("PATCH", &path, held).await;
        *pair.status.lock().unwrap() = 410;
        pair.something_happens().await;
        until("received", async || !pair.received().is_empty()).await;
        pair.ask("PATCH", &path, json!({ "url": pair.url })).await;
        pair.release.notify_one();
        let failed = |message: &Value| message["state"] == "failed";
        pair.messages(&id, failed).await;
        let subscription = pair.ask("GET", &path, Value::Null).await;
        assert_eq!(subscription["state"], "on");
    });
}

#[test]
fn a_failure_that_began_before_a_success_does_not_turn_off() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let (id, _) = pair.subscribe(None).await;
        let path = format!("/api/webhook-subscriptions/{id}");
        let held = json!({ "url": pair.held() });
        pair.ask("PATCH", &path, held).await;
        let failing = "UPDATE webhook_subscriptions SET failing_since = now() - interval '6 days'";
        stage.database.execute(failing).unwrap();
        *pair.status.lock().unwrap() = 500;
        pair.something_happens().await;
        until("received", async || !pair.received().is_empty()).await;
        // Another message got through meanwhile.
        let works = "UPDATE webhook_subscriptions SET failing_since = NULL";
        stage.database.execute(works).unwrap();
        pair.release.notify_one();
        let waiting = |message: &Value| message["due_at"].as_str() > message["created_at"].as_str();
        pair.messages(&id, waiting).await;
        let subscription = pair.ask("GET", &path, Value::Null).await;
        assert_eq!(subscription["state"], "on");
    });
}

#[test]
fn who_may_not_subscribe_any_more_is_not_told() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        let (id, _) = pair.subscribe(None).await;
        *pair.status.lock().unwrap() = 500;
        pair.something_happens().await;
        let tried = |message: &Value| message["attempts"] == 1 && message["state"] == "pending";
        pair.messages(&id, tried).await;
        let shop = Some(stage.a.shops[1]);
        let shopify = Endpoint::make(&pair.stage.router, &stage.a.owner, "shopify", shop).await;
        let owner = format!(
            "UPDATE memberships SET role = 'member' WHERE org_id = '{}'",
            stage.a.id
        );
        stage.database.execute(&owner).unwrap();
        stage
            .database
            .execute("UPDATE webhook_messages SET due_at = now()")
            .unwrap();
        let state = format!("SELECT state FROM webhook_messages WHERE subscription_id = '{id}'");
        let failed =
            async || stage.database.query(&state).unwrap()[0][0].as_deref() == Some("failed");
        until("given up", failed).await;
        assert_eq!(
            pair.received().len(),
            1,
            "only while they owned the organisation"
        );
        let body = order(1, "2026-11-23T15:00:00Z");
        assert_eq!(shopify.send(&pair.stage.router, &body).await.status, 200);
        let kept = stage.database.query(&state).unwrap();
        assert_eq!(
            kept.len(),
            1,
            "nor is anything kept for them that happens now"
        );
    });
}

#[test]
fn private_addresses_are_no_place_for_messages() {
    on_stage(async |stage| {
        for url in [
            "http://hooks.example.com/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest/meta-data/",
            "https://10.0.0.7:8443/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://user:password@hooks.example.com/",
            "ftp://hooks.example.com/",
            "hooks.example.com",
            "",
        ] {
            let new = json!({ "url": url, "event_types": ["order.created"] });
            let path = "/api/webhook-subscriptions";
            let answer = stage.ask(&stage.a.owner, "POST", path, Some(&new)).await;
            assert_eq!(answer.status.as_u16(), 422, "{url}: {}", answer.text);
            assert!(!answer.text.contains("password"), "{}", answer.text);
        }
        // A name that has such an address is found out when it is resolved.
        let pair = Pair::new(stage).await;
        let state = crate::stage::state(stage.roads.clone());
        pair.work.abort();
        let worker = tokio::spawn({
            let state = state.clone();
            async move { state.work().await }
        });
        let (id, _) = pair.subscribe(None).await;
        pair.something_happens().await;
        let tried = |message: &Value| message["attempts"] == 1 && message["state"] == "pending";
        let messages = pair.messages(&id, tried).await;
        let attempts = format!(
            "/api/webhook-events/{}/attempts",
            messages[0]["id"].as_str().unwrap()
        );
        // It is counted when it begins, and on record when it is over.
        let over = async || {
            let attempts = pair.ask("GET", &attempts, Value::Null).await;
            attempts[0]["outcome"] == "refused-address"
        };
        until("refused", over).await;
        worker.abort();
        assert!(pair.received().is_empty());
    });
}

#[test]
fn a_change_and_what_is_told_of_it_are_kept_together_or_not_at_all() {
    on_stage(async |stage| {
        let pair = Pair::new(stage).await;
        pair.work.abort();
        let (id, _) = pair.subscribe(None).await;
        let count = |sql: &str| stage.database.query(sql).unwrap()[0][0].clone().unwrap();
        let told = format!("SELECT count(*) FROM webhook_messages WHERE subscription_id = '{id}'");
        let made = "SELECT count(*) FROM conversations WHERE subject = 'Hello'";
        stage
            .database
            .execute(
                "ALTER TABLE webhook_messages ADD CHECK (event_type <> 'conversation.created')",
            )
            .unwrap();
        let new = json!({ "shop_id": stage.a.shops[1], "subject": "Hello" });
        let token = &stage.a.owner;
        let answer = stage
            .ask(token, "POST", "/api/conversations", Some(&new))
            .await;
        assert!(!answer.status.is_success(), "{}", answer.text);
        assert_eq!(
            (count(&told), count(made)),
            ("0".to_owned(), "0".to_owned())
        );
        stage
            .database
            .execute(
                "ALTER TABLE webhook_messages DROP CONSTRAINT webhook_messages_event_type_check",
            )
            .unwrap();
        pair.something_happens().await;
        assert_eq!(
            (count(&told), count(made)),
            ("1".to_owned(), "1".to_owned())
        );
    });
}

#[test]
fn what_was_settled_long_ago_is_forgotten_in_every_organisation() {
    on_stage(async |stage| {
        let count = |table: &str| {
            let sql = format!("SELECT count(*) FROM {table} WHERE settled_at IS NOT NULL");
            stage.database.query(&sql).unwrap()[0][0].clone().unwrap()
        };
        let counts = || ["webhook_deliveries", "webhook_messages"].map(count);
        retention::forget(&stage.roads, SystemTime::now() - retention::RETENTION)
            .await
            .unwrap();
        assert_eq!(counts(), ["2", "2"]);
        for table in ["webhook_deliveries", "webhook_messages"] {
            let aged = format!("UPDATE {table} SET settled_at = now() - interval '31 days'");
            stage.database.execute(&aged).unwrap();
        }
        retention::forget(&stage.roads, SystemTime::now() - retention::RETENTION)
            .await
            .unwrap();
        assert_eq!(counts(), ["0", "0"]);
    });
}
