//! Endpoints and their secrets: an owner's alone, sealed at rest, and never read back.

use std::time::Duration;

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use serde_json::json;
use tokio::time::sleep;

use super::{
    process::Process,
    sender::{Endpoint, SECRET, deliver},
};
use crate::stage::{Stage, on_stage, until};

const NEW: &str = "whsec_the secret that comes after it, long enough";

#[test]
fn a_secret_is_rotated_without_a_gap_and_then_ends() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let old = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let new = Endpoint {
            secret: NEW.to_owned(),
            ..old.clone()
        };
        let status = async |endpoint: &Endpoint, body: &str| {
            let answer = deliver(&stage.router, endpoint.request(body)).await;
            answer.status.as_u16()
        };
        assert_eq!(status(&old, "1").await, 200);
        assert_eq!(status(&new, "2").await, 403);
        let path = format!("/api/webhook-endpoints/{}/secrets", old.id);
        let body = json!({ "secret": NEW });
        let added = stage.ask(token, "POST", &path, Some(&body)).await;
        assert_eq!(added.status.as_u16(), 201, "{}", added.text);
        assert_eq!(
            added.json()["secret"],
            json!(null),
            "the provider's is not said back"
        );
        assert_eq!(
            (status(&old, "3").await, status(&new, "4").await),
            (200, 200)
        );
        let listed = stage.ask(token, "GET", &path, None).await.json();
        let [first, second] = [0, 1].map(|at| listed[at].clone());
        assert!(first["not_after"].is_string() && second["not_after"].is_null());
        // The delivery says which of them signed.
        let deliveries = format!("/api/webhook-deliveries?endpoint_id={}", old.id);
        let deliveries = stage.ask(token, "GET", &deliveries, None).await.json();
        assert_eq!(deliveries["items"][0]["secret_id"], second["id"]);
        assert_eq!(deliveries["items"][1]["secret_id"], first["id"]);

        let at_once = json!({ "secret": SECRET, "overlap_minutes": 0 });
        let added = stage.ask(token, "POST", &path, Some(&at_once)).await;
        assert_eq!(added.status.as_u16(), 201, "{}", added.text);
        assert_eq!(
            (status(&old, "5").await, status(&new, "6").await),
            (200, 403)
        );
        for secret in stage
            .ask(token, "GET", &path, None)
            .await
            .json()
            .as_array()
            .unwrap()
        {
            let path = format!("{path}/{}", secret["id"].as_str().unwrap());
            assert_eq!(
                stage
                    .ask(token, "DELETE", &path, None)
                    .await
                    .status
                    .as_u16(),
                204
            );
        }
        assert_eq!(status(&old, "7").await, 403);
    });
}

#[test]
fn a_secret_of_ours_is_shown_once_and_at_rest_it_is_sealed() {
    on_stage(async |stage| {
        let token = &stage.a.owner;
        let new = json!({ "provider": "stalwart", "label": "mail" });
        let made = stage
            .ask(token, "POST", "/api/webhook-endpoints", Some(&new))
            .await;
        let id = made.json()["id"].as_str().unwrap().to_owned();
        let path = format!("/api/webhook-endpoints/{id}/secrets");
        let added = stage.ask(token, "POST", &path, Some(&json!({}))).await;
        let secret = added.json()["secret"].as_str().unwrap().to_owned();
        let stalwart = Endpoint {
            provider: "stalwart",
            id: id.parse().unwrap(),
            secret: secret.clone(),
        };
        let answer = deliver(&stage.router, stalwart.request("{}")).await;
        assert_eq!(answer.status.as_u16(), 200);
        for path in [
            "/api/webhook-endpoints".to_owned(),
            path,
            "/api/webhook-deliveries".to_owned(),
        ] {
            let answer = stage.ask(token, "GET", &path, None).await;
            assert!(
                !answer.text.contains(&secret) && !answer.text.contains("sealed"),
                "{path}"
            );
        }
        let sql = "SELECT position(convert_to($$TEXT$$, 'UTF8') IN sealed) FROM webhook_secrets";
        for text in [secret.as_str(), SECRET] {
            let found = stage.database.query(&sql.replace("TEXT", text)).unwrap();
            assert!(found.iter().all(|row| row[0].as_deref() == Some("0")));
        }
        // In another row it does not open: that endpoint goes out of use, and no other does.
        let shop = Some(stage.a.shops[0]);
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let swap = format!(
            "UPDATE webhook_secrets SET sealed = (SELECT sealed FROM webhook_secrets WHERE endpoint_id = '{id}') \
             WHERE endpoint_id = '{}'",
            stripe.id
        );
        stage.database.execute(&swap).unwrap();
        Endpoint::make(&stage.router, token, "stripe", shop).await;
        let moved = Endpoint { secret, ..stripe };
        assert_eq!(
            deliver(&stage.router, moved.request("{}"))
                .await
                .status
                .as_u16(),
            403
        );
        let answer = deliver(&stage.router, stalwart.request("[]")).await;
        assert_eq!(answer.status.as_u16(), 200);
    });
}

