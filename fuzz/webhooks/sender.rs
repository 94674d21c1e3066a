//! The senders as their documentation describes them. What they would have sent is written and
//! compared as text: nothing is decoded, and the HMAC is written out.

use std::ops::Range;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderName;
use sha2::{Digest, Sha256};
use weft_webhooks::{Encoding, Generic, Scheme, Secret, SignedTime, Unit, Verifier, Window};

use super::request::{Request, time};

/// The most bytes a body may have here, so that short inputs reach the limit.
pub(crate) const BODY: usize = 512;

/// An endpoint, and what its sender would do.
pub(crate) struct Sender {
    pub(crate) scheme: Scheme,
    pub(crate) keys: Vec<Key>,
    /// How many milliseconds the signed time counts by, and how many of them it may be off.
    window: (i128, i128),
    most_signatures: usize,
    read: fn(&Request) -> Option<Claim<'_>>,
}

/// What the headers of a request say.
pub(crate) struct Claim<'r> {
    pub(crate) id: Option<&'r str>,
    pub(crate) message: Vec<u8>,
    time: Option<&'r str>,
    signatures: Vec<&'r str>,
}

pub(crate) struct Key {
    pub(crate) id: &'static str,
    /// The signature of a message, as it is written behind its version.
    pub(crate) write: Write,
    version: &'static str,
    text: String,
    in_force: Range<i64>,
}

type Write = Box<dyn Fn(&[u8]) -> String>;

/// The endpoints that a target sends each of its requests to.
pub(crate) fn senders(target: &str) -> Vec<Sender> {
    match target {
        "stripe" => vec![Sender {
            window: (1000, 300_000),
            most_signatures: 16,
            ..sender(Scheme::stripe(), keys("", hex), |request| {
                let list = request.once("stripe-signature", 4096)?;
                timed_list(list.split(','), &request.body)
            })
        }],
        "workos" => vec![Sender {
            window: (1, 180_000),
            most_signatures: 4,
            ..sender(Scheme::workos(), keys("", hex), |request| {
                let items = request.once("workos-signature", 1024)?.split(',');
                let trimmed = items.map(|item| item.strip_prefix(' ').unwrap_or(item));
                timed_list(trimmed, &request.body)
            })
        }],
        "shopify" => vec![sender(Scheme::shopify(), keys("", base64), |request| {
            of_the_body(request, "x-shopify-hmac-sha256")
        })],
        "stalwart" => vec![sender(Scheme::stalwart(), keys("", base64), |request| {
            of_the_body(request, "x-signature")
        })],
        "github" => vec![sender(Scheme::github(), keys("sha256=", hex), |request| {
            of_the_body(request, "x-hub-signature-256")
        })],
        "slack" => vec![Sender {
            window: (1000, 300_000),
            ..sender(Scheme::slack(), keys("v0=", hex), |request| {
                let names = ["x-slack-signature", "x-slack-request-timestamp"];
                with_a_time(request, names, ["v0:", ":"])
            })
        }],
        "standard" => vec![
            standard(Scheme::standard(), |request| {
                let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
                with_an_id(request, names)
            }),
            standard(Scheme::svix(), |request| {
                with_an_id(request, ["svix-id", "svix-timestamp", "svix-signature"])
            }),
        ],
        "generic" => generic(),
        other => unreachable!("no target {other}"),
    }
}

/// Three senders that have no scheme of their own.
fn generic() -> Vec<Sender> {
    const NAMES: [&str; 2] = ["x-acme-signature", "x-acme-time"];
    let [signature, time] = NAMES.map(HeaderName::from_static);
    let acme = |encoding| Generic::new("acme", signature.clone(), encoding);
    let window = |seconds, unit| Window::new(Duration::from_secs(seconds), unit);
    let seconds = SignedTime::new(time.clone(), window(300, Unit::Seconds), ("v1:", ":"));
    let milliseconds = SignedTime::new(time, window(1, Unit::Milliseconds), ("", ""));
    vec![
        sender(acme(Encoding::Hex).into(), keys("", hex), |request| {
            of_the_body(request, NAMES[0])
        }),
        Sender {
            window: (1000, 300_000),
            ..sender(
                acme(Encoding::Hex)
                    .with_prefix("v1=")
                    .with_signed_time(seconds)
                    .into(),
                keys("v1=", hex),
                |request| with_a_time(request, NAMES, ["v1:", ":"]),
            )
        },
        Sender {
            window: (1, 1000),
            ..sender(
                acme(Encoding::Base64).with_signed_time(milliseconds).into(),
                keys("", base64),
                |request| with_a_time(request, NAMES, ["", ""]),
            )
        },
    ]
}

fn sender(scheme: Scheme, keys: Vec<Key>, read: fn(&Request) -> Option<Claim<'_>>) -> Sender {
    Sender {
        scheme,
        keys,
        window: (1, 0),
        most_signatures: 1,
        read,
    }
}

fn standard(scheme: Scheme, read: fn(&Request) -> Option<Claim<'_>>) -> Sender {
    let decoded = SECRETS.map(|(id, text, in_force)| {
        let bytes = STANDARD.decode(text.trim_start_matches("whsec_"));
        let bytes = bytes.expect("base64");
        key(id, "v1,", text, in_force, move |message| {
            base64(&hmac(&bytes, message))
        })
    });
    Sender {
        window: (1000, 300_000),
        most_signatures: 8,
        ..sender(scheme, decoded.into_iter().chain(public()).collect(), read)
    }
}

fn of_the_body<'r>(request: &'r Request, header: &str) -> Option<Claim<'r>> {
    Some(Claim {
        id: None,
        message: request.body.clone(),
        time: None,
        signatures: vec![request.once(header, 256)?],
    })
}

