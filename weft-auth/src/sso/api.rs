use std::fmt;
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{Connection, Organization, Profile};

/// An answer of WorkOS that is not the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    kind: ApiErrorKind,
    request_id: Option<String>,
    retry_after: Option<Duration>,
}

/// What WorkOS answers instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ApiErrorKind {
    /// The code was used, is too old, or is not this flow's (`invalid_grant`).
    Grant,
    /// Client id or API key are wrong (401, `invalid_client`, `unauthorized_client`).
    Credentials,
    /// The API key may not do that (403).
    Forbidden,
    /// There is no such thing (404).
    NotFound,
    /// Too many requests (429).
    RateLimited,
    /// Another refusal of the request (4xx).
    Rejected,
    /// WorkOS failed (5xx), or sent what it does not document.
    Unavailable,
    /// A success that cannot be read.
    Unreadable,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Page {
    /// What is on it.
    pub connections: Vec<Connection>,
    /// What the next one comes after, if there is one.
    pub after: Option<String>,
}

/// The most bytes of an answer that are looked at.
const LONGEST: usize = 1024 * 1024;

impl ApiError {
    fn new(kind: ApiErrorKind, headers: &HeaderMap) -> ApiError {
        let text = |name: &str| headers.get(name)?.to_str().ok();
        let id = text("x-request-id").filter(|id| id.len() <= 128);
        let seconds = text(RETRY_AFTER.as_str()).and_then(|seconds| seconds.parse().ok());
        ApiError {
            kind,
            request_id: id.map(str::to_owned),
            retry_after: seconds.map(Duration::from_secs),
        }
    }

    /// What it is.
    pub fn kind(&self) -> ApiErrorKind {
        self.kind
    }

    /// By what WorkOS's support finds the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// How long WorkOS asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether a request that changes nothing may be made again. The exchange of a code is none: its
    /// code is spent.
    pub fn is_passing(&self) -> bool {
        matches!(
            self.kind,
            ApiErrorKind::RateLimited | ApiErrorKind::Unavailable
        )
    }
}

#[derive(Deserialize)]
struct Exchange {
    profile: Profile,
}

#[derive(Deserialize)]
struct List {
    data: Vec<Connection>,
    #[serde(default)]
    list_metadata: Metadata,
}

#[derive(Deserialize, Default)]
struct Metadata {
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize)]
struct Link {
    link: String,
}

#[derive(Deserialize)]
struct OauthError {
    error: String,
}

pub(super) fn profile(response: &Response<Vec<u8>>) -> Result<Profile, ApiError> {
    read::<Exchange>(response).map(|exchange| exchange.profile)
}

pub(super) fn connection(response: &Response<Vec<u8>>) -> Result<Connection, ApiError> {
    read(response)
}

pub(super) fn connections(response: &Response<Vec<u8>>) -> Result<Page, ApiError> {
    let list: List = read(response)?;
    Ok(Page {
        connections: list.data,
        after: list.list_metadata.after,
    })
}

pub(super) fn organization(response: &Response<Vec<u8>>) -> Result<Organization, ApiError> {
    read(response)
}

pub(super) fn link(response: &Response<Vec<u8>>) -> Result<Zeroizing<String>, ApiError> {
    read::<Link>(response).map(|link| Zeroizing::new(link.link))
}

/// A success that is not the one that was asked for.
pub(super) fn unreadable(response: &Response<Vec<u8>>) -> ApiError {
    ApiError::new(ApiErrorKind::Unreadable, response.headers())
}

fn read<T: DeserializeOwned>(response: &Response<Vec<u8>>) -> Result<T, ApiError> {
    let error = |kind| ApiError::new(kind, response.headers());
    let body = response.body();
    if !response.status().is_success() {
        return Err(error(kind(response.status(), body)));
    }
    if body.len() > LONGEST {
        return Err(error(ApiErrorKind::Unreadable));
    }
    serde_json::from_slice(body).map_err(|_| error(ApiErrorKind::Unreadable))
}

fn kind(status: StatusCode, body: &[u8]) -> ApiErrorKind {
    match status.as_u16() {
        401 => ApiErrorKind::Credentials,
        403 => ApiErrorKind::Forbidden,
        404 => ApiErrorKind::NotFound,
        429 => ApiErrorKind::RateLimited,
        400 => match oauth_error(body).as_deref() {
            Some("invalid_grant") => ApiErrorKind::Grant,
            Some("invalid_client" | "unauthorized_client") => ApiErrorKind::Credentials,
            _ => ApiErrorKind::Rejected,
        },
        402..500 => ApiErrorKind::Rejected,
        _ => ApiErrorKind::Unavailable,
    }
}

fn oauth_error(body: &[u8]) -> Option<String> {
    let body = body.get(..LONGEST.min(body.len()))?;
    serde_json::from_slice::<OauthError>(body)
        .ok()
        .map(|error| error.error)
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ApiErrorKind::Grant => "WorkOS does not take the code",
            ApiErrorKind::Credentials => "WorkOS does not take the client id and API key",
            ApiErrorKind::Forbidden => "the API key may not do that at WorkOS",
            ApiErrorKind::NotFound => "there is no such thing at WorkOS",
            ApiErrorKind::RateLimited => "WorkOS limits the rate of requests",
            ApiErrorKind::Rejected => "WorkOS rejects the request",
            ApiErrorKind::Unavailable => "WorkOS is not available",
            ApiErrorKind::Unreadable => "WorkOS's answer cannot be read",
        })
    }
}

impl std::error::Error for ApiError {}
