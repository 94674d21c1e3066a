//! The layers, around a router.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use http_body::Frame;
use http_body_util::BodyExt;
use tower::ServiceExt;
use weft_auth::Origin;
use weft_auth::cookie::Cookie;
use weft_auth::csrf::axum::{Guarded, VerifiesSignature};
use weft_auth::csrf::tower::{CsrfLayer, FormToken};
use weft_auth::csrf::{Checked, Csrf, Refusal, RefusalKind};
use weft_auth::headers::tower::SecurityHeadersLayer;
use weft_auth::headers::{Csp, Nonce, SecurityHeaders};

const KEY: &str = "1:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";

struct Signed(String);

impl VerifiesSignature for Signed {}

impl<S: Send + Sync> FromRequest<S> for Signed {
    type Rejection = StatusCode;

    async fn from_request(request: Request, state: &S) -> Result<Signed, StatusCode> {
        if !request.headers().contains_key("signature") {
            return Err(StatusCode::FORBIDDEN);
        }
        let body = String::from_request(request, state).await;
        body.map(Signed).map_err(|_| StatusCode::FORBIDDEN)
    }
}

struct Credentials(bool);

impl<S: Sync> FromRequestParts<S> for Credentials {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Credentials, StatusCode> {
        let names = [header::COOKIE, header::AUTHORIZATION];
        let any = names.iter().any(|name| parts.headers.contains_key(name));
        Ok(Credentials(any))
    }
}

async fn has_cookie(headers: HeaderMap) -> ([(HeaderName, &'static str); 1], String) {
    let has = headers.contains_key(header::COOKIE);
    ([(header::SET_COOKIE, "a=b")], has.to_string())
}

fn layer() -> CsrfLayer {
    let own = Origin::parse("https://app.example.com").unwrap();
    let csrf = Csrf::new(own, KEY.parse().unwrap()).unwrap();
    CsrfLayer::new(csrf, Cookie::new("__Host-session").unwrap()).with_form_limit(1000)
}

fn app() -> Router {
    let pages = Router::new()
        .route(
            "/form",
            get(async |token: FormToken| token.field().unwrap()),
        )
        .route("/plain", get(async || "nothing private"))
        .route("/note", post(async |_: Checked, body: String| body))
        .route(
            "/file",
            get(async || {
                (
                    [(header::CACHE_CONTROL, "public, max-age=31536000")],
                    "file",
                )
            }),
        )
        .route(
            "/nonce",
            get(async |Extension(nonce): Extension<Nonce>| nonce.as_str().to_owned()),
        );
    let headers = SecurityHeaders::new(&Csp::pages()).unwrap();
    Guarded::new(pages, layer())
        .signed(
            "/hook",
            async |Credentials(any): Credentials, Signed(body): Signed| {
                ([(header::SET_COOKIE, "a=b")], format!("{any} {body}"))
            },
        )
        .bearing(
            Router::new().route("/api/note", get(has_cookie).post(has_cookie)),
            || StatusCode::UNAUTHORIZED,
        )
        .into_router()
        .layer(SecurityHeadersLayer::new(headers))
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
    refused: Option<RefusalKind>,
}

async fn ask(method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = http::Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from(body.to_owned())).unwrap();
    let response: Response = app().oneshot(request).await.unwrap();
    let refused = response.extensions().get::<Refusal>();
    let refused = refused.map(|refusal| refusal.kind());
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
        refused,
    }
}

/// The cookie's pair and the token of a form that was asked for.
async fn form(headers: &[(&str, &str)]) -> (String, String) {
    let page = ask(Method::GET, "/form", headers, "").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    let pair = cookie.split(';').next().unwrap().to_owned();
    let token = pair.split_once('=').unwrap().1.to_owned();
    assert_eq!(
        page.body,
        format!(r#"<input type="hidden" name="csrf_token" value="{token}">"#),
    );
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    (pair, token)
}

const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

#[tokio::test]
async fn a_form_comes_back_with_its_token_and_its_body_whole() {
    let (cookie, token) = form(&[]).await;
    let body = format!("a=b%20c&csrf_token={token}&d=");
    let answer = ask(Method::POST, "/note", &[("cookie", &cookie), FORM], &body).await;
    assert_eq!((answer.status, answer.body), (StatusCode::OK, body));
    let with_charset = (
        "content-type",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    );
    let body = format!("csrf_token={token}");
    let answer = ask(
        Method::POST,
        "/note",
        &[("cookie", &cookie), with_charset],
        &body,
    )
    .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn a_script_brings_the_token_in_a_header() {
    let (cookie, token) = form(&[]).await;
    let sent = [("cookie", &*cookie), ("x-csrf-token", &*token)];
    let answer = ask(Method::POST, "/note", &sent, "{}").await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "{}"));
    let twice = [sent[0], sent[1], sent[1]];
    let answer = ask(Method::POST, "/note", &twice, "{}").await;
    assert_eq!(answer.refused, Some(RefusalKind::DuplicateToken));
}

