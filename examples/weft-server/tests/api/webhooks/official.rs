//! Deliveries signed by the providers' own libraries, to the server as a process of its own. The
//! libraries come from npm and PyPI, so only where `WEFT_FETCH` is set.

use std::{collections::HashMap, process::Command};

use axum::{body::Body, http::Request};
use serde_json::json;

use super::{
    libraries::{npm, pypi, run},
    process::Process,
    records::{intent, order, stripe},
    sender::{Endpoint, SECRET, now},
};
use crate::stage::{Stage, on_stage};

const NPM: [&str; 2] = ["@shopify/shopify-api@13.1.0", "stripe@23.1.0"];

type Headers = HashMap<String, HashMap<String, String>>;

/// What to send, by provider, and what becomes of it in which shop.
const EFFECTS: [(&str, &str); 3] = [
    (
        "stripe",
        "SELECT shop_id FROM payments WHERE stripe_id = 'pi_official'",
    ),
    (
        "shopify",
        "SELECT shop_id FROM orders WHERE shopify_id = 4711",
    ),
    (
        "slack",
        "SELECT shop_id FROM conversations WHERE subject = 'Official'",
    ),
];

fn bodies() -> HashMap<&'static str, String> {
    let paid = stripe(
        "payment_intent.succeeded",
        now(),
        &intent("pi_official", "succeeded"),
    );
    HashMap::from([
        ("stripe", paid.to_string()),
        ("shopify", order(4711, "2026-11-23T15:00:00Z").to_string()),
        (
            "slack",
            "command=%2Fweft&trigger_id=1&text=open+Official".to_owned(),
        ),
    ])
}

#[test]
fn what_npm_libraries_sign_becomes_rows_of_the_right_shop() {
    if let Some(node) = npm("official.mjs", include_str!("official.mjs"), &NPM) {
        becomes_rows(node());
    }
}

#[test]
fn what_pypi_libraries_sign_becomes_rows_of_the_right_shop() {
    if let Some(python) = pypi(include_str!("official.py"), &["slack_sdk==3.48.0"]) {
        becomes_rows(python());
    }
}

fn becomes_rows(mut library: Command) {
    on_stage(async |stage: &Stage| {
        let bodies = bodies();
        let given = json!({ "secret": SECRET, "bodies": bodies });
        let signed: Headers = serde_json::from_str(&run(&mut library, &given.to_string())).unwrap();
        let (token, shop) = (&stage.a.owner, stage.a.shops[1]);
        let mut endpoints = Vec::new();
        for (provider, effect) in EFFECTS {
            if signed.contains_key(provider) {
                let made = Endpoint::make(&stage.router, token, provider, Some(shop)).await;
                endpoints.push((made, effect));
            }
        }
        assert!(!endpoints.is_empty());
        let server = Process::start(stage).await;
        for (endpoint, effect) in endpoints {
            let (body, headers) = (&bodies[endpoint.provider], &signed[endpoint.provider]);
            let request = |body: &str| {
                let mut request = Request::post(endpoint.path());
                for (name, value) in headers {
                    request = request.header(name, value);
                }
                request.body(Body::from(body.to_owned())).unwrap()
            };
            let changed = format!("{body} ");
            assert_eq!(server.post(request(&changed)).await, Some(403), "{effect}");
            assert_eq!(server.post(request(body)).await, Some(200), "{effect}");
            assert_eq!(stage.ids(effect), [shop], "{effect}");
        }
    });
}
