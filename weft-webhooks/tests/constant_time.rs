//! Where a signature is wrong costs no instruction more or less, and neither does that it is right,
//! until it is known to be.
//!
//! Counts say nothing of caches; whoever sends a signature knows its text, so that reading it may vary.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::hint::black_box;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName};
use sha2::Sha256;
use weft_callgrind::{between_two_calls, count};
use weft_webhooks::{Encoding, Generic, Refusal, Scheme, Secret, Verified, Verifier};

const BODY: &[u8] = br#"{"id":"evt_1"}"#;
const SECRETS: [(&str, &str); 2] = [
    ("one", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("two", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
];

fn main() {
    let groups = groups();
    if weft_callgrind::is_counted() {
        return weft_callgrind::rounds(|| run(&groups));
    }
    if let Some(why) = weft_callgrind::missing() {
        return println!("skipped: {why}");
    }
    let mut decided = count(&["*mac::matching*"]).unwrap().into_iter();
    let mut verified = count(&["*counted_verify*"]).unwrap().into_iter();
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
    let early = count(&["*early_exit*"]).unwrap();
    let early: Vec<u64> = early.into_iter().rev().take(2).collect();
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
