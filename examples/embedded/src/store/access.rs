//! Which requests are looked at: those whose every word is signed, in one spelling.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use hyper::Method;
use hyper::header::{self, HeaderMap, HeaderName};
use hyper::http::request::Parts;
use s3s::S3Result;
use uuid::Uuid;
use weft_storage::{Bucket, Key, Ttl};

use super::moment::stamp;
use super::refused::{denied, invalid, unknown};
use super::settings::REGION;

/// The rules for requests to one bucket.
pub(super) struct Access {
    authority: String,
    root: String,
}

/// How a request says that it is signed.
struct Signature<'r> {
    credential: String,
    headers: String,
    date: &'r str,
    /// Of a URL that says so; in headers it is good for a moment.
    ttl: Option<Duration>,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// How far clocks may be apart.
const SKEW: Duration = Duration::from_secs(60);
/// The headers of the protocol that mean something here. A store that took others, and did nothing, would
/// have its users believe what is not so.
const KNOWN: &[&str] = &[
    "x-amz-checksum-algorithm",
    "x-amz-checksum-mode",
    "x-amz-checksum-sha256",
    "x-amz-content-sha256",
    "x-amz-date",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-user-agent",
];
const PRESIGNED: &[&str] = &[
    "X-Amz-Algorithm",
    "X-Amz-Credential",
    "X-Amz-Date",
    "X-Amz-Expires",
    "X-Amz-Signature",
    "X-Amz-SignedHeaders",
];

impl Access {
    pub(super) fn new(bucket: &Bucket) -> Access {
        let origin = bucket.origin();
        Access {
            authority: origin
                .split_once("://")
                .map_or(origin, |(_, rest)| rest)
                .to_owned(),
            root: format!("/{}", bucket.name()),
        }
    }

    /// Whether it is for this store and its bucket, in the one spelling that a path has.
    pub(super) fn place(&self, head: &Parts) -> S3Result<()> {
        if head.uri.authority().is_some()
            || one(&head.headers, header::HOST)? != Some(self.authority.as_str())
        {
            return Err(denied("this is another host"));
        }
        match self.key(head.uri.path()) {
            Some("") => Ok(()),
            Some(key) if parse_key(key).is_some() => Ok(()),
            _ => Err(denied("there are no such names here")),
        }
    }

    /// What follows the bucket in a path.
    fn key<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix(&self.root)?;
        match rest {
            "" => Some(""),
            _ => rest.strip_prefix('/'),
        }
    }

    /// Whether a form comes with nothing that its policy knows nothing of.
    pub(super) fn form(&self, head: &Parts) -> S3Result<()> {
        let is_plain = self.key(head.uri.path()) == Some("") && head.uri.query().is_none();
        let signed = |name: &HeaderName| name == header::AUTHORIZATION || is_meant(name);
        match is_plain && !head.headers.keys().any(signed) {
            true => Ok(()),
            false => Err(denied("a form is signed by its policy alone")),
        }
    }

    /// Whether all of a request is signed, and for now.
    pub(super) fn signed(&self, head: &Parts, now: SystemTime) -> S3Result<()> {
        let key = self.key(head.uri.path()).unwrap_or_default();
        let query = query(head.uri.query().unwrap_or_default())?;
        let asked = asked(&head.method, key)?;
        let all_known = query
            .keys()
            .all(|name| PRESIGNED.contains(name) || asked.contains(name));
        if !all_known {
            return Err(unknown("there is a parameter that is not known here"));
        }
        let signature = Signature::read(&head.headers, &query)?;
        signature.is_good(now)?;
        signature.covers(&head.method, &head.headers)
    }
}

/// The key that is written so.
pub(super) fn parse_key(text: &str) -> Option<Key> {
    let (tenant, _) = text.split_once('/')?;
    Key::parse(text, Uuid::try_parse(tenant).ok()?).ok()
}

/// What may be asked in a query, besides a signature.
fn asked(method: &Method, key: &str) -> S3Result<&'static [&'static str]> {
    Ok(match (method, key.is_empty()) {
        (&Method::GET, true) => &[
            "continuation-token",
            "encoding-type",
            "list-type",
            "max-keys",
            "prefix",
            "x-id",
        ],
        (&Method::GET, false) => &[
            "response-cache-control",
            "response-content-disposition",
            "response-content-type",
            "x-id",
        ],
        (&Method::HEAD, false) => &["x-id"],
        (&Method::PUT, false) => &["partNumber", "uploadId", "x-id"],
        (&Method::POST, false) => &["uploadId", "uploads", "x-id"],
        (&Method::DELETE, false) => &["uploadId", "x-id"],
        _ => return Err(unknown("this is not done here")),
    })
}

/// Names as they are written, each of them once, and values with their escapes.
fn query(text: &str) -> S3Result<BTreeMap<&str, &str>> {
    let mut query = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if query.insert(name, value).is_some() {
            return Err(denied("a parameter comes twice"));
        }
    }
    Ok(query)
}

