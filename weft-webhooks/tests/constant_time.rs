//! Where a signature is wrong costs no instruction more or less, and neither does that it is right,
//! until it is known to be.
//!
//! Callgrind counts the instructions of this very program, which runs itself for each function that is
//! counted. It counts those of the release build, on a processor without instructions for SHA-256, and
//! says nothing of caches; whoever sends a signature knows its text, so that reading it may vary.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio, id};
use std::time::SystemTime;
use std::{env, fs};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha2::Sha256;
use weft_webhooks::{Encoding, Generic, Refusal, Scheme, Secret, Verified, Verifier};

const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const SECRETS: [(&str, &str); 2] = [
    ("one", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("two", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
];

/// The last of them counts; before it the allocator may take other ways.
const ROUNDS: usize = 4;

/// Told so, the program does what is counted.
const COUNTED: &str = "--counted";

fn main() {
    let groups = groups();
    if env::args().any(|argument| argument == COUNTED) {
        return (0..ROUNDS).for_each(|_| run(&groups));
    }
    if cfg!(debug_assertions) {
        return println!("skipped: not a release build");
    }
    let valgrind = Command::new("valgrind").arg("--version").output();
    if valgrind.is_err() {
        return println!("skipped: valgrind is not installed");
    }
    let mut decided = count("*mac::matching*").into_iter();
    let mut verified = count("*counted_verify*").into_iter();
    for of_one_secret in groups.chunks(groups.len() / SECRETS.len()) {
        let surplus = of_one_secret.iter().map(|group| {
            let decision = equal(decided.by_ref().take(group.right.len() + group.wrong.len()));
            let accepted = equal(verified.by_ref().take(group.right.len()));
            let refused = equal(verified.by_ref().take(group.wrong.len()));
            println!(
                "{}: {decision} of {refused} instructions decide",
                group.name
            );
            accepted - refused
        });
        println!("a right one takes {} more, for its proof", equal(surplus));
    }
    let early: Vec<u64> = count("*early_exit*").into_iter().rev().take(2).collect();
    println!("compared with ==: {early:?} instructions");
    assert_ne!(early[0], early[1], "what tells places apart is not seen");
}

/// What all of them are.
fn equal(mut counts: impl Iterator<Item = u64>) -> u64 {
    let first = counts.next().unwrap();
    assert!(first > 0, "nothing was counted");
    counts.for_each(|count| assert_eq!(count, first, "instructions tell two requests apart"));
    first
}

/// Requests to one endpoint that must not be told apart.
struct Group {
    name: String,
    verifier: Verifier,
    right: Vec<HeaderMap>,
    wrong: Vec<HeaderMap>,
}

fn groups() -> Vec<Group> {
    let mut groups = Vec::new();
    for (id, secret) in SECRETS {
        let [right, first, last] = signatures(secret, BODY);
        for (name, encoding, write) in [
            ("hexadecimal", Encoding::Hex, hex as fn(&[u8]) -> String),
            ("base64", Encoding::Base64, |bytes| STANDARD.encode(bytes)),
        ] {
            let header = HeaderName::from_static("x-signature");
            let headers = |signature: [u8; 32]| headers(&header, &write(&signature));
            groups.push(Group {
                name: format!("{name} by secret {id}"),
                verifier: verifier(Generic::new("acme", header.clone(), encoding)),
                right: vec![headers(right)],
                wrong: vec![headers(first), headers(last)],
            });
        }
        let [right, first, last] =
            signatures(secret, &[b"0.", BODY].concat()).map(|bytes| hex(&bytes));
        let list = |[a, b]: [&str; 2]| {
            let header = HeaderName::from_static("stripe-signature");
            headers(&header, &format!("t=0,v1={a},v1={b}"))
        };
        groups.push(Group {
            name: format!("two in a list, by secret {id}"),
            verifier: verifier(Scheme::stripe()),
            right: [[&*right, &*first], [&first, &right]].map(list).into(),
            wrong: [[&*first, &*last], [&last, &first]].map(list).into(),
        });
    }
    groups
}

/// The right one, one with a wrong first byte, and one with a wrong last byte.
fn signatures(secret: &str, message: &[u8]) -> [[u8; 32]; 3] {
    let mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    let right: [u8; 32] = mac.chain_update(message).finalize().into_bytes().into();
    let (mut first, mut last) = (right, right);
    // A hexadecimal digit stays a digit, and a letter a letter.
    first[0] ^= 1;
    last[31] ^= 1;
    [right, first, last]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn headers(name: &HeaderName, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(name.clone(), value.parse().unwrap())])
}

fn verifier(scheme: impl Into<Scheme>) -> Verifier {
    let secrets = SECRETS.map(|(id, text)| Secret::new(id, text).unwrap());
    Verifier::new(scheme, secrets).unwrap()
}

fn run(groups: &[Group]) {
    for group in groups {
        for headers in group.right.iter().chain(&group.wrong) {
            let verdict = counted_verify(&group.verifier, headers, BODY.to_vec());
            between_two_calls();
            drop(black_box(verdict));
        }
    }
    let [right, first, last] = signatures(SECRETS[0].1, BODY).map(|bytes| hex(&bytes));
    for wrong in [first, last] {
        early_exit(right.as_bytes(), wrong.as_bytes());
        between_two_calls();
    }
}

#[inline(never)]
fn counted_verify(
    verifier: &Verifier,
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Result<Verified, Refusal> {
    black_box(verifier).verify(black_box(headers), body, SystemTime::UNIX_EPOCH)
}

/// The mistake that this test is there to see.
#[inline(never)]
fn early_exit(a: &[u8], b: &[u8]) {
    black_box(black_box(a) == black_box(b));
}

#[inline(never)]
fn between_two_calls() {
    black_box(());
}

/// The instructions within the functions of that name between two calls, in the last round.
fn count(name: &str) -> Vec<u64> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("callgrind-{}", id()));
    fs::create_dir_all(&folder).unwrap();
    let ran = Command::new("valgrind")
        .args([
            "--tool=callgrind",
            "--quiet",
            "--dump-before=*between_two_calls*",
        ])
        .arg(format!("--toggle-collect={name}"))
        .arg(format!(
            "--callgrind-out-file={}",
            folder.join("out").display()
        ))
        .arg(env::current_exe().unwrap())
        .arg(COUNTED)
        .stdout(Stdio::null())
        .status();
    assert!(ran.unwrap().success());
    let reports =
        (1..).map_while(|number| fs::read_to_string(folder.join(format!("out.{number}"))).ok());
    let counts: Vec<u64> = reports
        .map(|report| {
            let total = report
                .lines()
                .find_map(|line| line.strip_prefix("totals: "));
            total.unwrap().parse().unwrap()
        })
        .collect();
    fs::remove_dir_all(&folder).unwrap();
    counts[counts.len() / ROUNDS * (ROUNDS - 1)..].to_vec()
}
