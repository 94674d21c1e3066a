//! A member of one organisation against every page, with every id of the other.

use axum::http::Method;
use uuid::Uuid;
use weft_server::pages::pages;

use super::signed_in;
use crate::{
    browser::{Browser, Page},
    stage::{Stage, on_each_layer},
};

/// What a page of the other organisation's would say, and ours never does.
const THEIRS: [&str; 5] = [
    "Nordwind",
    "nordwind-outdoor.example",
    "Greta",
    "Lindqvist",
    "Tom Hale",
];

/// One id of each kind, of the other organisation.
fn ids(stage: &Stage) -> Vec<Uuid> {
    let tables = [
        "shops",
        "memberships",
        "customers",
        "orders",
        "order_lines",
        "conversations",
        "messages",
        "attachments",
        "webhook_endpoints",
        "webhook_secrets",
        "webhook_deliveries",
        "webhook_subscriptions",
        "webhook_messages",
    ];
    let mut ids = vec![stage.b.id];
    for table in tables {
        let some = format!(
            "SELECT id FROM {table} WHERE org_id = '{}' LIMIT 2",
            stage.b.id
        );
        ids.extend(stage.ids(&some));
    }
    ids.extend(stage.ids("SELECT id FROM auth_accounts"));
    ids
}

/// The paths of a route, of the organisation of that short name, with each of the ids.
fn paths(path: &str, org: &str, ids: &[Uuid]) -> Vec<String> {
    let path = path.replace("{org}", org).replace("{purpose}", "sign-in");
    match path.split_once('{') {
        None => vec![path],
        Some((start, rest)) => {
            let (_, end) = rest.split_once('}').unwrap();
            ids.iter().map(|id| format!("{start}{id}{end}")).collect()
        }
    }
}

fn must_not_show(page: &Page, what: &str) {
    for word in THEIRS {
        assert!(
            !page.text.contains(word),
            "{what} shows {word}: {}",
            page.text
        );
    }
    assert!(!page.status.is_server_error(), "{what}: {}", page.status);
}

/// Forms with the other organisation's ids in every field that takes one.
fn forms(id: Uuid) -> Vec<Vec<(&'static str, String)>> {
    let id = id.to_string();
    let text = |text: &str| text.to_owned();
    vec![
        vec![],
        vec![("assignee_id", id.clone())],
        vec![("direction", text("note")), ("body", text("hello"))],
        vec![("state", text("closed"))],
        vec![
            ("address", text("eve@example.com")),
            ("display_name", text("Eve")),
            ("access", text("some")),
            ("shop_id", id.clone()),
        ],
        vec![("display_name", text("Eve")), ("access", text("owner"))],
        vec![
            ("display_name", text("Eve")),
            ("access", text("some")),
            ("shop_id", id),
        ],
    ]
}

async fn go_everywhere(stage: &Stage, browser: &mut Browser) {
    let ids = ids(stage);
    let before = stage.rows_of(stage.b.id);
    let mut answers = 0;
    for (method, path) in pages().known() {
        // What ends the session of this walk, or takes a name for an id.
        if ["/sign-out", "/organizations/new"].contains(&&**path) {
            continue;
        }
        let in_org = path.contains("{org}");
        for path in paths(path, "kumo-ceramics", &ids) {
            let what = format!("{method} {path}");
            if *method == Method::GET {
                browser.go("GET", &path, None).await;
                must_not_show(&browser.page, &what);
                let asked = format!(
                    "{path}?shop={0}&shop_id={0}&customer_id={0}&state=open",
                    ids[1]
                );
                browser.go("GET", &asked, None).await;
                must_not_show(&browser.page, &what);
                answers += 2;
                continue;
            }
            if !in_org {
                continue;
            }
            for form in forms(ids[1]).iter().chain(&forms(ids[3])) {
                browser.visit("/organizations").await;
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
                browser.send(&path, &form).await;
                must_not_show(&browser.page, &what);
                answers += 1;
            }
        }
        if in_org {
            for path in paths(path, "nordwind-outdoor", &ids[..3]) {
                browser.visit("/organizations").await;
                match *method == Method::GET {
                    true => browser.go("GET", &path, None).await,
                    false => browser.send(&path, &[]).await,
                };
                assert_eq!(browser.page.status.as_u16(), 404, "{method} {path}");
                must_not_show(&browser.page, &path);
                answers += 1;
            }
        }
    }
    assert!(answers > 300, "{answers}");
    assert_eq!(stage.rows_of(stage.b.id), before);
}

#[test]
fn an_owner_gets_nowhere_in_another_organisation() {
    on_each_layer(async |stage| {
        let mut browser = signed_in(stage, "aiko@kumo-ceramics.example").await;
        go_everywhere(stage, &mut browser).await;
    });
}

#[test]
fn a_limited_member_gets_nowhere_in_another_organisation_nor_in_another_shop() {
    on_each_layer(async |stage| {
        let mut browser = signed_in(stage, "ren@kumo-ceramics.example").await;
        go_everywhere(stage, &mut browser).await;
        let others = format!(
            "SELECT id FROM orders WHERE org_id = '{}' AND shop_id = '{}' LIMIT 5",
            stage.a.id, stage.a.shops[1]
        );
        for id in stage.ids(&others) {
            let page = browser
                .visit(&format!("/o/kumo-ceramics/orders/{id}"))
                .await;
            assert_eq!(page.status.as_u16(), 404);
        }
        for path in ["inbox", "orders", "customers", "members"] {
            let page = browser.visit(&format!("/o/kumo-ceramics/{path}")).await;
            assert_eq!(page.status.as_u16(), 200, "{path}");
            assert!(
                !page.text.contains("Kumo Ceramics US"),
                "{path}: {}",
                page.text
            );
        }
    });
}