impl<'r> Signature<'r> {
    fn read(headers: &'r HeaderMap, query: &BTreeMap<&'r str, &'r str>) -> S3Result<Signature<'r>> {
        let unsigned = || denied("the request is not signed as is done here");
        let in_query = PRESIGNED.iter().any(|name| query.contains_key(name));
        match (one(headers, header::AUTHORIZATION)?, in_query) {
            (None, true) => {
                let get = |name| query.get(name).copied().ok_or_else(unsigned);
                let ttl = get("X-Amz-Expires")?;
                let seconds: u64 = ttl.parse().map_err(|_| unsigned())?;
                if get("X-Amz-Algorithm")? != ALGORITHM
                    || !is_signature(get("X-Amz-Signature")?)
                    || seconds.to_string() != ttl
                {
                    return Err(unsigned());
                }
                Ok(Signature {
                    credential: get("X-Amz-Credential")?.replace("%2F", "/"),
                    headers: get("X-Amz-SignedHeaders")?.replace("%3B", ";"),
                    date: get("X-Amz-Date")?,
                    ttl: Some(Duration::from_secs(seconds)),
                })
            }
            (Some(text), false) => {
                let parts = text
                    .strip_prefix(ALGORITHM)
                    .and_then(|text| text.strip_prefix(' '));
                let mut parts = parts.ok_or_else(unsigned)?.split(',');
                let mut part = |name: &str| {
                    let text = parts
                        .next()
                        .and_then(|part| part.trim_matches(' ').strip_prefix(name));
                    text.and_then(|text| text.strip_prefix('='))
                        .ok_or_else(unsigned)
                };
                let (credential, signed) = (part("Credential")?, part("SignedHeaders")?);
                if !is_signature(part("Signature")?) || parts.next().is_some() {
                    return Err(unsigned());
                }
                Ok(Signature {
                    credential: credential.to_owned(),
                    headers: signed.to_owned(),
                    date: one(headers, HeaderName::from_static("x-amz-date"))?
                        .ok_or_else(unsigned)?,
                    ttl: None,
                })
            }
            _ => Err(unsigned()),
        }
    }

    /// Whether it is for this store, not from the future, and for no longer than is allowed. Whether it has
    /// expired, s3s says too.
    fn is_good(&self, now: SystemTime) -> S3Result<()> {
        let date = stamp(self.date).ok_or_else(|| denied("the date is none"))?;
        let day = self.date.get(..8).unwrap_or_default();
        let mut scope = self.credential.splitn(2, '/');
        let (who, scope) = (
            scope.next().unwrap_or_default(),
            scope.next().unwrap_or_default(),
        );
        if who.is_empty() || scope != format!("{day}/{REGION}/s3/aws4_request") {
            return Err(denied("this is not signed for here"));
        }
        let ttl = self.ttl.unwrap_or(SKEW);
        if Ttl::new(ttl).is_err() {
            return Err(denied("nothing is good for longer than 15 minutes"));
        }
        if date > now + SKEW {
            return Err(denied("the request is dated in the future"));
        }
        match now.duration_since(date) {
            Ok(age) if age > ttl => Err(denied("the request has expired")),
            _ => Ok(()),
        }
    }

    /// Whether all that means something is signed, and all that is signed is there.
    fn covers(&self, method: &Method, headers: &HeaderMap) -> S3Result<()> {
        let signed: Vec<&str> = self.headers.split(';').collect();
        let is_written = |name: &&str| !name.is_empty() && headers.contains_key(*name);
        if !signed.is_sorted_by(|a, b| a < b)
            || !signed.contains(&header::HOST.as_str())
            || !signed.iter().all(is_written)
            || self.headers.bytes().any(|byte| byte.is_ascii_uppercase())
        {
            return Err(denied("the signed headers are not those that came"));
        }
        let writes = method == Method::PUT || method == Method::POST;
        for name in headers.keys() {
            let meant = is_meant(name) || writes && is_of_content(name);
            if meant && !signed.contains(&name.as_str()) {
                return Err(denied("there is a header that is not signed"));
            }
            if is_meant(name) && !KNOWN.contains(&name.as_str()) {
                return Err(unknown("there is a header that is not known here"));
            }
            if meant && headers.get_all(name).iter().nth(1).is_some() {
                return Err(denied("a header comes twice"));
            }
        }
        if headers.contains_key("content-md5") {
            return Err(unknown("checksums are SHA-256 here"));
        }
        let payload = one(headers, HeaderName::from_static("x-amz-content-sha256"))?;
        match payload.is_some_and(|payload| payload.starts_with("STREAMING")) {
            true => Err(unknown("bodies are not in chunks here")),
            false => Ok(()),
        }
    }
}

fn is_signature(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'))
}

/// Whether the protocol gives it a meaning.
fn is_meant(name: &HeaderName) -> bool {
    name.as_str().starts_with("x-amz-")
}

/// Whether it says what a body is. How long it is, the connection says.
fn is_of_content(name: &HeaderName) -> bool {
    name.as_str().starts_with("content-") && name != header::CONTENT_LENGTH
}

/// The value of a header that comes once, if it does.
pub(super) fn one(headers: &HeaderMap, name: HeaderName) -> S3Result<Option<&str>> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().map(|value| value.to_str());
    match (value.transpose(), values.next()) {
        (Ok(value), None) => Ok(value),
        _ => Err(invalid("a header comes twice, or cannot be read")),
    }
}
