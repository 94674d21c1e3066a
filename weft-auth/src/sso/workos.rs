use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::Serializer;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Request};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::{
    ConnectionId, Exchange, OrganizationId, Pending, Plan, Refusal, RefusalKind, Start, Target,
    flow_cookie,
};
use crate::Origin;
use crate::random::{self, NoRandomness};

/// An application as it is registered with WorkOS.
#[derive(Clone)]
pub struct WorkOs {
    base: String,
    client_id: String,
    api_key: Zeroizing<String>,
    bearer: HeaderValue,
    redirect_uri: String,
}

/// Why an application cannot be described so, or a flow not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkOsError {
    /// Client id or API key are empty, or hold what a header cannot.
    Credentials,
    /// The redirect URI is not an `https` URL (or one of `http://localhost`) without a fragment.
    RedirectUri,
    /// The system has no randomness to give.
    Randomness(NoRandomness),
    /// A cookie could not be written.
    Cookie(crate::cookie::CookieError),
    /// The plan has no single sign-on.
    Refused(Refusal),
}

impl WorkOs {
    /// The application with those credentials, to which WorkOS sends browsers back at exactly that URI.
    ///
    /// # Errors
    /// When one of them can be none.
    pub fn new(client_id: &str, api_key: &str, redirect_uri: &str) -> Result<WorkOs, WorkOsError> {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_graphic());
        if !plain(client_id) || !plain(api_key) {
            return Err(WorkOsError::Credentials);
        }
        let local = [
            "http://localhost:",
            "http://localhost/",
            "http://127.0.0.1:",
        ];
        if !plain(redirect_uri)
            || redirect_uri.contains('#')
            || !(redirect_uri.starts_with("https://")
                || local.iter().any(|start| redirect_uri.starts_with(start)))
        {
            return Err(WorkOsError::RedirectUri);
        }
        let bearer = Zeroizing::new(format!("Bearer {api_key}"));
        let mut bearer =
            HeaderValue::try_from(bearer.as_str()).map_err(|_| WorkOsError::Credentials)?;
        bearer.set_sensitive(true);
        Ok(WorkOs {
            base: "https://api.workos.com".to_owned(),
            client_id: client_id.to_owned(),
            api_key: Zeroizing::new(api_key.to_owned()),
            bearer,
            redirect_uri: redirect_uri.to_owned(),
        })
    }

    /// The same at another origin, such as a local one.
    #[must_use]
    pub fn with_base(self, base: &Origin) -> WorkOs {
        let base = base.as_str().to_owned();
        WorkOs { base, ..self }
    }

    /// Starts a flow: where the browser goes, the cookies that bind it to this browser, and what to
    /// keep until it comes back. `headers` are the request's, from which flows are found that nobody
    /// finished.
    ///
    /// # Errors
    /// When the plan has no single sign-on, or the system no randomness.
    pub fn start(
        &self,
        target: Target,
        plan: Plan,
        headers: &HeaderMap,
        now: SystemTime,
    ) -> Result<Start, WorkOsError> {
        let (state, verifier) = (random::bytes()?, random::bytes()?);
        self.start_with(target, plan, headers, now, &state, &verifier)
    }

    /// The same with those random bytes.
    ///
    /// # Errors
    /// When the plan has no single sign-on.
    pub fn start_with(
        &self,
        target: Target,
        plan: Plan,
        headers: &HeaderMap,
        now: SystemTime,
        state: &[u8; 32],
        verifier: &[u8; 32],
    ) -> Result<Start, WorkOsError> {
        if !plan.has_sso(now) {
            return Err(WorkOsError::Refused(Refusal::new(RefusalKind::Plan)));
        }
        let [state, verifier] =
            [state, verifier].map(|bytes| Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes)));
        let url = self.authorize(&target, &state, &verifier);
        let cookies = flow_cookie::start(headers, &state, now)?;
        let pending = Pending::new(&state, verifier, target, now);
        Ok(Start::new(url, cookies, pending))
    }

    fn authorize(&self, target: &Target, state: &str, verifier: &str) -> String {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
        let (selector, id) = target.selector();
        let mut query = Serializer::new(String::new());
        query
            .append_pair("client_id", &self.client_id)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .append_pair(selector, id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("response_type", "code")
            .append_pair("state", state);
        format!("{}/sso/authorize?{}", self.base, query.finish())
    }

    /// The request that turns a code into a profile. A code is good once: where the answer is lost,
    /// the flow starts anew.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn exchange_request(&self, exchange: &Exchange) -> Result<Request<Vec<u8>>, http::Error> {
        let mut form = Serializer::new(String::new());
        form.append_pair("client_id", &self.client_id)
            .append_pair("client_secret", &self.api_key)
            .append_pair("grant_type", "authorization_code")
            .append_pair("code", exchange.code())
            .append_pair("code_verifier", exchange.verifier());
        let body = form.finish().into_bytes();
        self.request(Method::POST, "/sso/token")
            .header(
                CONTENT_TYPE,
                "application/x-www-form-urlencoded;charset=utf-8",
            )
            .body(body)
    }

    /// The request for one connection.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn connection_request(&self, id: &ConnectionId) -> Result<Request<Vec<u8>>, http::Error> {
        self.request(Method::GET, &format!("/connections/{id}"))
            .body(Vec::new())
    }

    /// The request for a page of an organisation's connections, after the one that ended with `after`.
    ///
    /// # Errors
    /// When it cannot be put together.
    pub fn connections_request(
        &self,
        organization: &OrganizationId,
        after: Option<&str>,
    ) -> Result<Request<Vec<u8>>, http::Error> {
        let mut query = Serializer::new(String::new());
        query
            .append_pair("organization_id", organization.as_str())
            .append_pair("limit", "100");
        if let Some(after) = after {
            query.append_pair("after", after);
        }
        self.request(Method::GET, &format!("/connections?{}", query.finish()))
            .body(Vec::new())
    }

    pub(super) fn base(&self) -> &str {
        &self.base
    }

    pub(super) fn request(&self, method: Method, path: &str) -> http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, self.bearer.clone())
    }
}

impl fmt::Debug for WorkOs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkOs")
            .field("base", &self.base)
            .field("client_id", &self.client_id)
            .field("redirect_uri", &self.redirect_uri)
            .finish_non_exhaustive()
    }
}

impl From<NoRandomness> for WorkOsError {
    fn from(error: NoRandomness) -> WorkOsError {
        WorkOsError::Randomness(error)
    }
}

impl From<crate::cookie::CookieError> for WorkOsError {
    fn from(error: crate::cookie::CookieError) -> WorkOsError {
        WorkOsError::Cookie(error)
    }
}

impl fmt::Display for WorkOsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkOsError::Credentials => f.write_str("client id or API key are not visible ASCII"),
            WorkOsError::RedirectUri => f.write_str("the redirect URI is no https URL"),
            WorkOsError::Randomness(error) => error.fmt(f),
            WorkOsError::Cookie(error) => error.fmt(f),
            WorkOsError::Refused(refusal) => refusal.fmt(f),
        }
    }
}

impl std::error::Error for WorkOsError {}
