//! What does it cost to verify a webhook, against the bare HMAC of the same bytes?

#![allow(missing_docs, clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use weft_benches::in_turns;
use weft_webhooks::{Scheme, Secret, Verifier};

const NOW: u64 = 1_700_000_000;
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type HmacSha256 = Hmac<Sha256>;

fn main() {
    for (bytes, rounds, calls) in [(256, 2_001, 200), (4 << 10, 1_001, 100), (1 << 20, 201, 2)] {
        for format in [stripe, shopify, standard] {
            measure(&format(bytes), rounds, calls);
        }
    }
}

/// A request, and what its sender hashed.
struct Sent {
    scheme: Scheme,
    headers: HeaderMap,
    key: Vec<u8>,
    before: &'static str,
    body: Vec<u8>,
}

fn stripe(bytes: usize) -> Sent {
    let sent = Sent::new(Scheme::stripe(), SECRET.as_bytes(), "1700000000.", bytes);
    let hex: String = sent
        .signature()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    sent.with("stripe-signature", &format!("t={NOW},v1={hex}"))
}

fn shopify(bytes: usize) -> Sent {
    let sent = Sent::new(Scheme::shopify(), SECRET.as_bytes(), "", bytes);
    let base64 = STANDARD.encode(sent.signature());
    sent.with("x-shopify-hmac-sha256", &base64)
}

fn standard(bytes: usize) -> Sent {
    let key = STANDARD.decode(SECRET.trim_start_matches("whsec_"));
    let key = key.expect("base64");
    let before = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W.1700000000.";
    let sent = Sent::new(Scheme::standard(), &key, before, bytes);
    let base64 = STANDARD.encode(sent.signature());
    sent.with("webhook-id", "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W")
        .with("webhook-timestamp", &NOW.to_string())
        .with("webhook-signature", &format!("v1,{base64}"))
}

impl Sent {
    /// A body of that many `bytes`, among the headers that come with any request.
    fn new(scheme: Scheme, key: &[u8], before: &'static str, bytes: usize) -> Sent {
        let sent = Sent {
            scheme,
            headers: HeaderMap::new(),
            key: key.to_vec(),
            before,
            body: vec![b'x'; bytes],
        };
        sent.with("content-type", "application/json")
            .with("content-length", &bytes.to_string())
            .with("user-agent", "sender/1.0")
            .with("host", "hooks.example")
    }

    fn with(mut self, name: &'static str, value: &str) -> Sent {
        let value = HeaderValue::from_str(value).expect("a header");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    fn state(&self) -> HmacSha256 {
        <HmacSha256 as KeyInit>::new_from_slice(black_box(&self.key)).expect("a key")
    }

    fn mac(&self, state: HmacSha256, body: &[u8]) -> [u8; 32] {
        let mac = state.chain_update(self.before).chain_update(body);
        mac.finalize().into_bytes().into()
    }

    fn signature(&self) -> [u8; 32] {
        self.mac(self.state(), &self.body)
    }

    fn body(&self) -> Vec<u8> {
        black_box(self.body.clone())
    }
}

/// `verify` takes its body, so that each call needs one of its own. The bare ones get one, too, which
/// lies in the same place and is as warm, and what copying takes is taken off all of them.
fn measure(sent: &Sent, rounds: usize, calls: u32) {
    let secret = Secret::new("2026-11", SECRET).expect("a secret");
    let verifier = Verifier::new(sent.scheme.clone(), [secret]).expect("a verifier");
    let now: SystemTime = UNIX_EPOCH + Duration::from_secs(NOW);
    let state = sent.state();
    let [copied, verified, from_key, from_state] = in_turns(
        rounds,
        calls,
        [
            &mut |calls| (0..calls).for_each(|_| drop(sent.body())),
            &mut |calls| {
                for _ in 0..calls {
                    let verified = verifier.verify(&sent.headers, sent.body(), now);
                    drop(black_box(verified.expect("the signature is right")));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    black_box(sent.mac(sent.state(), &sent.body()));
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    black_box(sent.mac(state.clone(), &sent.body()));
                }
            },
        ],
    );
    let [verified, from_key, from_state] =
        [verified, from_key, from_state].map(|series| series.without(&copied));
    println!(
        "{} of {} bytes: {:.2} µs against {:.2} µs, {:.3} times; from a prepared key {:.2} µs, {:.3} times",
        sent.scheme.name(),
        sent.body.len(),
        verified.wall().median,
        from_key.wall().median,
        verified.ratio(&from_key),
        from_state.wall().median,
        verified.ratio(&from_state),
    );
}
