//! The headers and cookies of a running server, held against weft-auth's own doctor.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Request, header},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use weft_auth::doctor::{Config, PlainHttp, Report, examine};

use super::accounts::{ADA, PASSWORD, signed_up};
use crate::{
    stage::{Stage, on_stage},
    webhooks::process::Process,
};

/// What the server said, taken apart.
struct Said {
    headers: HeaderMap,
    text: String,
}

fn said(answer: &str) -> Said {
    let (head, text) = answer.split_once("\r\n\r\n").unwrap();
    let lines = head
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "));
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_str(value).unwrap());
    }
    let text = text.to_owned();
    Said { headers, text }
}

/// The cookies that were set, as a browser sends them back.
fn cookies(headers: &HeaderMap) -> String {
    let set = headers.get_all(header::SET_COOKIE).iter();
    let pairs = set.map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap());
    pairs.collect::<Vec<_>>().join("; ")
}

/// What the doctor says of a page, and of one for somebody who signs in over the socket.
async fn examined(stage: &Stage, settings: &[(&str, &str)]) -> Report {
    let server = Process::start_with(stage, settings).await;
    let origin = format!("https://{}", server.address());

    let request = Request::get("/sign-in").body(Body::empty()).unwrap();
    let page = said(&server.send(request).await);
    let (_, token) = page
        .text
        .split_once("name=\"csrf_token\" value=\"")
        .unwrap();
    let (token, _) = token.split_once('"').unwrap();
    let fields = [
        ("csrf_token", token),
        ("email", ADA),
        ("password", PASSWORD),
    ];
    let request = Request::post("/sign-in")
        .header(header::ORIGIN, &origin)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, cookies(&page.headers))
        .body(Body::from(serde_urlencoded::to_string(fields).unwrap()));
    let signed_in = said(&server.send(request.unwrap()).await);
    let session = cookies(&signed_in.headers);
    assert!(session.contains("__Host-session="), "{session}");

    let request = Request::get("/account").header(header::COOKIE, session);
    let private = said(&server.send(request.body(Body::empty()).unwrap()).await);
    assert!(private.text.contains(ADA), "{}", private.text);

    let mut plain = TcpStream::connect(server.address()).await.unwrap();
    let head = format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", server.address());
    plain.write_all(head.as_bytes()).await.unwrap();
    let mut redirect = String::new();
    plain.read_to_string(&mut redirect).await.unwrap();

    let mut config = Config::new(page.headers);
    config.site.plain_http = match said(&redirect).headers.get(header::LOCATION) {
        Some(to) if *to == format!("{origin}/") => PlainHttp::ToTls,
        Some(_) => PlainHttp::ToOtherHost,
        None => PlainHttp::Page,
    };
    config.site.private_page = private.headers;
    for cookie in signed_in.headers.get_all(header::SET_COOKIE) {
        let page = &mut config.site.page;
        page.append(header::SET_COOKIE, cookie.clone());
    }
    examine(&config)
}

#[test]
fn the_site_gets_the_best_grade_once_it_tells_browsers_of_tls() {
    on_stage(async |stage| {
        drop(signed_up(stage).await);
        let report = examined(stage, &[("WEFT_HSTS", "preload")]).await;
        assert_eq!(report.observatory().grade(), "A+", "{report}");
        for verdict in report.observatory().verdicts() {
            assert!(verdict.modifier() >= 0, "{verdict:?}");
        }
        assert_eq!(findings(&report), ELSEWHERE, "{report}");
    });
}

/// On one's own machine browsers would keep other servers on it from being reached without TLS.
#[test]
fn on_ones_own_machine_the_doctor_misses_hsts_and_nothing_else() {
    on_stage(async |stage| {
        drop(signed_up(stage).await);
        let report = examined(stage, &[]).await;
        let mut missing = findings(&report);
        missing.retain(|id| !ELSEWHERE.contains(id));
        assert_eq!(
            missing,
            ["hsts-too-short", "hsts-without-subdomains", "not-preloaded"]
        );
    });
}

/// Findings that are about neither headers nor cookies: a link signs in for 15 minutes and not 10, and
/// nobody is asked which passwords are known from breaches.
const ELSEWHERE: [&str; 2] = ["sign-in-link-long", "breached-passwords"];

fn findings(report: &Report) -> Vec<&'static str> {
    report.findings().map(|finding| finding.id()).collect()
}
