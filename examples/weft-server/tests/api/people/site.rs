//! What all pages have in common.

use axum::{
    body::Body,
    http::{Request, header},
};

use crate::{
    browser::Browser,
    stage::{ORIGIN, on_stage},
};

#[test]
fn a_page_that_is_not_there_is_a_page() {
    on_stage(async |stage| {
        let mut browser = Browser::new(&stage.router);
        for path in ["/x", "//", "/o/kumo-ceramics", "/link"] {
            let page = browser.visit(path).await;
            assert_eq!(page.status.as_u16(), 404, "{path}");
            assert!(page.text.contains("Nothing here"), "{path}: {}", page.text);
        }
    });
}

#[test]
fn every_page_has_its_headers() {
    on_stage(async |stage| {
        let mut browser = Browser::new(&stage.router);
        for path in ["/", "/sign-in", "/nowhere", "/organizations"] {
            let page = browser.visit(path).await;
            let said = |name: &str| page.headers[name].to_str().unwrap().to_owned();
            let csp = said("content-security-policy");
            assert!(
                csp.starts_with("default-src 'none'; script-src 'nonce-"),
                "{csp}"
            );
            assert!(csp.contains("frame-ancestors 'none'") && csp.contains("form-action 'self'"));
            assert_eq!(said("cache-control"), "no-store");
            assert_eq!(said("referrer-policy"), "no-referrer");
            assert_eq!(said("x-frame-options"), "DENY");
            assert_eq!(said("cross-origin-opener-policy"), "same-origin");
            assert!(!page.headers.contains_key("strict-transport-security"));
        }
    });
}

#[test]
fn another_name_of_this_machine_gets_no_page() {
    on_stage(async |stage| {
        let request = Request::get("/sign-in").header(header::HOST, "rebound.example:8443");
        let answer = stage.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 421);
        assert!(answer.text.contains(ORIGIN) && !answer.text.contains("password"));
    });
}
