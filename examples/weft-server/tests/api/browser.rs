//! A browser as far as the server can tell: it keeps cookies, follows where it is sent, and submits
//! forms with what is hidden in them.

use std::{collections::BTreeMap, net::IpAddr};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use tower::ServiceExt;
use weft_server::pages::Peer;

use crate::stage::ORIGIN;

/// A browser, and the page that it shows.
pub(crate) struct Browser {
    router: Router,
    peer: IpAddr,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) page: Page,
}

/// What was answered last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Page {
    /// What the first element of that start tag says, tags and all.
    pub(crate) fn after<'t>(&'t self, start: &str, end: &str) -> Option<&'t str> {
        let (_, rest) = self.text.split_once(start)?;
        rest.split_once(end).map(|(text, _)| text)
    }

    /// The forms of the page: where each goes.
    pub(crate) fn actions(&self) -> Vec<String> {
        let parts = self.text.split("action=\"").skip(1);
        parts
            .filter_map(|part| Some(part.split_once('"')?.0.to_owned()))
            .collect()
    }
}

impl Browser {
    pub(crate) fn new(router: &Router) -> Browser {
        Browser {
            router: router.clone(),
            peer: [192, 0, 2, 1].into(),
            cookies: BTreeMap::new(),
            page: Page::default(),
        }
    }

    /// The same from another address.
    pub(crate) fn at(self, peer: impl Into<IpAddr>) -> Browser {
        let peer = peer.into();
        Browser { peer, ..self }
    }

    /// Follows a link, and where that leads.
    pub(crate) async fn visit(&mut self, path: &str) -> &Page {
        self.go("GET", path, None).await;
        self.follow().await
    }

    /// Submits a form to `action`, with the token of the page that is shown.
    pub(crate) async fn submit(&mut self, action: &str, fields: &[(&str, &str)]) -> &Page {
        self.send(action, fields).await;
        self.follow().await
    }

    /// The same, which goes nowhere afterwards.
    pub(crate) async fn send(&mut self, action: &str, fields: &[(&str, &str)]) -> &Page {
        let token = self.page.after("name=\"csrf_token\" value=\"", "\"");
        let token = token.unwrap_or_default().to_owned();
        let fields = [("csrf_token", &*token)]
            .into_iter()
            .chain(fields.iter().copied());
        let body = serde_urlencoded::to_string(fields.collect::<Vec<_>>()).unwrap();
        self.go("POST", action, Some(body)).await
    }

    /// One request, and its answer.
    pub(crate) async fn go(&mut self, method: &str, path: &str, body: Option<String>) -> &Page {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, ORIGIN.trim_start_matches("https://"))
            .header("sec-fetch-site", "same-origin")
            .header(header::USER_AGENT, "a test's browser");
        if body.is_some() {
            request = request
                .header(header::ORIGIN, ORIGIN)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let request = request
            .extension(Peer(self.peer))
            .body(Body::from(body.unwrap_or_default()));
        let response = self.router.clone().oneshot(request.unwrap()).await.unwrap();
        let (parts, body) = response.into_parts();
        let text = body.collect().await.unwrap().to_bytes();
        self.keep(&parts.headers);
        self.page = Page {
            status: parts.status,
            path: path.to_owned(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&text).into_owned(),
        };
        &self.page
    }

    async fn follow(&mut self) -> &Page {
        for _ in 0..5 {
            let Some(to) = self.page.headers.get(header::LOCATION) else {
                break;
            };
            let to = to.to_str().unwrap().trim_start_matches(ORIGIN).to_owned();
            self.go("GET", &to, None).await;
        }
        &self.page
    }

    fn keep(&mut self, headers: &HeaderMap) {
        if headers.contains_key("clear-site-data") {
            self.cookies.clear();
        }
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            for attribute in ["; Path=/;", "; Secure;", "; HttpOnly;", "; SameSite="] {
                assert!(cookie.contains(attribute), "{cookie} has no {attribute}");
            }
            let (pair, _) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            match cookie.contains("Max-Age=0") {
                true => drop(self.cookies.remove(name)),
                false => drop(self.cookies.insert(name.to_owned(), value.to_owned())),
            }
        }
    }
}