#[tokio::test]
async fn refusals_are_alike() {
    let (cookie, token) = form(&[]).await;
    let cookie = ("cookie", &*cookie);
    let good = format!("csrf_token={token}");
    let long = format!("{good}&a={}", "b".repeat(1000));
    let cases: [(&[_], &str, RefusalKind); 6] = [
        (&[cookie, FORM], "a=b", RefusalKind::MissingToken),
        (&[FORM], &good, RefusalKind::MissingCookie),
        (
            &[cookie, ("content-type", "text/plain")],
            &good,
            RefusalKind::MissingToken,
        ),
        (&[cookie], &good, RefusalKind::MissingToken),
        (&[cookie, FORM], &long, RefusalKind::FormTooLarge),
        (
            &[cookie, FORM, ("sec-fetch-site", "cross-site")],
            &good,
            RefusalKind::CrossOrigin,
        ),
    ];
    for (headers, body, kind) in cases {
        let answer = ask(Method::POST, "/note", headers, body).await;
        assert_eq!(answer.refused, Some(kind));
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.body, "request refused");
    }
}

/// A body that does not say how long it is, and arrives in two pieces, or breaks off.
struct Pieces {
    pieces: Vec<Result<Bytes, &'static str>>,
}

impl http_body::Body for Pieces {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        Poll::Ready(self.pieces.pop().map(|piece| piece.map(Frame::data)))
    }
}

#[tokio::test]
async fn a_form_is_read_up_to_the_limit_whatever_it_says_of_its_length() {
    let (cookie, token) = form(&[]).await;
    let good = Bytes::from(format!("csrf_token={token}&a="));
    let room = 1000 - good.len();
    let more = |length| Ok(Bytes::from(vec![b'b'; length]));
    for (last, refused) in [
        (more(room), None),
        (more(room + 1), Some(RefusalKind::FormTooLarge)),
        (Err("broken"), Some(RefusalKind::FormIncomplete)),
    ] {
        let pieces = vec![last, Ok(good.clone())];
        let request = http::Request::post("/note")
            .header("cookie", &cookie)
            .header(FORM.0, FORM.1)
            .body(Body::new(Pieces { pieces }));
        let response = app().oneshot(request.unwrap()).await.unwrap();
        let kind = response.extensions().get::<Refusal>();
        assert_eq!(kind.map(|refusal| refusal.kind()), refused);
    }
}

