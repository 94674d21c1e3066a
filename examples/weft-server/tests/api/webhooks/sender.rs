//! What the providers do: an endpoint of theirs, and requests that they sign.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Router,
    body::Body,
    http::{Method, Request},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use ring::hmac;
use serde_json::{Value, json};
use tower::ServiceExt;
use uuid::Uuid;

use crate::stage::{Answer, ask, read};

pub(crate) const SECRET: &str = "whsec_one secret that every provider could have";

/// An endpoint, as its provider knows it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    pub(crate) provider: &'static str,
    pub(crate) id: Uuid,
    pub(crate) secret: String,
}

impl Endpoint {
    /// Made by the owner who bears `token`.
    pub(crate) async fn make(
        router: &Router,
        token: &str,
        provider: &'static str,
        shop: Option<Uuid>,
    ) -> Endpoint {
        let new =
            json!({ "provider": provider, "shop_id": shop, "label": "test", "secret": SECRET });
        let made = ask(router, token, "POST", "/api/webhook-endpoints", Some(&new)).await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.text);
        Endpoint {
            provider,
            id: made.json()["id"].as_str().unwrap().parse().unwrap(),
            secret: SECRET.to_owned(),
        }
    }

    pub(crate) fn path(&self) -> String {
        format!("/webhooks/{}/{}", self.provider, self.id)
    }

    pub(crate) fn request(&self, body: impl AsRef<[u8]>) -> Request<Body> {
        self.request_at(now(), body.as_ref())
    }

    /// Signed as the provider signs at `time`.
    pub(crate) fn request_at(&self, time: i64, body: &[u8]) -> Request<Body> {
        let mut request = Request::builder().method(Method::POST).uri(self.path());
        for (name, value) in signed(self.provider, &self.secret, time, body) {
            request = request.header(name, value);
        }
        request.body(Body::from(body.to_vec())).unwrap()
    }

    pub(crate) async fn send(&self, router: &Router, body: &Value) -> Answer {
        deliver(router, self.request(body.to_string())).await
    }
}

pub(crate) async fn deliver(router: &Router, request: Request<Body>) -> Answer {
    read(router.clone().oneshot(request).await.unwrap()).await
}

pub(crate) fn now() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(now.as_secs()).unwrap()
}

fn signed(provider: &str, secret: &str, time: i64, body: &[u8]) -> Vec<(&'static str, String)> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let mac = |before: &str| {
        let signed = [before.as_bytes(), body].concat();
        hmac::sign(&key, &signed).as_ref().to_vec()
    };
    let hex = |bytes: Vec<u8>| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    match provider {
        "stripe" => {
            let mac = hex(mac(&format!("{time}.")));
            vec![("stripe-signature", format!("t={time},v1={mac}"))]
        }
        "workos" => {
            let time = time * 1000;
            let mac = hex(mac(&format!("{time}.")));
            vec![("workos-signature", format!("t={time}, v1={mac}"))]
        }
        "slack" => vec![
            (
                "x-slack-signature",
                format!("v0={}", hex(mac(&format!("v0:{time}:")))),
            ),
            ("x-slack-request-timestamp", time.to_string()),
        ],
        "shopify" => vec![("x-shopify-hmac-sha256", STANDARD.encode(mac("")))],
        "stalwart" => vec![("x-signature", STANDARD.encode(mac("")))],
        other => panic!("{other} signs in no way that is known"),
    }
}
