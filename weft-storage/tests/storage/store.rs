//! A store's side: who sent what, worked out from the request alone, as AWS describes it. It shares with
//! the crate the hash and the HMAC, and nothing else.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::generated::{Asked, Case, Ours, case, parts, stamp};
use crate::random::{Random, number};

fn hex(bytes: impl AsRef<[u8]>) -> String {
    let digits = bytes.as_ref().iter().map(|byte| format!("{byte:02x}"));
    digits.collect()
}

fn hmac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// "UriEncode": all but the unreserved characters, in upper-case digits.
fn uri_encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte.into());
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What arrives of a request that is presigned, or signed in its headers.
struct Arrived<'a> {
    method: &'a str,
    url: &'a str,
    headers: BTreeMap<&'a str, &'a str>,
    body: &'a [u8],
}

/// Where and when it says that it is signed, by which headers, and the signature.
struct Said {
    credential: String,
    date: String,
    names: Vec<String>,
    payload: String,
    signature: String,
}

impl Arrived<'_> {
    fn said(&self, query: &BTreeMap<String, String>) -> Said {
        let names = |list: &str| list.split(';').map(str::to_owned).collect();
        if let Some(authorization) = self.headers.get("authorization") {
            let (algorithm, rest) = authorization.split_once(' ').unwrap();
            assert_eq!(algorithm, "AWS4-HMAC-SHA256");
            let fields: BTreeMap<_, _> = rest
                .split(',')
                .map(|field| field.split_once('=').unwrap())
                .collect();
            assert_eq!(
                self.headers["x-amz-content-sha256"],
                hex(Sha256::digest(self.body))
            );
            return Said {
                credential: fields["Credential"].to_owned(),
                date: self.headers["x-amz-date"].to_owned(),
                names: names(fields["SignedHeaders"]),
                payload: self.headers["x-amz-content-sha256"].to_owned(),
                signature: fields["Signature"].to_owned(),
            };
        }
        assert_eq!(query["X-Amz-Algorithm"], "AWS4-HMAC-SHA256");
        Said {
            credential: query["X-Amz-Credential"].clone(),
            date: query["X-Amz-Date"].clone(),
            names: names(&query["X-Amz-SignedHeaders"]),
            payload: "UNSIGNED-PAYLOAD".to_owned(),
            signature: query["X-Amz-Signature"].clone(),
        }
    }

    /// Checks all that can be known without a clock.
    fn verify(&self, asked: &Asked) {
        let (place, query) = parts(self.url);
        let said = self.said(&query);
        let (_, rest) = place.split_once("://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        let mut headers = self.headers.clone();
        headers.insert("host", host);

        let mut canonical = format!("{}\n/{path}\n", self.method);
        let signed = query.iter().filter(|(name, _)| *name != "X-Amz-Signature");
        let mut pairs: Vec<_> = signed
            .map(|(name, value)| (uri_encode(name), uri_encode(value)))
            .collect();
        pairs.sort();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        canonical.push_str(&pairs.join("&"));
        canonical.push('\n');
        assert!(said.names.is_sorted());
        for name in &said.names {
            canonical.push_str(&format!("{name}:{}\n", headers[name.as_str()].trim()));
        }
        canonical.push_str(&format!("\n{}\n{}", said.names.join(";"), said.payload));

        let scope = self.scope(&said, asked);
        let text = format!(
            "AWS4-HMAC-SHA256\n{}\n{scope}\n{}",
            said.date,
            hex(Sha256::digest(&canonical))
        );
        assert_eq!(
            said.signature,
            hex(hmac(&key(&asked.secret, &scope), &text)),
            "{asked:?}\n{canonical}"
        );
    }

    fn scope(&self, said: &Said, asked: &Asked) -> String {
        let (access, scope) = said.credential.split_once('/').unwrap();
        assert_eq!(
            (access, &*said.date),
            (&*asked.access_key, &*stamp(asked.now))
        );
        assert_eq!(
            scope,
            format!("{}/{}/s3/aws4_request", &said.date[..8], asked.region)
        );
        scope.to_owned()
    }
}

/// The signing key of a scope.
fn key(secret: &str, scope: &str) -> Vec<u8> {
    let first = format!("AWS4{secret}").into_bytes();
    scope.split('/').fold(first, |key, part| hmac(&key, part))
}

#[test]
fn a_store_works_out_the_same_signature() {
    let mut random = Random::seeded();
    for _ in 0..number("WEFT_STORAGE_REQUESTS").unwrap_or(4_000) {
        let Case { asked, ours } = case(&mut random);
        match &ours {
            Ours::Url(url) => Arrived {
                method: "GET",
                url,
                headers: BTreeMap::new(),
                body: b"",
            }
            .verify(&asked),
            Ours::Put(put) => {
                let url = put.url().expose();
                Arrived {
                    method: "PUT",
                    url,
                    headers: put.headers().collect(),
                    body: b"",
                }
                .verify(&asked);
            }
            Ours::Request(request) => Arrived {
                method: request.method(),
                url: request.url(),
                headers: request.headers().collect(),
                body: request.body(),
            }
            .verify(&asked),
            Ours::Form(form) => {
                let fields: BTreeMap<_, _> = form.fields().collect();
                let scope = fields["x-amz-credential"].split_once('/').unwrap().1;
                let signature = hex(hmac(&key(&asked.secret, scope), fields["policy"]));
                assert_eq!(fields["x-amz-signature"], signature, "{asked:?}");
            }
        }
    }
}

/// AWS, "Authenticating Requests: Using Query Parameters": this side itself, by the documented example.
#[test]
fn the_stores_side_is_right() {
    let scope = "20130524/us-east-1/s3/aws4_request";
    let secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    let text = format!(
        "AWS4-HMAC-SHA256\n20130524T000000Z\n{scope}\n3bfa292879f6447bbcda7001decf97f4a54dc650c8942174ae0a9121cf58ad04"
    );
    assert_eq!(
        hex(hmac(&key(secret, scope), &text)),
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    );
}
