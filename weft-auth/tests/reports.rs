//! Reports of browsers: both of their forms, and the route that takes them from anybody.

#![allow(clippy::unwrap_used)]

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use weft_auth::Origin;
use weft_auth::cookie::Cookie;
use weft_auth::csrf::axum::Guarded;
use weft_auth::csrf::{Csrf, tower::CsrfLayer};
use weft_auth::headers::report::{LONGEST, MOST, NotReports, Reports, Violation};

const BY_URI: &str = "application/csp-report";
const BY_ENDPOINT: &str = "application/reports+json";

fn by_uri() -> Value {
    json!({ "csp-report": {
        "document-uri": "https://app.example.com/link/sign-in?token=secret",
        "referrer": "https://app.example.com/?token=secret",
        "violated-directive": "script-src-elem",
        "effective-directive": "script-src-elem",
        "original-policy": "default-src 'none'",
        "disposition": "enforce",
        "blocked-uri": "https://user:secret@evil.example/x.js?token=secret",
        "line-number": 7,
        "source-file": "https://app.example.com/link/sign-in?token=secret",
        "status-code": 200,
        "script-sample": "secret"
    } })
}

fn by_endpoint() -> Value {
    json!({ "age": 12, "type": "csp-violation", "url": "https://app.example.com/?token=secret",
        "user_agent": "secret", "body": {
            "blockedURL": "inline",
            "disposition": "report",
            "documentURL": "https://app.example.com/link/sign-in?token=secret",
            "effectiveDirective": "style-src-attr",
            "originalPolicy": "default-src 'none'",
            "referrer": "https://app.example.com/?token=secret",
            "sample": "secret",
            "statusCode": 200
    } })
}

fn parse(kind: &str, body: &Value) -> Result<Reports, NotReports> {
    Reports::parse(kind, body.to_string().as_bytes())
}

#[test]
fn both_forms_are_read_and_nothing_secret_is_kept() {
    let reports = parse(BY_URI, &by_uri()).unwrap();
    let [one] = reports.violations() else {
        unreachable!()
    };
    let said = |of: &Violation| [of.directive(), of.blocked(), of.document()].map(str::to_owned);
    let page = "https://app.example.com/link/sign-in";
    assert_eq!(
        said(one),
        ["script-src-elem", "https://evil.example/x.js", page]
    );
    assert_eq!((one.source(), one.is_enforced()), (Some(page), true));
    assert!(!format!("{reports:?}").contains("secret"));

    let other = json!({ "type": "deprecation", "body": { "id": "x" } });
    let reports = parse(BY_ENDPOINT, &json!([other, by_endpoint()])).unwrap();
    let [one] = reports.violations() else {
        unreachable!()
    };
    assert_eq!(said(one), ["style-src-attr", "inline", page]);
    assert_eq!((one.source(), one.is_enforced()), (None, false));
    assert!(!format!("{reports:?}").contains("secret"));
}

/// CSP Level 2 has the whole directive, and no other name for it.
#[test]
fn a_directive_is_its_name() {
    let mut body = by_uri();
    let report = body["csp-report"].as_object_mut().unwrap();
    report.remove("effective-directive");
    report["violated-directive"] = json!("script-src 'nonce-secret' 'strict-dynamic'");
    let reports = parse(BY_URI, &body).unwrap();
    assert_eq!(reports.violations()[0].directive(), "script-src");
}

#[test]
fn what_is_no_report_is_refused() {
    assert_eq!(parse("application/json", &by_uri()), Err(NotReports::Type));
    assert_eq!(parse("", &by_uri()), Err(NotReports::Type));
    assert_eq!(parse(BY_ENDPOINT, &by_uri()), Err(NotReports::Form));
    for body in [
        json!({}),
        json!([]),
        json!({ "csp-report": "x" }),
        json!({ "csp-report": {} }),
    ] {
        assert_eq!(parse(BY_URI, &body), Err(NotReports::Form), "{body}");
    }
    let deep = "[".repeat(LONGEST);
    for body in [&*deep, "", "\u{0}", "[1"] {
        let refused = Reports::parse(BY_ENDPOINT, body.as_bytes());
        assert_eq!(refused, Err(NotReports::Form), "{body:.9}");
    }
    let charset = format!("{}; charset=utf-8", BY_URI.to_uppercase());
    assert!(parse(&charset, &by_uri()).is_ok());
}

#[test]
fn what_is_kept_has_bounds() {
    let many = vec![by_endpoint(); MOST + 1];
    assert_eq!(
        parse(BY_ENDPOINT, &json!(many)).unwrap().violations().len(),
        MOST
    );
    let mut body = by_uri();
    body["csp-report"]["blocked-uri"] =
        json!(format!("https://a.example/{}", "\u{7}".repeat(9000)));
    body["csp-report"]["effective-directive"] = json!("x".repeat(9000));
    let reports = parse(BY_URI, &body).unwrap();
    let [one] = reports.violations() else {
        unreachable!()
    };
    assert!(
        one.blocked().len() < 300 && one.blocked().ends_with("??"),
        "{one:?}"
    );
    assert!(one.directive().len() < 100);
    let long = format!("{}{}", by_uri(), " ".repeat(LONGEST));
    assert_eq!(
        Reports::parse(BY_URI, long.as_bytes()),
        Err(NotReports::Length)
    );
}

type Kept = Arc<Mutex<Vec<Reports>>>;

fn app(kept: &Kept) -> Router {
    let key = "1:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ="
        .parse()
        .unwrap();
    let csrf = Csrf::new(Origin::parse("https://app.example.com").unwrap(), key).unwrap();
    let layer = CsrfLayer::new(csrf, Cookie::new("__Host-session").unwrap());
    Guarded::new(Router::new(), layer)
        .reports("/reports", |kept: &Kept, reports| {
            kept.lock().unwrap().push(reports);
        })
        .into_router()
        .with_state(kept.clone())
}

#[tokio::test]
async fn anybody_reports_and_gets_nothing_for_it() {
    let kept = Kept::default();
    let long = format!("{}{}", by_uri(), " ".repeat(LONGEST));
    for (method, kind, body, status) in [
        ("POST", BY_URI, by_uri().to_string(), StatusCode::NO_CONTENT),
        (
            "POST",
            BY_ENDPOINT,
            json!([by_endpoint()]).to_string(),
            StatusCode::NO_CONTENT,
        ),
        (
            "POST",
            "text/plain",
            by_uri().to_string(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        (
            "POST",
            "application/x-www-form-urlencoded",
            "a=b".to_owned(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ),
        ("POST", BY_URI, long, StatusCode::PAYLOAD_TOO_LARGE),
        ("POST", BY_URI, "{".to_owned(), StatusCode::BAD_REQUEST),
        (
            "GET",
            BY_URI,
            by_uri().to_string(),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
        (
            "PUT",
            BY_URI,
            by_uri().to_string(),
            StatusCode::METHOD_NOT_ALLOWED,
        ),
    ] {
        let request = Request::builder()
            .method(method)
            .uri("/reports")
            .header("content-type", kind)
            .header("origin", "https://app.example.com")
            .header("cookie", "__Host-session=abc")
            .body(Body::from(body));
        let answer = app(&kept).oneshot(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{method} {kind}");
        assert!(!answer.headers().contains_key("set-cookie"));
    }
    assert_eq!(kept.lock().unwrap().len(), 2);
}
