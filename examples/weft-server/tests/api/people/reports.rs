//! What browsers report of the policy, and where it is looked at.

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use tower::ServiceExt;
use weft_server::webhooks::directory::Directory;
use weft_server::{
    AppState, accounts::Accounts, app, events::Outgoing, keys::Keys, mail::Post, site::Site,
};
use weft_webhooks::outgoing::{Networks, Roots};

use crate::{
    browser::Browser,
    stage::{KEYS, ORIGIN, Stage, on_stage},
};

async fn report(router: &Router, kind: &str, body: &Value) -> u16 {
    let request = Request::post("/reports/csp")
        .header(header::HOST, "localhost:8443")
        .header(header::CONTENT_TYPE, kind)
        .header(header::COOKIE, "__Host-session=stolen")
        .body(Body::from(body.to_string()));
    let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
    assert!(!answer.headers().contains_key(header::SET_COOKIE));
    answer.status().as_u16()
}

fn violation(blocked: &str) -> Value {
    json!({ "csp-report": {
        "document-uri": format!("{ORIGIN}/link/sign-in?token=secret"),
        "effective-directive": "script-src-elem",
        "blocked-uri": blocked
    } })
}

#[test]
fn a_report_is_shown_to_operators_and_escaped() {
    on_stage(async |stage: &Stage| {
        let before = stage.everything();
        let hostile = violation("https://evil.example/<img src=x onerror=alert(1)>?secret");
        for _ in 0..2 {
            assert_eq!(
                report(&stage.router, "application/csp-report", &hostile).await,
                204
            );
        }
        let form = "application/x-www-form-urlencoded";
        assert_eq!(report(&stage.router, form, &hostile).await, 415);
        let mut browser = Browser::new(&stage.router);
        let page = browser.visit("/development/reports").await;
        assert!(
            page.text.contains("https://evil.example/&lt;img"),
            "{}",
            page.text
        );
        assert!(page.text.contains(">2</td>") && page.text.contains("/link/sign-in"));
        assert!(!page.text.contains("secret") && !page.text.contains("<img src=x"));
        assert_eq!(before, stage.everything());
    });
}

/// Where mail goes out, strangers reach the server, and its reports are in the log alone.
#[test]
fn strangers_see_no_reports() {
    on_stage(async |stage: &Stage| {
        let keys: Keys = KEYS.parse().unwrap();
        let state = AppState::new(
            stage.roads.clone(),
            Directory::new(keys.webhooks().clone()).unwrap(),
            Outgoing::new(Roots::none(), Networks::none()).unwrap(),
            stage.state.attachments().clone(),
            (
                Accounts::new(stage.roads.auth.clone(), &keys).unwrap(),
                Site::new(ORIGIN, &keys).unwrap(),
                Post::nobody(),
            ),
        );
        let router = app(state);
        assert_eq!(
            report(&router, "application/csp-report", &violation("inline")).await,
            204
        );
        let mut browser = Browser::new(&router);
        for path in ["/development/reports", "/development/mailbox"] {
            assert_eq!(browser.visit(path).await.status.as_u16(), 404, "{path}");
        }
    });
}
