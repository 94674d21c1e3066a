//! Every route that may change something, by its builder's own list: none can be had without the guard.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use weft_server::pages::{Peer, pages};

use super::signed_in;
use crate::{
    browser::Browser,
    stage::{ORIGIN, Stage, on_stage, read},
    world::{World, operations},
};

const OWNER: &str = "aiko@kumo-ceramics.example";

/// The path with something for each of its parts: what is there, where it is of the world.
pub(super) fn filled(path: &str, world: &World) -> String {
    let parts = path.split('/').map(|part| match part {
        "{org}" => "kumo-ceramics".to_owned(),
        "{purpose}" => "sign-in".to_owned(),
        part if part.starts_with('{') => {
            let known = world.known(part.trim_matches(['{', '}']));
            known.unwrap_or_default().to_string()
        }
        part => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// What the owner of these stories has.
pub(super) fn own(stage: &Stage) -> World {
    World::of(stage, stage.a.id, stage.a.shops[0])
}

/// A form that comes from somewhere.
async fn submitted(
    stage: &Stage,
    browser: &Browser,
    path: &str,
    token: Option<&str>,
    (origin, site): (&str, &str),
) -> u16 {
    let cookies = browser.cookies.iter();
    let cookies: Vec<_> = cookies
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let request = Request::post(path)
        .header(header::HOST, ORIGIN.trim_start_matches("https://"))
        .header(header::COOKIE, cookies.join("; "))
        .header(header::ORIGIN, origin)
        .header("sec-fetch-site", site)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .extension(Peer([192, 0, 2, 1].into()));
    let body = token.map_or_else(String::new, |token| format!("csrf_token={token}"));
    let request = request.body(Body::from(body)).unwrap();
    stage.send(request).await.status.as_u16()
}

#[test]
fn no_page_takes_a_forged_form() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        browser.visit("/account").await;
        let token = |browser: &Browser| {
            browser
                .page
                .after("name=\"csrf_token\" value=\"", "\"")
                .unwrap()
                .to_owned()
        };
        let ours = token(&browser);
        let mut other = signed_in(stage, "greta@nordwind-outdoor.example").await;
        other.visit("/account").await;
        let others = token(&other);
        let (before, world) = (stage.everything(), own(stage));
        let (here, elsewhere) = (
            (ORIGIN, "same-origin"),
            ("https://evil.example", "cross-site"),
        );
        let mut walked = 0;
        for (_, path) in pages()
            .known()
            .iter()
            .filter(|(method, _)| *method == Method::POST)
        {
            let path = filled(path, &world);
            for (token, from) in [
                (None, here),
                (Some(&*others), here),
                (Some("x"), here),
                (Some(&*ours), elsewhere),
                (Some(&*ours), ("https://evil.example", "same-site")),
                (Some(&*ours), ("null", "same-site")),
            ] {
                let status = submitted(stage, &browser, &path, token, from).await;
                assert_eq!(status, 403, "{path} {token:?} {from:?}");
            }
            walked += 1;
        }
        assert!(walked > 15, "{walked}");
        assert_eq!(stage.everything(), before);
        assert_eq!(browser.visit("/account").await.path, "/account");
        // With all that belongs to it, the form goes through.
        let status = submitted(stage, &browser, "/sign-out", Some(&ours), here).await;
        assert_eq!(status, 303);
    });
}

#[test]
fn no_page_changes_anything_by_being_looked_at() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        let (before, world) = (stage.everything(), own(stage));
        for (_, path) in pages()
            .known()
            .iter()
            .filter(|(method, _)| *method == Method::GET)
        {
            let path = filled(path, &world);
            for method in ["GET", "HEAD"] {
                let status = browser.go(method, &path, None).await.status;
                assert!(!status.is_server_error(), "{method} {path}: {status}");
            }
        }
        assert_eq!(stage.everything(), before);
        assert_eq!(browser.visit("/account").await.path, "/account");
    });
}

/// Whoever is signed in as a person is nobody to the API.
#[test]
fn no_cookie_is_worth_anything_to_the_api() {
    on_stage(async |stage| {
        let browser = signed_in(stage, OWNER).await;
        let (before, world) = (stage.everything(), own(stage));
        let cookies = browser.cookies.iter();
        let cookies: Vec<_> = cookies
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        for operation in operations() {
            let path = filled(&operation.path, &world);
            for authorization in [None, Some("Basic YTpi")] {
                let mut request = Request::builder()
                    .method(&*operation.method)
                    .uri(&path)
                    .header(header::COOKIE, cookies.join("; "))
                    .header(header::CONTENT_TYPE, "application/json");
                if let Some(value) = authorization {
                    request = request.header(header::AUTHORIZATION, value);
                }
                let request = request.body(Body::from("{}")).unwrap();
                let answer = read(
                    tower::ServiceExt::oneshot(stage.router.clone(), request)
                        .await
                        .unwrap(),
                )
                .await;
                let open = operation.method == "GET" && answer.status.as_u16() == 200;
                let refused = answer.status.as_u16() == 401;
                assert!(
                    refused || open && operation.path == "/api/plans",
                    "{} {path}: {}",
                    operation.method,
                    answer.status
                );
            }
        }
        assert_eq!(stage.everything(), before);
    });
}
