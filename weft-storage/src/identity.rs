//! Whoever signs: credentials for one bucket.

use std::fmt;
use std::time::SystemTime;

use zeroize::Zeroizing;

use crate::bucket::Bucket;
use crate::credentials::Credentials;
use crate::encode;
use crate::key::Key;
use crate::signed::{SignedRequest, SignedUrl};
use crate::sigv4::{
    ALGORITHM, CanonicalRequest, Scope, SigningKey, SigningKeys, UNSIGNED_PAYLOAD, payload_hash,
};
use crate::stamp::Stamp;
use crate::ttl::Ttl;

/// The bytes of a signed URL besides origin, path and what is asked for: algorithm, credential, date,
/// lifetime, names of headers and signature.
const FIXED: usize = 400;

pub(crate) struct Identity {
    pub(crate) bucket: Bucket,
    pub(crate) credentials: Credentials,
    keys: SigningKeys,
}

/// A request as it is to be signed.
pub(crate) struct Asked<'a> {
    pub(crate) method: &'static str,
    /// The object, or the bucket itself.
    pub(crate) key: Option<&'a Key>,
    /// What stands in the query: names in lower case, sorted, and values not encoded yet.
    pub(crate) query: &'a [(&'a str, &'a str)],
    /// All that is signed, sorted by name, `host` among them.
    pub(crate) headers: &'a [(&'static str, &'a str)],
}

impl Identity {
    pub(crate) fn new(bucket: Bucket, credentials: Credentials) -> Identity {
        Identity {
            bucket,
            credentials,
            keys: SigningKeys::default(),
        }
    }

    pub(crate) fn scope<'s>(&'s self, at: &'s Stamp) -> Scope<'s> {
        Scope {
            at,
            region: self.bucket.region(),
        }
    }

    pub(crate) fn key_of(&self, scope: &Scope<'_>) -> SigningKey {
        self.keys.of(self.credentials.secret(), scope)
    }

    /// A URL with the signature in its query.
    pub(crate) fn presign(&self, asked: &Asked<'_>, ttl: Ttl, now: SystemTime) -> SignedUrl {
        let at = Stamp::of(now);
        let scope = self.scope(&at);
        let session = self.credentials.session();
        let more = asked
            .query
            .iter()
            .map(|(name, value)| name.len() + 3 * value.len() + 2);
        let room = FIXED
            + self.bucket.origin().len()
            + self.bucket.root().len()
            + Key::LONGEST
            + session.map_or(0, |token| 3 * token.len() + 30)
            + asked.headers.len() * 32
            + more.sum::<usize>();
        let mut url = Zeroizing::new(String::with_capacity(room));
        let path = self.write_path(asked.key, &mut url);
        url.push('?');
        let query = url.len();
        for part in [
            "X-Amz-Algorithm=",
            ALGORITHM,
            "&X-Amz-Credential=",
            self.credentials.access_key(),
            "%2F",
        ] {
            url.push_str(part);
        }
        scope.write("%2F", &mut url);
        url.push_str("&X-Amz-Date=");
        url.push_str(at.as_str());
        url.push_str("&X-Amz-Expires=");
        push_number(ttl.as_secs(), &mut url);
        if let Some(token) = session {
            url.push_str("&X-Amz-Security-Token=");
            encode::value(token, &mut url);
        }
        url.push_str("&X-Amz-SignedHeaders=");
        for (at, (name, _)) in asked.headers.iter().enumerate() {
            url.push_str(if at == 0 { "" } else { "%3B" });
            url.push_str(name);
        }
        for (name, value) in asked.query {
            for part in ["&", name, "="] {
                url.push_str(part);
            }
            encode::value(value, &mut url);
        }
        let request = CanonicalRequest {
            method: asked.method,
            path: &url[path..query - 1],
            query: &url[query..],
            headers: asked.headers,
            payload: UNSIGNED_PAYLOAD,
        };
        let signature = scope.sign(&self.key_of(&scope), &request.hash());
        url.push_str("&X-Amz-Signature=");
        url.push_str(str::from_utf8(&signature).unwrap_or_default());
        SignedUrl(url)
    }

    /// A request with the signature in its headers, of which `headers` and what the protocol adds are all
    /// signed.
    pub(crate) fn sign(&self, asked: &Asked<'_>, body: Vec<u8>, now: SystemTime) -> SignedRequest {
        let at = Stamp::of(now);
        let scope = self.scope(&at);
        let payload = payload_hash(&body);
        let mut headers: Vec<(&'static str, &str)> = asked.headers.to_vec();
        headers.push(("x-amz-content-sha256", &payload));
        headers.push(("x-amz-date", at.as_str()));
        if let Some(token) = self.credentials.session() {
            headers.push(("x-amz-security-token", token));
        }
        headers.sort_unstable();
        let mut url = String::new();
        let path = self.write_path(asked.key, &mut url);
        let path_end = url.len();
        for (at, (name, value)) in asked.query.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            encode::value(value, &mut url);
        }
        let request = CanonicalRequest {
            method: asked.method,
            path: &url[path..path_end],
            query: url.get(path_end + 1..).unwrap_or_default(),
            headers: &headers,
            payload: &payload,
        };
        let signature = scope.sign(&self.key_of(&scope), &request.hash());
        let mut authorization = Zeroizing::new(format!(
            "{ALGORITHM} Credential={}/",
            self.credentials.access_key()
        ));
        scope.write("/", &mut authorization);
        authorization.push_str(",SignedHeaders=");
        for (at, (name, _)) in headers.iter().enumerate() {
            authorization.push_str(if at == 0 { "" } else { ";" });
            authorization.push_str(name);
        }
        authorization.push_str(",Signature=");
        authorization.push_str(str::from_utf8(&signature).unwrap_or_default());
        let sent = headers.iter().filter(|(name, _)| *name != "host");
        let mut sent: Vec<_> = sent
            .map(|(name, value)| (*name, Zeroizing::new((*value).to_owned())))
            .collect();
        sent.push(("authorization", authorization));
        SignedRequest {
            method: asked.method,
            url,
            headers: sent,
            body,
        }
    }

    /// Writes where something is, and says where its path begins.
    pub(crate) fn write_path(&self, key: Option<&Key>, url: &mut String) -> usize {
        url.push_str(self.bucket.origin());
        let path = url.len();
        url.push_str(self.bucket.root());
        if let Some(key) = key {
            key.write(url);
        }
        path
    }

    /// The header that every request has.
    pub(crate) fn host(&self) -> (&'static str, &str) {
        ("host", self.bucket.authority())
    }
}

fn push_number(number: u32, out: &mut String) {
    if number >= 10 {
        push_number(number / 10, out);
    }
    out.push(char::from(b'0' + (number % 10) as u8));
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("bucket", &self.bucket)
            .field("credentials", &self.credentials)
            .finish_non_exhaustive()
    }
}
