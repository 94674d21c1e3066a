//! What does it cost to verify a Standard Webhook, against the senders' own crates?

#![allow(missing_docs)]

use std::hint::black_box;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName};
use weft_webhook_peers::in_turns;
use weft_webhooks::{Scheme, Secret, Verifier};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const ID: &str = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W";

fn main() {
    for (bytes, rounds, calls) in [(256, 1_001, 100), (4 << 10, 501, 20), (1 << 20, 51, 1)] {
        measure(bytes, rounds, calls);
    }
}

/// The peers look at the clock themselves, and so does ours here: the request is of now.
fn measure(bytes: usize, rounds: usize, calls: u32) {
    let body = vec![b'x'; bytes];
    let svix = svix::webhooks::Webhook::new(SECRET).expect("a secret");
    let standard = standardwebhooks::Webhook::new(SECRET).expect("a secret");
    let secret = Secret::new("2026-11", SECRET).expect("a secret");
    let ours = Verifier::new(Scheme::standard(), [secret]).expect("a verifier");
    let now = UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    let signature = standard.sign(ID, now as i64, &body).expect("a signature");
    let headers = HeaderMap::from_iter(
        [
            ("webhook-id", ID),
            ("webhook-timestamp", &now.to_string()),
            ("webhook-signature", &signature),
        ]
        .map(|(name, value)| {
            (
                HeaderName::from_static(name),
                value.parse().expect("a header"),
            )
        }),
    );
    let [ours, copied, svix, standard] = in_turns(
        rounds,
        calls,
        [
            &mut |calls| {
                for _ in 0..calls {
                    let verified = ours.verify(&headers, body.clone(), SystemTime::now());
                    drop(black_box(verified.expect("the signature is right")));
                }
            },
            &mut |calls| (0..calls).for_each(|_| drop(black_box(body.clone()))),
            &mut |calls| {
                for _ in 0..calls {
                    let verified = svix.verify(black_box(&body), &headers);
                    verified.expect("the signature is right");
                }
            },
            &mut |calls| {
                for _ in 0..calls {
                    let verified = standard.verify(black_box(&body), &headers);
                    verified.expect("the signature is right");
                }
            },
        ],
    );
    let ours = ours.without(&copied);
    for (name, theirs) in [("svix", svix), ("standardwebhooks", standard)] {
        println!(
            "{bytes} bytes: {:.2} µs against {:.2} µs of {name}, {:.3} times",
            ours.wall().median,
            theirs.wall().median,
            ours.ratio(&theirs)
        );
    }
}