#[tokio::test]
async fn a_token_from_before_the_sign_in_ends_with_it() {
    let (cookie, token) = form(&[]).await;
    let after = format!("{cookie}; __Host-session=abc");
    let body = format!("csrf_token={token}");
    let answer = ask(Method::POST, "/note", &[("cookie", &after), FORM], &body).await;
    assert_eq!(answer.refused, Some(RefusalKind::OtherBinding));
    // The next page brings one of the session.
    let (new, token) = form(&[("cookie", &after)]).await;
    let sent = format!("{new}; __Host-session=abc");
    let body = format!("csrf_token={token}");
    let answer = ask(Method::POST, "/note", &[("cookie", &sent), FORM], &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    let other = format!("{new}; __Host-session=abd");
    let answer = ask(Method::POST, "/note", &[("cookie", &other), FORM], &body).await;
    assert_eq!(answer.refused, Some(RefusalKind::OtherBinding));
}

#[tokio::test]
async fn forms_in_several_tabs_share_a_token() {
    let (cookie, token) = form(&[]).await;
    let page = ask(Method::GET, "/form", &[("cookie", &cookie)], "").await;
    assert!(page.body.contains(&token));
    assert!(!page.headers.contains_key(header::SET_COOKIE));
}

/// Without the layer that keeps all answers to somebody out of caches.
#[tokio::test]
async fn a_page_with_a_token_is_kept_nowhere_whether_the_token_is_new_or_not() {
    let pages = Router::new().route("/", get(async |token: FormToken| token.field().unwrap()));
    let app = Guarded::new(pages, layer()).into_router();
    let mut cookie = "theme=dark".to_owned();
    for is_new in [true, false] {
        let request = http::Request::get("/").header("cookie", &cookie);
        let request = request.body(Body::empty()).unwrap();
        let page = app.clone().oneshot(request).await.unwrap();
        assert_eq!(page.headers()[header::CACHE_CONTROL], "no-store");
        let set = page.headers().get(header::SET_COOKIE);
        assert_eq!(set.is_some(), is_new);
        if let Some(set) = set {
            cookie = set.to_str().unwrap().split(';').next().unwrap().to_owned();
        }
    }
}

#[tokio::test]
async fn a_page_without_a_form_sets_no_cookie() {
    let page = ask(Method::GET, "/plain", &[], "").await;
    assert!(!page.headers.contains_key(header::SET_COOKIE));
    assert!(!page.headers.contains_key(header::CACHE_CONTROL));
}

#[tokio::test]
async fn a_malformed_session_cookie_stops_a_request() {
    for (cookie, kind) in [
        (
            "__Host-session=a; __Host-session=b",
            RefusalKind::DuplicateCookie,
        ),
        ("__Host-session=a b", RefusalKind::MalformedCookie),
    ] {
        for method in [Method::GET, Method::POST] {
            let answer = ask(method, "/form", &[("cookie", cookie)], "").await;
            assert_eq!(answer.refused, Some(kind));
        }
    }
}

#[tokio::test]
async fn a_signed_route_sees_no_credentials_and_sets_none() {
    let browser = [
        ("cookie", "__Host-session=abc"),
        ("authorization", "Bearer abc"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = ask(Method::POST, "/hook", &browser, "{}").await;
    assert_eq!(
        (answer.status, answer.refused),
        (StatusCode::FORBIDDEN, None)
    );
    let signed = [&browser[..], &[("signature", "yes")]].concat();
    let answer = ask(Method::POST, "/hook", &signed, "{}").await;
    assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "false {}"));
    assert!(!answer.headers.contains_key(header::SET_COOKIE));
    let answer = ask(Method::PUT, "/hook", &signed, "{}").await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
}

/// What a browser adds by itself, cookies and what it was told for `Basic`, opens no route for programs.
#[tokio::test]
async fn a_route_for_programs_takes_what_no_browser_adds() {
    let cookie = ("cookie", "__Host-session=abc");
    for authorization in [
        None,
        Some("Basic YTpi"),
        Some("Digest a"),
        Some("Bearerabc"),
        Some(" "),
        Some(""),
    ] {
        let sent = authorization.map(|value| ("authorization", value));
        let sent: Vec<_> = sent.into_iter().chain([cookie]).collect();
        let answer = ask(Method::POST, "/api/note", &sent, "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{authorization:?}");
    }
    let bearer = [cookie, ("authorization", "bearer abc")];
    for (method, sent) in [
        (Method::POST, &bearer[..]),
        (Method::GET, &bearer),
        (Method::GET, &bearer[..1]),
    ] {
        let answer = ask(method, "/api/note", sent, "").await;
        assert_eq!((answer.status, &*answer.body), (StatusCode::OK, "false"));
        assert!(!answer.headers.contains_key(header::SET_COOKIE));
    }
}

#[tokio::test]
async fn each_answer_has_a_nonce_of_its_own() {
    let [one, other] = [
        ask(Method::GET, "/nonce", &[], "").await,
        ask(Method::GET, "/nonce", &[], "").await,
    ];
    assert_ne!(one.body, other.body);
    for answer in [one, other] {
        let policy = answer.headers["content-security-policy"].to_str().unwrap();
        let source = format!("script-src 'nonce-{}' 'strict-dynamic'", answer.body);
        assert!(policy.contains(&source), "{policy}");
    }
    let missing = ask(Method::GET, "/nowhere", &[], "").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(missing.headers.contains_key("content-security-policy"));
}

#[tokio::test]
async fn answers_to_somebody_are_kept_nowhere() {
    let somebody = [("cookie", "__Host-session=abc")];
    let page = ask(Method::GET, "/plain", &somebody, "").await;
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::VARY], "Cookie");
    let page = ask(Method::GET, "/plain", &[("authorization", "Bearer a")], "").await;
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    let file = ask(Method::GET, "/file", &somebody, "").await;
    assert_eq!(
        file.headers[header::CACHE_CONTROL],
        "public, max-age=31536000"
    );
}

/// What is put around the guard words its refusals, and has nothing to do with what is beside it.
#[tokio::test]
async fn a_refusal_may_be_said_in_other_words() {
    let reword = async |request: Request, next: Next| {
        let response = next.run(request).await;
        match response.extensions().get::<Refusal>() {
            Some(_) => (StatusCode::FORBIDDEN, "load it again").into_response(),
            None => ([("x-around", "yes")], response).into_response(),
        }
    };
    let pages = Router::new().route("/note", get(async || "a note").post(async || "changed"));
    let api = Router::new().route("/api/note", get(async || "a note"));
    let app = Guarded::new(pages, layer())
        .layer(from_fn(reword))
        .bearing(api, || StatusCode::UNAUTHORIZED)
        .into_router();
    for (request, status, body, around) in [
        (http::Request::get("/note"), 200, "a note", true),
        (http::Request::post("/note"), 403, "load it again", false),
        (http::Request::get("/api/note"), 200, "a note", false),
    ] {
        let request = request.body(Body::empty()).unwrap();
        let answer = app.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers().contains_key("x-around"), around);
        let said = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(said, body);
    }
}
