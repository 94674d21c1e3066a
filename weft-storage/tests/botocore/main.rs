//! Generated requests, signed by AWS's own library as well: the same signature over the same request.
//!
//! `WEFT_STORAGE_REQUESTS` says how many, 10 000 unless told; `WEFT_SEED` replays a run.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use serde_json::{Value, json};

use generated::{Asked, Case, Ours, case, parts, stamp};
use random::{Random, number};

#[path = "../storage/generated.rs"]
mod generated;
#[path = "../../../weft-webhooks/tests/webhooks/libraries.rs"]
#[expect(dead_code, reason = "no library of npm is asked here")]
mod libraries;
#[path = "../storage/random.rs"]
mod random;

/// What is asked of the library.
fn question(Case { asked, ours }: &Case) -> Value {
    let (kind, policy) = match ours {
        Ours::Url(_) | Ours::Put(_) => ("presigned", None),
        Ours::Request(_) => ("header", None),
        Ours::Form(form) => ("policy", form.fields().find(|(name, _)| *name == "policy")),
    };
    let Asked {
        access_key,
        secret,
        session,
        region,
        ttl,
        url,
        method,
        headers,
        query,
        ..
    } = asked;
    json!({
        "access_key": access_key, "secret": secret, "session": session, "region": region,
        "now": stamp(asked.now), "ttl": ttl, "url": url, "method": method, "headers": headers,
        "query": query, "body": str::from_utf8(&asked.body).unwrap(), "kind": kind,
        "policy": policy.map(|(_, policy)| policy),
    })
}

#[test]
fn botocore_signs_the_same() {
    const SCRIPT: &str = include_str!("sign.py");
    let packages = [
        "botocore==1.44.0",
        "jmespath==1.0.1",
        "python-dateutil==2.9.0.post0",
        "six==1.17.0",
        "urllib3==2.5.0",
    ];
    let Some(python) = libraries::pypi(SCRIPT, &packages) else {
        return;
    };
    let mut random = Random::seeded();
    let count = number("WEFT_STORAGE_REQUESTS").unwrap_or(10_000);
    let cases: Vec<Case> = (0..count).map(|_| case(&mut random)).collect();
    let input: String = cases
        .iter()
        .map(|case| format!("{}\n", question(case)))
        .collect();
    let output = libraries::run(&mut python(), &input);
    let answers: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), cases.len());
    for (case, theirs) in cases.iter().zip(answers) {
        let asked = &case.asked;
        let theirs = |name: &str| theirs[name].as_str().unwrap().to_owned();
        let url = |url: &str| assert_eq!(parts(url), parts(&theirs("url")), "{asked:?}");
        match &case.ours {
            Ours::Url(ours) => url(ours),
            Ours::Put(put) => url(put.url().expose()),
            Ours::Request(request) => {
                let said = request.headers().find(|(name, _)| *name == "authorization");
                let theirs = theirs("authorization").replace(", ", ",");
                assert_eq!(said.unwrap().1, theirs, "{asked:?}");
            }
            Ours::Form(form) => {
                let said = form.fields().find(|(name, _)| *name == "x-amz-signature");
                assert_eq!(said.unwrap().1, theirs("signature"), "{asked:?}");
            }
        }
    }
}
