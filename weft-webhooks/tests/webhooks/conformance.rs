//! The senders' own libraries and ours agree, in both directions. They come from npm and PyPI, so
//! only where `WEFT_FETCH` is set, as it is in CI.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::SystemTime;

use http::HeaderMap;
use serde_json::json;
use weft_webhooks::{Scheme, Secret, Signer};

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
    if !wanted(&["npm"]) {
        return;
    }
    let folder = folder("npm");
    run(
        Command::new("npm")
            .args([
                "install",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--prefix",
            ])
            .arg(&folder)
            .args(NPM),
        "",
    );
    // Modules are looked for beside the script.
    let script = folder.join("npm.mjs");
    std::fs::write(&script, include_str!("npm.mjs")).unwrap();
    agree(
        || {
            let mut node = Command::new("node");
            node.arg(&script);
            node
        },
        &["github", "shopify", "standard", "stripe", "svix", "workos"],
    );
}

#[test]
fn pypi_libraries_agree() {
    if !wanted(&["python3", "-m", "pip"]) {
        return;
    }
    let folder = folder("pypi");
    run(
        Command::new("python3")
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--upgrade",
                "--no-deps",
                "--target",
            ])
            .arg(&folder)
            .arg("slack_sdk==3.48.0"),
        "",
    );
    agree(
        || {
            let mut python = Command::new("python3");
            python.args(["-c", include_str!("pypi.py")]);
            python.env("PYTHONPATH", &folder);
            python
        },
        &["slack"],
    );
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

fn wanted(installer: &[&str]) -> bool {
    if std::env::var_os("WEFT_FETCH").is_none() {
        println!("skipped: WEFT_FETCH is not set");
        return false;
    }
    let version = Command::new(installer[0])
        .args(&installer[1..])
        .arg("--version")
        .output();
    let found = version.is_ok_and(|output| output.status.success());
    if !found {
        println!("skipped: {} is not installed", installer.join(" "));
    }
    found
}

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("senders")
        .join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(command: &mut Command, input: &str) -> String {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}
