//! Signature Version 4 by hand: it signs whatever it is told.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine, engine::general_purpose::STANDARD};
use ring::{digest, hmac};
use weft_embedded::store::Login;

use crate::wire::Request;

/// What is signed into the query of a URL.
#[derive(Clone)]
pub(crate) struct Presign<'s> {
    pub(crate) login: (&'s str, &'s str),
    pub(crate) method: &'s str,
    pub(crate) path: String,
    pub(crate) query: Vec<(&'s str, &'s str)>,
    /// Besides `host`.
    pub(crate) headers: Vec<(&'s str, &'s str)>,
    pub(crate) host: String,
    pub(crate) at: SystemTime,
    pub(crate) ttl: u64,
    pub(crate) region: &'s str,
}

pub(crate) fn of(login: &Login) -> (&str, &str) {
    (login.access_key(), login.expose())
}

impl Presign<'_> {
    /// The request, with the headers that are signed.
    pub(crate) fn request(&self) -> Request {
        let stamp = stamp(self.at);
        let scope = format!("{}/{}/s3/aws4_request", &stamp[..8], self.region);
        let mut headers = self.headers.clone();
        headers.push(("host", &self.host));
        headers.sort_unstable();
        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let mut query: Vec<(String, String)> = [
            ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
            ("X-Amz-Credential", &format!("{}/{scope}", self.login.0)),
            ("X-Amz-Date", &stamp),
            ("X-Amz-Expires", &self.ttl.to_string()),
            ("X-Amz-SignedHeaders", &names.join(";")),
        ]
        .iter()
        .chain(&self.query)
        .map(|(name, value)| (encoded(name), encoded(value)))
        .collect();
        query.sort_unstable();
        let query: Vec<String> = query
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let query = query.join("&");
        let lines: String = headers
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let canonical = format!(
            "{}\n{}\n{query}\n{lines}\n{}\nUNSIGNED-PAYLOAD",
            self.method,
            self.path,
            names.join(";")
        );
        let hash = digest::digest(&digest::SHA256, canonical.as_bytes());
        let to_sign = format!("AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}", hex(hash.as_ref()));
        let signature = signature(self.login.1, &scope, &to_sign);
        let target = format!("{}?{query}&X-Amz-Signature={signature}", self.path);
        Request::new(self.method, &target).with_headers(self.headers.iter().copied())
    }
}

/// A policy of these conditions, and the fields that sign it.
pub(crate) fn policy(
    login: (&str, &str),
    conditions: &str,
    (at, until): (SystemTime, SystemTime),
) -> Vec<(String, String)> {
    let date = stamp(at);
    let scope = format!("{}/local/s3/aws4_request", &date[..8]);
    let credential = format!("{}/{scope}", login.0);
    let (day, time) = stamp(until)
        .split_once('T')
        .map(|(day, time)| (day.to_owned(), time.to_owned()))
        .unwrap();
    let expiration = format!(
        "{}-{}-{}T{}:{}:{}.000Z",
        &day[..4],
        &day[4..6],
        &day[6..],
        &time[..2],
        &time[2..4],
        &time[4..6]
    );
    let policy = STANDARD.encode(format!(
        r#"{{"expiration":"{expiration}","conditions":[{{"x-amz-algorithm":"AWS4-HMAC-SHA256"}},
        {{"x-amz-credential":"{credential}"}},{{"x-amz-date":"{date}"}},{conditions}]}}"#
    ));
    let signature = signature(login.1, &scope, &policy);
    [
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", &credential),
        ("x-amz-date", &date),
        ("policy", &policy),
        ("x-amz-signature", &signature),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn signature(secret: &str, scope: &str, to_sign: &str) -> String {
    let first = format!("AWS4{secret}").into_bytes();
    let key = scope.split('/').fold(first, |key, part| sign(&key, part));
    hex(&sign(&key, to_sign))
}

fn sign(key: &[u8], text: &str) -> Vec<u8> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, text.as_bytes()).as_ref().to_vec()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn encoded(text: &str) -> String {
    text.bytes()
        .map(
            |c| match c.is_ascii_alphanumeric() || b"-._~".contains(&c) {
                true => char::from(c).to_string(),
                false => format!("%{c:02X}"),
            },
        )
        .collect()
}

fn stamp(at: SystemTime) -> String {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap().as_secs();
    let (mut days, time) = (seconds / 86_400, seconds % 86_400);
    let mut year = 1970;
    let is_leap =
        |year: u64| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    let day = days + 1;
    let (hour, minute, second) = (time / 3600, time / 60 % 60, time % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}