fn with_a_time<'r>(
    request: &'r Request,
    [signature, time]: [&str; 2],
    [before, after]: [&str; 2],
) -> Option<Claim<'r>> {
    let time = request.once(time, 256)?;
    Some(Claim {
        message: joined(&[before, time, after], &request.body),
        time: Some(time),
        ..of_the_body(request, signature)?
    })
}

fn timed_list<'r>(items: impl Iterator<Item = &'r str>, body: &[u8]) -> Option<Claim<'r>> {
    let pairs: Vec<_> = items
        .map(|item| item.split_once('='))
        .collect::<Option<_>>()?;
    let of = |key| {
        let pairs = pairs.iter().filter(move |pair| pair.0 == key);
        pairs.map(|pair| pair.1).collect::<Vec<_>>()
    };
    let [time] = of("t")[..] else { return None };
    Some(Claim {
        id: None,
        message: joined(&[time, "."], body),
        time: Some(time),
        signatures: of("v1"),
    })
}

fn with_an_id<'r>(request: &'r Request, [id, time, list]: [&str; 3]) -> Option<Claim<'r>> {
    let id = request.once(id, 2048)?;
    let time = request.once(time, 2048)?;
    let items = request.once(list, 2048)?.split(' ');
    let counts = |item: &&str| {
        let public = cfg!(feature = "ed25519") && item.starts_with("v1a,");
        public || item.starts_with("v1,")
    };
    (!id.is_empty() && !id.contains('.')).then(|| Claim {
        id: Some(id),
        message: joined(&[id, ".", time, "."], &request.body),
        time: Some(time),
        signatures: items.filter(counts).collect(),
    })
}

fn joined(before: &[&str], body: &[u8]) -> Vec<u8> {
    [before.concat().as_bytes(), body].concat()
}

impl Sender {
    pub(crate) fn verifier(&self) -> Verifier {
        let secrets = self.keys.iter().map(|key| {
            Secret::new(key.id, &key.text)
                .expect("a secret")
                .with_not_before(time(key.in_force.start))
                .with_not_after(time(key.in_force.end))
        });
        Verifier::new(self.scheme.clone(), secrets)
            .expect("a ring of secrets")
            .with_body_limit(BODY)
    }

    pub(crate) fn claim<'r>(&self, request: &'r Request) -> Option<Claim<'r>> {
        (self.read)(request)
    }

    /// What a verifier must have looked at before it hashes: limits, number and time.
    pub(crate) fn is_in_order(&self, claim: &Claim<'_>, request: &Request) -> bool {
        let (unit, tolerance) = self.window;
        let in_time = claim.time.is_none_or(|text| {
            let at = number(text).map(|number| number * unit);
            at.is_some_and(|at| (i128::from(request.now) - at).abs() <= tolerance)
        });
        let count = claim.signatures.len();
        request.body.len() <= BODY && (1..=self.most_signatures).contains(&count) && in_time
    }

    /// The last secret with which the sender could have made the request.
    pub(crate) fn signed_with(&self, claim: &Claim<'_>, request: &Request) -> Option<&'static str> {
        let mut keys = self.keys.iter().rev();
        let made = |key: &&Key| {
            let right = format!("{}{}", key.version, (key.write)(&claim.message));
            key.in_force.contains(&request.now) && claim.signatures.contains(&right.as_str())
        };
        self.is_in_order(claim, request)
            .then(|| keys.find(made))?
            .map(|key| key.id)
    }

    /// The milliseconds of the signed time.
    pub(crate) fn signed_at(&self, claim: &Claim<'_>) -> Option<i64> {
        let at = number(claim.time?)? * self.window.0;
        at.try_into().ok()
    }
}

/// Decimal digits without one to spare.
fn number(text: &str) -> Option<i128> {
    let digits = text.bytes().all(|c| c.is_ascii_digit());
    let spare = text.len() > 1 && text.starts_with('0');
    (digits && !spare && text.len() <= 20)
        .then(|| text.parse().ok())
        .flatten()
}

/// One before the other, and both for 100 seconds; none before 1970.
const SECRETS: [(&str, &str, Range<i64>); 2] = [
    (
        "old",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        0..1_700_000_100_000,
    ),
    (
        "new",
        "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        1_700_000_000_000..i64::MAX,
    ),
];

fn keys(version: &'static str, write: fn(&[u8]) -> String) -> Vec<Key> {
    let keys = SECRETS.map(|(id, text, in_force)| {
        key(id, version, text, in_force, move |message| {
            write(&hmac(text.as_bytes(), message))
        })
    });
    keys.into()
}

fn key(
    id: &'static str,
    version: &'static str,
    text: &str,
    in_force: Range<i64>,
    write: impl Fn(&[u8]) -> String + 'static,
) -> Key {
    Key {
        id,
        write: Box::new(write),
        version,
        text: text.to_owned(),
        in_force,
    }
}

#[cfg(feature = "ed25519")]
fn public() -> Option<Key> {
    use ed25519_dalek::{Signer, SigningKey};

    let private = SigningKey::from_bytes(&[7; 32]);
    let text = format!("whpk_{}", base64(private.verifying_key().as_bytes()));
    Some(key("public", "v1a,", &text, 0..i64::MAX, move |message| {
        base64(&private.sign(message).to_bytes())
    }))
}

#[cfg(not(feature = "ed25519"))]
fn public() -> Option<Key> {
    None
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// RFC 2104, for keys of up to 64 bytes.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let padded = |pad: u8| {
        let mut block = [pad; 64];
        block.iter_mut().zip(key).for_each(|(pad, key)| *pad ^= key);
        block
    };
    let inner = Sha256::digest([&padded(0x36)[..], message].concat());
    Sha256::digest([&padded(0x5c)[..], &inner[..]].concat()).into()
}