#[test]
fn what_is_no_secret_and_no_endpoint_is_refused_by_name_and_without_it() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, stage.a.shops[0]);
        let make = async |new: serde_json::Value| {
            let answer = stage
                .ask(token, "POST", "/api/webhook-endpoints", Some(&new))
                .await;
            answer.must_be_a_problem(&new.to_string());
            assert_eq!(answer.status.as_u16(), 422, "{new}: {}", answer.text);
            answer.text
        };
        for secret in [
            "",
            "a",
            "a secret of 23 letters",
            &format!("{SECRET}\n"),
            &"x".repeat(513),
        ] {
            let new =
                json!({ "provider": "stripe", "shop_id": shop, "label": "x", "secret": secret });
            let text = make(new).await;
            assert!(secret.len() < 2 || !text.contains(secret), "{text}");
        }
        make(json!({ "provider": "stripe", "label": "x" })).await;
        make(json!({ "provider": "workos", "label": "x", "shop_id": shop })).await;
        make(json!({ "provider": "pigeon", "label": "x" })).await;
        let kept = "SELECT count(*) FROM webhook_endpoints WHERE label = 'x'";
        assert_eq!(
            stage.database.query(kept).unwrap()[0][0].as_deref(),
            Some("0")
        );
    });
}

#[test]
fn every_server_learns_of_an_endpoint_within_seconds() {
    on_stage(async |stage| {
        let server = Process::start(stage).await;
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let learns = async || server.post(stripe.request("{}")).await == Some(200);
        until("the other server learns of it", learns).await;
        let path = format!("/api/webhook-endpoints/{}", stripe.id);
        stage.ask(token, "DELETE", &path, None).await;
        let forgets = async || server.post(stripe.request("[]")).await == Some(403);
        until("the other server forgets it", forgets).await;
    });
}

#[test]
fn no_more_than_two_secrets_are_in_force_however_often_they_are_rotated() {
    on_stage(async |stage| {
        let token = &stage.a.owner;
        let stripe = Endpoint::make(&stage.router, token, "stripe", Some(stage.a.shops[0])).await;
        let new = json!({ "url": "https://hooks.example.com/", "event_types": ["order.created"] });
        let path = "/api/webhook-subscriptions";
        let subscription = stage.ask(token, "POST", path, Some(&new)).await.json();
        let subscription = subscription["id"].as_str().unwrap();
        let rotate_endpoint = format!("/api/webhook-endpoints/{}/secrets", stripe.id);
        let rotate_subscription = format!("{path}/{subscription}/secret");
        for _ in 0..3 {
            let body = json!({ "secret": NEW, "overlap_minutes": 60 });
            let added = stage
                .ask(token, "POST", &rotate_endpoint, Some(&body))
                .await;
            assert_eq!(added.status.as_u16(), 201, "{}", added.text);
            let body = json!({ "overlap_minutes": 60 });
            let added = stage
                .ask(token, "POST", &rotate_subscription, Some(&body))
                .await;
            assert_eq!(added.status.as_u16(), 200, "{}", added.text);
        }
        for holder in [stripe.id.to_string(), subscription.to_owned()] {
            let in_force = format!(
                "SELECT count(*) FROM webhook_secrets \
                 WHERE '{holder}' IN (endpoint_id, subscription_id) \
                     AND (not_after IS NULL OR not_after > now())"
            );
            let in_force = stage.database.query(&in_force).unwrap();
            assert_eq!(in_force[0][0].as_deref(), Some("2"));
        }
    });
}

/// Stops the first that reads the endpoints in the middle, until it is opened.
struct Gate(AsyncPgConnection);

impl Gate {
    async fn close(stage: &Stage) -> Gate {
        let slow = "CREATE FUNCTION slow() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN \
                        IF pg_try_advisory_lock(1) THEN \
                            PERFORM pg_advisory_lock_shared(2); \
                        END IF; \
                        RETURN true; \
                    END $$; \
                    ALTER POLICY weft_directory ON webhook_endpoints USING (slow())";
        stage.database.execute(slow).unwrap();
        let address = stage.database.url("postgres");
        let mut conn = AsyncPgConnection::establish(&address).await.unwrap();
        let close = "SELECT pg_advisory_lock(2)";
        conn.batch_execute(close).await.unwrap();
        Gate(conn)
    }

    /// Somebody stands before it.
    async fn reached(&self, stage: &Stage) {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event = 'advisory'";
        let waits = async || stage.database.query(waiting).unwrap()[0][0].as_deref() == Some("1");
        until("somebody is reading", waits).await;
    }

    async fn open(mut self) {
        let open = "SELECT pg_advisory_unlock(2)";
        self.0.batch_execute(open).await.unwrap();
    }
}

#[test]
fn what_was_read_earlier_never_replaces_what_was_read_later() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let gate = Gate::close(stage).await;
        let read = Endpoint::make(&stage.router, token, "stripe", shop);
        let deleted = async {
            gate.reached(stage).await;
            let path = format!("/api/webhook-endpoints/{}", stripe.id);
            let delete = stage.ask(token, "DELETE", &path, None);
            let open = async {
                // Long enough for whoever does not wait for the first.
                sleep(Duration::from_millis(500)).await;
                gate.open().await;
            };
            tokio::join!(delete, open).0.status.as_u16()
        };
        let (other, deleted) = tokio::join!(read, deleted);
        assert_eq!(deleted, 204);
        let status = async |endpoint: &Endpoint| {
            let answer = deliver(&stage.router, endpoint.request("{}")).await;
            answer.status.as_u16()
        };
        assert_eq!((status(&stripe).await, status(&other).await), (403, 200));
    });
}

#[test]
fn a_server_that_starts_refuses_nothing_before_it_knows_the_endpoints() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let gate = Gate::close(stage).await;
        let server = Process::start(stage).await;
        let open = async {
            gate.reached(stage).await;
            sleep(Duration::from_millis(500)).await;
            gate.open().await;
        };
        let (answer, ()) = tokio::join!(server.post(stripe.request("{}")), open);
        assert_eq!(answer, Some(200));
    });
}
