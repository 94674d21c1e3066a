//! What the senders do, written a second time.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use weft_webhooks::{RefusalKind, Scheme, Secret, Verified, Verifier};

pub(crate) const NOW: u64 = 1_700_000_000;
pub(crate) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
pub(crate) const OTHER: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

pub(crate) fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap();
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(crate) fn headers<'a>(pairs: impl IntoIterator<Item = (&'static str, &'a [u8])>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        headers.append(
            HeaderName::from_static(name),
            HeaderValue::from_bytes(value).unwrap(),
        );
    }
    headers
}

/// What each sender sends for `body` at `time`, signed with [`SECRET`].
pub(crate) fn sent(scheme: &Scheme, body: &[u8], time: &str) -> HeaderMap {
    let key = SECRET.as_bytes();
    let dotted = || hex(&mac(key, &[time.as_bytes(), b".", body]));
    let pairs: Vec<(&'static str, String)> = match scheme.name() {
        "stripe" => vec![("stripe-signature", format!("t={time},v1={}", dotted()))],
        "workos" => vec![("workos-signature", format!("t={time}, v1={}", dotted()))],
        "shopify" => vec![("x-shopify-hmac-sha256", base64(&mac(key, &[body])))],
        "stalwart" => vec![("x-signature", base64(&mac(key, &[body])))],
        "github" => vec![(
            "x-hub-signature-256",
            format!("sha256={}", hex(&mac(key, &[body]))),
        )],
        "slack" => {
            let mac = mac(key, &[b"v0:", time.as_bytes(), b":", body]);
            vec![
                ("x-slack-signature", format!("v0={}", hex(&mac))),
                ("x-slack-request-timestamp", time.to_owned()),
            ]
        }
        "standard" => {
            return standard(
                ["webhook-id", "webhook-timestamp", "webhook-signature"],
                "msg_1",
                time,
                body,
            );
        }
        "svix" => {
            return standard(
                ["svix-id", "svix-timestamp", "svix-signature"],
                "msg_1",
                time,
                body,
            );
        }
        other => panic!("no sender {other}"),
    };
    headers(pairs.iter().map(|(name, value)| (*name, value.as_bytes())))
}

/// Standard Webhooks under any id and time, however the parts join.
pub(crate) fn standard(names: [&'static str; 3], id: &str, time: &str, body: &[u8]) -> HeaderMap {
    let key = STANDARD
        .decode(SECRET.trim_start_matches("whsec_"))
        .unwrap();
    let mac = mac(&key, &[id.as_bytes(), b".", time.as_bytes(), b".", body]);
    let signature = format!("v1,{}", base64(&mac));
    headers(
        names
            .into_iter()
            .zip([id.as_bytes(), time.as_bytes(), signature.as_bytes()]),
    )
}

/// [`NOW`] as the scheme writes it.
pub(crate) fn now_text(scheme: &Scheme) -> String {
    time_text(scheme, NOW)
}

/// That many seconds as the scheme writes them.
pub(crate) fn time_text(scheme: &Scheme, seconds: u64) -> String {
    match scheme.name() {
        "workos" => format!("{seconds}000"),
        _ => seconds.to_string(),
    }
}

pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(seconds)
}

pub(crate) fn verifier(scheme: Scheme) -> Verifier {
    Verifier::new(scheme, [Secret::new("only", SECRET).unwrap()]).unwrap()
}

/// What the scheme makes of a request that arrives at [`NOW`].
pub(crate) fn verify(
    scheme: &Scheme,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<Verified, RefusalKind> {
    verifier(scheme.clone())
        .verify(headers, body.to_vec(), at(NOW))
        .map_err(|refusal| refusal.kind())
}

pub(crate) fn schemes() -> [Scheme; 8] {
    [
        Scheme::stripe(),
        Scheme::shopify(),
        Scheme::slack(),
        Scheme::standard(),
        Scheme::svix(),
        Scheme::github(),
        Scheme::workos(),
        Scheme::stalwart(),
    ]
}
