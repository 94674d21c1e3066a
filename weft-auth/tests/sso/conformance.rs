//! The official SDK and our fake, and our client's requests beside the SDK's. The SDK comes from npm, so
//! only where `WEFT_FETCH` is set.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use weft_auth::Origin;
use weft_auth::sso::fake::{Fake, Fault, Listener, Mishap, Person, Webhook};
use weft_auth::sso::{Plan, Target, WorkOs};

use crate::libraries::{npm, run};
use crate::{API_KEY, CLIENT_ID, REDIRECT, World, now, org, query};

const NPM: &str = "@workos-inc/node@8.13.0";

fn pairs(text: &[u8]) -> BTreeMap<String, String> {
    form_urlencoded::parse(text).into_owned().collect()
}

#[test]
fn the_official_sdk_signs_somebody_in_here() {
    let Some(node) = npm("sdk.mjs", include_str!("sdk.mjs"), &[NPM]) else {
        return;
    };

    let fake = Arc::new(Fake::new(CLIENT_ID, API_KEY, now()));
    fake.allow_redirect(REDIRECT);
    fake.connect("conn_1", "org_1", &["acme.example"]);
    fake.connect("conn_2", "org_2", &["other.example"]);
    fake.sign_in(Person::new("idp_1", "ada@acme.example").with("groups", json!(["staff"])));
    let listener = Listener::start(fake.clone()).unwrap();
    let base = Origin::parse(&format!("http://{}", listener.address())).unwrap();

    // The flow of ours that the SDK is to repeat.
    let workos = WorkOs::new(CLIENT_ID, API_KEY, REDIRECT)
        .unwrap()
        .with_base(&base);
    let target = Target::organization(org("org_1"));
    let start = workos
        .start(target, Plan::Enterprise, &HeaderMap::new(), now())
        .unwrap();
    let ours = start.url().to_owned();
    let asked = pairs(query(&ours).as_bytes());
    let webhook = |webhook: Webhook| {
        let signature = webhook.headers["workos-signature"].to_str();
        json!({
            "signature": signature.unwrap(),
            "body": str::from_utf8(&webhook.body).unwrap(),
        })
    };
    let mut told = fake.deliver("whsec_1");
    fake.announce("organization.updated", &json!({ "id": "org_1" }));
    fake.mishap_next(Mishap::BadSignature);
    let forged = fake.deliver("whsec_1").remove(0);
    let given = json!({
        "secret": "whsec_1",
        "webhook": webhook(told.remove(0)),
        "forged": webhook(forged),
        "port": listener.address().port(),
        "clientId": CLIENT_ID,
        "apiKey": API_KEY,
        "redirectUri": REDIRECT,
        "organization": "org_1",
        "state": asked["state"],
        "codeChallenge": asked["code_challenge"],
        "codeVerifier": start.into_pending().expose_verifier(),
    });
    let theirs = run(&mut node(), &given.to_string());
    let theirs: Value = serde_json::from_str(&theirs).unwrap();

    let url = theirs["url"].as_str().unwrap();
    assert_eq!(
        url.split_once('?').unwrap().0,
        ours.split_once('?').unwrap().0
    );
    assert_eq!(pairs(query(url).as_bytes()), asked);

    let profile = &theirs["profile"];
    assert_eq!(profile["idpId"], "idp_1");
    assert_eq!(profile["organizationId"], "org_1");
    assert_eq!(profile["connectionId"], "conn_1");
    assert_eq!(profile["email"], "ada@acme.example");
    assert_eq!(profile["groups"], json!(["staff"]));
    assert_eq!(theirs["again"], profile["id"]);
    assert_eq!(theirs["twice"], json!(["OauthException", "invalid_grant"]));
    assert_eq!(theirs["endedProfile"], "UnauthorizedException");
    assert_eq!(
        theirs["wrongVerifier"],
        json!(["OauthException", "invalid_grant"])
    );
    assert_eq!(theirs["generated"], "idp_1");
    assert_eq!(theirs["connection"], json!(["conn_1", "org_1", "active"]));
    assert_eq!(theirs["connections"], json!(["conn_1"]));
    assert_eq!(theirs["pages"], json!(["conn_2", "conn_1", null]));
    let told = [
        ["connection.activated", "conn_1"],
        ["connection.activated", "conn_2"],
    ];
    assert_eq!(theirs["told"], json!(told));
    let webhook = json!(["event_0001", "connection.activated", "conn_1"]);
    assert_eq!(theirs["webhook"], webhook);
    assert_eq!(theirs["forged"], "SignatureVerificationException");
    assert_eq!(theirs["missing"], "NotFoundException");
    assert_eq!(theirs["wrongKey"], "UnauthorizedException");
    let outside = "profile_not_allowed_outside_organization";
    assert_eq!(theirs["denied"], outside);

    same_requests(&fake.requests());

    fake.fail_next(Fault::RateLimited(7));
    let limited = run(node().arg("limited"), &given.to_string());
    assert_eq!(limited.trim(), r#"["RateLimitExceededException",7]"#);
}

/// The SDK's first exchange and look-up of a connection, beside ours.
fn same_requests(theirs: &[Request<Vec<u8>>]) {
    let mut world = World::new();
    let (exchange, pending) = world.come_back();
    let workos = world.client.workos();
    let ours = workos.exchange_request(&exchange).unwrap();
    let first = |path: &str| {
        let found = theirs.iter().find(|request| request.uri().path() == path);
        found.unwrap_or_else(|| panic!("no request of {path}"))
    };
    let sdks = first("/sso/token");
    assert_eq!(ours.method(), sdks.method());
    assert_eq!(ours.headers()[CONTENT_TYPE], sdks.headers()[CONTENT_TYPE]);
    assert_eq!(
        ours.headers()["authorization"],
        sdks.headers()["authorization"]
    );
    let [mut our_form, mut their_form] = [ours.body(), sdks.body()].map(|body| pairs(body));
    assert_eq!(
        our_form.remove("code_verifier").unwrap(),
        pending.expose_verifier()
    );
    assert!(their_form.remove("code_verifier").is_some());
    assert!(our_form.remove("code").is_some() && their_form.remove("code").is_some());
    assert_eq!(our_form, their_form);

    let ours = workos.connection_request(&crate::conn("conn_1")).unwrap();
    let sdks = first("/connections/conn_1");
    assert_eq!(
        (ours.method(), ours.uri().path()),
        (sdks.method(), sdks.uri().path())
    );
    assert_eq!(
        ours.headers()["authorization"],
        sdks.headers()["authorization"]
    );

    let ours = workos.connections_request(&org("org_1"), None).unwrap();
    let sdks = first("/connections");
    let ours = pairs(ours.uri().query().unwrap().as_bytes());
    let sdks = pairs(sdks.uri().query().unwrap().as_bytes());
    assert_eq!(ours["organization_id"], sdks["organization_id"]);
    assert_eq!(ours["limit"], sdks["limit"]);
}
