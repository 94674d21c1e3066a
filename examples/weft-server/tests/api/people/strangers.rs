//! A member of one organisation against every page, with every id of the other.

use axum::http::Method;
use uuid::Uuid;
use weft_server::pages::pages;

use super::signed_in;
use crate::{
    browser::{Browser, Page},
    stage::{Stage, on_each_layer},
    world::World,
};

/// What a page of the other organisation's would say, and ours never does.
const THEIRS: [&str; 5] = [
    "Nordwind",
    "nordwind-outdoor.example",
    "Greta",
    "Lindqvist",
    "Tom Hale",
];

/// What lists are narrowed by.
const QUERIES: [&str; 5] = [
    "shop_id",
    "customer_id",
    "order_id",
    "endpoint_id",
    "subscription_id",
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
    let tokens = format!(
        "SELECT id FROM auth_api_tokens WHERE audience = '{}'",
        stage.b.id
    );
    ids.extend(stage.ids(&tokens));
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
fn forms(theirs: &World) -> Vec<Vec<(&'static str, String)>> {
    let [shop, member, secret] =
        [theirs.shop, theirs.membership, theirs.secret].map(|id| id.to_string());
    let text = |text: &str| text.to_owned();
    vec![
        vec![],
        vec![("assignee_id", member)],
        vec![("direction", text("note")), ("body", text("hello"))],
        vec![("state", text("closed"))],
        vec![("name", text("Eve & Co"))],
        vec![
            ("address", text("eve@example.com")),
            ("display_name", text("Eve")),
            ("access", text("some")),
            ("shop_id", shop.clone()),
        ],
        vec![("display_name", text("Eve")), ("access", text("owner"))],
        vec![("part", text("sso"))],
        vec![("connection", text("conn_1"))],
        vec![
            ("domain", text("nordwind-outdoor.example")),
            ("required", text("yes")),
        ],
        vec![
            ("display_name", text("Eve")),
            ("access", text("some")),
            ("shop_id", shop.clone()),
        ],
        vec![
            ("label", text("Eve's")),
            ("permission", text("write")),
            ("days", text("7")),
        ],
        vec![
            ("provider", text("stripe")),
            ("shop_id", shop.clone()),
            ("label", text("Eve's")),
            ("secret", text("a secret of Eve's, long enough")),
        ],
        vec![
            ("secret", text("a secret of Eve's, long enough")),
            ("overlap_minutes", text("0")),
        ],
        vec![("overlap_minutes", text("0"))],
        vec![("state", text("off"))],
        vec![("secret_id", secret)],
        vec![
            ("url", text("https://eve.example.com/")),
            ("event_types", text("order.created")),
            ("shop_id", shop),
        ],
    ]
}

/// Lets what the other organisation's webhooks are called say whose they are.
fn name_theirs(stage: &Stage) {
    let database: &weft_embedded::Database = &stage.database;
    let theirs = stage.b.id;
    let named = format!(
        "UPDATE webhook_endpoints SET label = 'Nordwind' WHERE org_id = '{theirs}'; \
         UPDATE webhook_deliveries SET body = 'Nordwind' WHERE org_id = '{theirs}'; \
         UPDATE webhook_subscriptions SET url = 'https://nordwind-outdoor.example/' \
             WHERE org_id = '{theirs}'"
    );
    database.execute(&named).unwrap();
}

async fn go_everywhere(stage: &Stage, browser: &mut Browser) {
    name_theirs(stage);
    let ids = ids(stage);
    let theirs = World::of(stage, stage.b.id, stage.b.shops[0]);
    let (asked, forms) = (QUERIES.map(|name| theirs.id(name)), forms(&theirs));
    let with_token = browser.visit("/organizations").await.clone();
    let before = stage.rows_of(stage.b.id);
    let mut answers = 0;
    for (method, path) in pages().known() {
        // What ends the session of this walk, or takes a name for an id.
        if ["/sign-out", "/organizations/new"].contains(&&**path) {
            continue;
        }
        let in_org = path.contains("{org}");
        let is_list = path.matches('{').count() == usize::from(in_org);
        for path in paths(path, "kumo-ceramics", &ids) {
            let what = format!("{method} {path}");
            if *method == Method::GET {
                browser.go("GET", &path, None).await;
                must_not_show(&browser.page, &what);
                answers += 1;
                for (name, id) in QUERIES.iter().zip(&asked).filter(|_| is_list) {
                    let asked = format!("{path}?{name}={id}");
                    browser.go("GET", &asked, None).await;
                    must_not_show(&browser.page, &asked);
                    answers += 1;
                }
                continue;
            }
            if !in_org {
                continue;
            }
            for form in &forms {
                browser.page = with_token.clone();
                let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
                browser.send(&path, &form).await;
                must_not_show(&browser.page, &what);
                answers += 1;
            }
        }
        if in_org {
            for path in paths(path, "nordwind-outdoor", &ids[..3]) {
                browser.page = with_token.clone();
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
        for path in ["inbox", "orders", "customers", "members", "settings"] {
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
