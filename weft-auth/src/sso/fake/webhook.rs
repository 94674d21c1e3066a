use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use sha2::Sha256;

use super::Fake;

/// An event on its way to the application, signed.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, which is what is signed.
    pub body: Vec<u8>,
}

/// What becomes of the webhooks that are delivered next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mishap {
    /// The last one comes first.
    Reordered,
    /// Each comes twice.
    Duplicated,
    /// They are signed with a secret of somebody else's.
    BadSignature,
    /// They say that they were signed an hour ago.
    Late,
    /// What is in them is not what was signed.
    Altered,
}

/// How often an event is sent before it is given up, the first time included.
const ATTEMPTS: u32 = 7;

impl Fake {
    /// The events that nobody was told of yet, as webhooks signed with that secret. They count as delivered:
    /// [`send`](Fake::send) sends again what was not accepted.
    pub fn deliver(&self, secret: &str) -> Vec<Webhook> {
        let mut state = self.state();
        let events = std::mem::take(&mut state.outstanding);
        let mishap = state.mishap.take();
        webhooks(&events, secret, (state.now, mishap))
    }

    /// What becomes of the webhooks that are delivered next.
    pub fn mishap_next(&self, mishap: Mishap) {
        self.state().mishap = Some(mishap);
    }

    /// Posts the events that nobody accepted yet to a path of a server without TLS, and says with which
    /// statuses they were answered. What is not answered with a success is sent again by the next call, six
    /// times at most.
    ///
    /// # Errors
    /// When there is no answer; all that was to be sent is sent again.
    pub fn send(&self, address: SocketAddr, path: &str, secret: &str) -> io::Result<Vec<u16>> {
        // Without the lock, since who is told may ask.
        let (events, now, mishap) = {
            let mut state = self.state();
            (state.outstanding.clone(), state.now, state.mishap.take())
        };
        let mut statuses = Vec::new();
        for webhook in webhooks(&events, secret, (now, mishap)) {
            let status = post(address, path, &webhook)?;
            let id = id(&webhook);
            let mut state = self.state();
            let attempts = state.attempts.entry(id.clone()).or_default();
            *attempts += 1;
            let over = (200..300).contains(&status) || *attempts >= ATTEMPTS;
            state
                .outstanding
                .retain(|event| !over || event["id"] != *id);
            statuses.push(status);
        }
        Ok(statuses)
    }
}

fn id(webhook: &Webhook) -> String {
    let body: Value = serde_json::from_slice(&webhook.body).unwrap_or_default();
    body["id"].as_str().unwrap_or_default().to_owned()
}

fn webhooks(
    events: &[Value],
    secret: &str,
    (now, mishap): (SystemTime, Option<Mishap>),
) -> Vec<Webhook> {
    let mut webhooks: Vec<Webhook> = events
        .iter()
        .map(|event| sign(event, secret, (now, mishap)))
        .collect();
    match mishap {
        Some(Mishap::Reordered) => webhooks.reverse(),
        Some(Mishap::Duplicated) => {
            webhooks = webhooks
                .into_iter()
                .flat_map(|webhook| [webhook.clone(), webhook])
                .collect();
        }
        _ => {}
    }
    webhooks
}

/// `WorkOS-Signature: t=<milliseconds>, v1=<HMAC-SHA-256 of "<milliseconds>.<body>">`.
fn sign(event: &Value, secret: &str, (now, mishap): (SystemTime, Option<Mishap>)) -> Webhook {
    let mut body = event.to_string();
    let (secret, now) = match mishap {
        Some(Mishap::BadSignature) => ("of somebody else", now),
        Some(Mishap::Late) => (secret, now - Duration::from_secs(3600)),
        _ => (secret, now),
    };
    let millis = now
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let signature = match Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        Ok(mut mac) => {
            mac.update(format!("{millis}.{body}").as_bytes());
            let bytes = mac.finalize().into_bytes();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
        // An HMAC takes keys of any length.
        Err(_) => String::new(),
    };
    if mishap == Some(Mishap::Altered) {
        body.push(' ');
    }
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(http::header::CONTENT_TYPE, json);
    if let Ok(value) = HeaderValue::try_from(format!("t={millis}, v1={signature}")) {
        headers.insert(HeaderName::from_static("workos-signature"), value);
    }
    Webhook {
        headers,
        body: body.into_bytes(),
    }
}

fn post(address: SocketAddr, path: &str, webhook: &Webhook) -> io::Result<u16> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut bytes = format!("POST {path} HTTP/1.1\r\nhost: {address}\r\n").into_bytes();
    for (name, value) in &webhook.headers {
        bytes.extend_from_slice(format!("{name}: ").as_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes.extend_from_slice(b"\r\n");
    }
    let length = webhook.body.len();
    let rest = format!("content-length: {length}\r\nconnection: close\r\n\r\n");
    bytes.extend_from_slice(rest.as_bytes());
    bytes.extend_from_slice(&webhook.body);
    stream.write_all(&bytes)?;
    let mut answer = Vec::new();
    stream.take(64 * 1024).read_to_end(&mut answer)?;
    let status = answer
        .get(9..12)
        .and_then(|status| str::from_utf8(status).ok());
    let status = status.and_then(|status| status.parse().ok());
    status.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidData))
}
