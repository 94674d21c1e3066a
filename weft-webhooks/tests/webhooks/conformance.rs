//! The senders' own libraries and ours agree, in both directions. They come from npm and PyPI, so
//! only where `WEFT_FETCH` is set, as it is in CI.

use std::collections::{BTreeMap, HashMap};
use std::process::Command;
use std::time::SystemTime;

use http::HeaderMap;
use serde_json::json;
use weft_webhooks::{Scheme, Secret, Signer};

use crate::libraries::{npm, pypi, run};
use crate::sender::{OTHER, SECRET, schemes, sent, time_text, verifier};

const BODY: &str = "{\"id\":\"evt_1\",\"note\":\"caf\u{e9} \u{2603}\"}";

const NPM: [&str; 6] = [
    "@octokit/webhooks-methods@6.0.0",
    "@shopify/shopify-api@13.1.0",
    "@workos-inc/node@8.13.0",
    "standardwebhooks@1.1.1",
    "stripe@23.1.0",
    "svix@1.99.1",
];

type Headers = HashMap<String, String>;

#[test]
fn npm_libraries_agree() {
    if let Some(node) = npm("npm.mjs", include_str!("npm.mjs"), &NPM) {
        let names = ["github", "shopify", "standard", "stripe", "svix", "workos"];
        agree(node, &names);
    }
}

#[test]
fn pypi_libraries_agree() {
    if let Some(python) = pypi(include_str!("pypi.py"), &["slack_sdk==3.48.0"]) {
        agree(python, &["slack"]);
    }
}

/// Lets `library` check the requests of the tests' sender and of our signer, and checks those it signs.
fn agree(library: impl Fn() -> Command, names: &[&str]) {
    let now = SystemTime::now();
    let time = now
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let of_sender = |scheme: &Scheme| sent(scheme, BODY.as_bytes(), &time_text(scheme, time));
    let of_signer = |scheme: &Scheme| {
        let secrets = [("old", OTHER), ("new", SECRET)];
        let secrets = secrets.map(|(id, text)| Secret::new(id, text).unwrap());
        let signer = Signer::new(scheme.clone(), secrets).unwrap();
        signer.sign("msg_1", BODY.as_bytes(), now).unwrap()
    };
    check(&asked(library(), &by_name(of_sender), time), names, now);
    check(&asked(library(), &by_name(of_signer), time), names, now);
}

fn by_name(sent: impl Fn(&Scheme) -> HeaderMap) -> BTreeMap<String, Headers> {
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (name.to_string(), value.to_str().unwrap().to_owned())
    };
    let schemes = schemes();
    let each = schemes.iter().map(|scheme| {
        let headers = sent(scheme).iter().map(text).collect();
        (scheme.name().to_owned(), headers)
    });
    each.collect()
}

/// What the library signs, after it accepted what was sent.
fn asked(
    mut library: Command,
    sent: &BTreeMap<String, Headers>,
    time: u64,
) -> BTreeMap<String, Headers> {
    let given = json!({ "secret": SECRET, "time": time, "body": BODY, "sent": sent });
    let theirs = run(&mut library, &given.to_string());
    serde_json::from_str(&theirs).unwrap()
}

fn check(theirs: &BTreeMap<String, Headers>, names: &[&str], now: SystemTime) {
    assert_eq!(theirs.keys().collect::<Vec<_>>(), names);
    for scheme in schemes() {
        let Some(headers) = theirs.get(scheme.name()) else {
            continue;
        };
        let headers = HeaderMap::try_from(headers).unwrap();
        let verifier = verifier(scheme.clone());
        let verify = |body: &str| verifier.verify(&headers, body.into(), now);
        assert!(verify(BODY).is_ok(), "{}", scheme.name());
        assert!(
            verify(&BODY.replace('1', "2")).is_err(),
            "{}",
            scheme.name()
        );
    }
}
