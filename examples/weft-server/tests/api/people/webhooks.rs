//! An organisation's webhooks, as its owners see and change them in pages.

use axum::http::Method;
use uuid::Uuid;
use weft_server::pages::pages;

use super::{
    guard::{filled, own},
    signed_in,
};
use crate::{
    browser::{Browser, Page},
    stage::{ORIGIN, Stage, on_stage},
    webhooks::sender::{Endpoint, SECRET, deliver},
    world::World,
};

const OWNER: &str = "aiko@kumo-ceramics.example";
const MEMBER: &str = "ren@kumo-ceramics.example";
const NEXT: &str = "whsec_the secret that comes after it, long enough";

fn at(path: &str) -> String {
    format!("/o/kumo-ceramics/webhooks/{path}")
}

/// What is between those, with what `maud` escapes.
fn said(page: &Page, start: &str, end: &str) -> String {
    let text = page.after(start, end).unwrap_or_else(|| panic!("{page:?}"));
    text.replace("&amp;", "&").replace("&quot;", "\"")
}

/// The address on the page of an endpoint, as its provider knows it with that secret.
fn endpoint(page: &Page, provider: &'static str, secret: &str) -> Endpoint {
    let address = said(page, "<code class=\"address\">", "</code>");
    let start = format!("{ORIGIN}/webhooks/{provider}/");
    let id = address.strip_prefix(&start);
    Endpoint {
        provider,
        id: id.unwrap_or_else(|| panic!("{address}")).parse().unwrap(),
        secret: secret.to_owned(),
    }
}

async fn status(stage: &Stage, endpoint: &Endpoint, body: &str) -> u16 {
    let answer = deliver(&stage.router, endpoint.request(body)).await;
    answer.status.as_u16()
}

/// Makes an endpoint, and leaves its page open.
async fn make(
    browser: &mut Browser,
    provider: &'static str,
    shop: Option<Uuid>,
    secret: &str,
) -> Endpoint {
    let shop = shop.map(|shop| shop.to_string()).unwrap_or_default();
    browser.visit(&at("in/new")).await;
    let fields = [
        ("provider", provider),
        ("shop_id", &*shop),
        ("label", "Till & register"),
        ("secret", secret),
    ];
    let page = browser.submit(&at("in/new"), &fields).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    endpoint(page, provider, secret)
}

/// Subscribes to new orders, and returns what the page says.
async fn subscribe(browser: &mut Browser) -> Page {
    browser.visit(&at("out/new")).await;
    let fields = [
        ("url", "https://hooks.example.com/weft"),
        ("event_types", "order.created"),
        ("event_types", "message.created"),
        ("shop_id", ""),
    ];
    browser.submit(&at("out/new"), &fields).await.clone()
}

/// The routes of these pages with that method, each with its path in `world`.
fn routes(method: &Method, world: &World) -> Vec<(String, String)> {
    let known = pages();
    let known = known.known().iter();
    let routes = known
        .filter(|(known, path)| known == method && path.contains("/webhooks/"))
        .map(|(_, path)| (path.clone(), filled(path, world)));
    let routes: Vec<_> = routes.collect();
    assert!(routes.len() >= 9, "{}", routes.len());
    routes
}

/// A form that is right for a route.
fn form(route: &str, world: &World) -> Vec<(&'static str, String)> {
    let text = |text: &str| text.to_owned();
    let end = route.rsplit("/webhooks/").next().unwrap();
    match end {
        "in/new" => vec![
            ("provider", text("stripe")),
            ("shop_id", world.shop.to_string()),
            ("label", text("Payments")),
            ("secret", text(SECRET)),
        ],
        "in/{endpoint_id}/rotate" => {
            vec![("secret", text(NEXT)), ("overlap_minutes", text("60"))]
        }
        "in/{endpoint_id}/end" => vec![("secret_id", world.secret.to_string())],
        "out/new" => vec![
            ("url", text("https://hooks.example.com/")),
            ("event_types", text("order.created")),
            ("shop_id", world.shop.to_string()),
        ],
        "out/{subscription_id}/state" => vec![("state", text("off"))],
        "out/{subscription_id}/rotate" => vec![("overlap_minutes", text("60"))],
        _ => vec![],
    }
}

async fn send(browser: &mut Browser, path: &str, form: &[(&'static str, String)]) -> Page {
    browser.visit("/organizations").await;
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, &**value)).collect();
    browser.send(path, &form).await.clone()
}

#[test]
fn an_endpoint_of_the_page_takes_what_is_rightly_signed_until_it_is_deleted() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let stripe = make(&mut owner, "stripe", Some(stage.a.shops[1]), SECRET).await;
        assert!(owner.page.text.contains("Till &amp; register"));
        let stranger = Endpoint {
            secret: NEXT.to_owned(),
            ..stripe.clone()
        };
        assert_eq!(status(stage, &stripe, "{}").await, 200);
        assert_eq!(status(stage, &stranger, "[]").await, 403);
        let listed = owner.visit(&at("in")).await;
        let address = format!("{ORIGIN}{}", stripe.path());
        assert!(listed.text.contains(&address), "{}", listed.text);
        assert!(listed.text.contains("Kumo Ceramics US"));
        let id = stripe.id;
        let came = owner
            .visit(&at(&format!("deliveries?endpoint_id={id}")))
            .await;
        assert_eq!(came.text.matches("webhooks/deliveries/").count(), 1);
        owner.visit(&at(&format!("in/{id}"))).await;
        let page = owner.submit(&at(&format!("in/{id}/delete")), &[]).await;
        assert_eq!(page.path, at("in"));
        assert!(!page.text.contains(&address));
        assert_eq!(status(stage, &stripe, "2").await, 403);
        assert_eq!(
            owner.visit(&at(&format!("in/{id}"))).await.status.as_u16(),
            404
        );
        // What came is still there.
        let page = owner
            .visit(&at(&format!("deliveries?endpoint_id={id}")))
            .await;
        assert!(page.text.contains("an endpoint that is gone"));
    });
}

#[test]
fn a_rotated_endpoint_takes_both_secrets_until_the_end_of_the_old_one() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let old = make(&mut owner, "shopify", Some(stage.a.shops[0]), SECRET).await;
        let new = Endpoint {
            secret: NEXT.to_owned(),
            ..old.clone()
        };
        let (one, rotate) = (
            at(&format!("in/{}", old.id)),
            at(&format!("in/{}/rotate", old.id)),
        );
        let rotated = async |owner: &mut Browser, secret: &str, overlap: &str| {
            owner.visit(&rotate).await;
            let fields = [("secret", secret), ("overlap_minutes", overlap)];
            let page = owner.submit(&rotate, &fields).await;
            assert_eq!(page.path, one, "{}", page.text);
        };
        rotated(&mut owner, NEXT, "60").await;
        assert!(owner.page.text.contains(">until <time"));
        assert_eq!(
            (
                status(stage, &old, "1").await,
                status(stage, &new, "2").await
            ),
            (200, 200)
        );
        let ended = "UPDATE webhook_secrets SET not_after = now() - interval '1 second' \
                     WHERE not_after IS NOT NULL";
        let database: &weft_embedded::Database = &stage.database;
        database.execute(ended).unwrap();
        stage.state.read_endpoints().await.unwrap();
        assert_eq!(
            (
                status(stage, &old, "3").await,
                status(stage, &new, "4").await
            ),
            (403, 200)
        );
        let page = owner.visit(&one).await;
        assert!(page.text.contains(">ended <time"), "{}", page.text);
        rotated(&mut owner, SECRET, "0").await;
        assert_eq!(
            (
                status(stage, &old, "5").await,
                status(stage, &new, "6").await
            ),
            (200, 403)
        );
        // Without a secret in force the page says what that means.
        let of_endpoint = format!(
            "SELECT id FROM webhook_secrets WHERE endpoint_id = '{}'",
            old.id
        );
        for secret in stage.ids(&of_endpoint) {
            let secret = secret.to_string();
            owner
                .submit(&format!("{one}/end"), &[("secret_id", &*secret)])
                .await;
            assert_eq!(owner.page.path, one);
        }
        assert_eq!(status(stage, &old, "7").await, 403);
        assert!(owner.page.text.contains("everything that comes is refused"));
    });
}

#[test]
fn a_secret_is_on_the_page_that_shows_it_once_and_on_no_other() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let mut stalwart = make(&mut owner, "stalwart", None, "").await;
        assert!(owner.page.text.contains("everything that comes is refused"));
        assert_eq!(status(stage, &stalwart, "{}").await, 403);
        let mut shown = vec![SECRET.to_owned(), NEXT.to_owned()];
        let rotate = at(&format!("in/{}/rotate", stalwart.id));
        owner.visit(&rotate).await;
        let page = owner.submit(&rotate, &[("secret", "")]).await;
        shown.push(said(page, "<code class=\"secret\">", "</code>"));
        assert_eq!(page.headers["cache-control"], "no-store");
        stalwart.secret = shown[2].clone();
        assert_eq!(status(stage, &stalwart, "{}").await, 200);

        let stripe = make(&mut owner, "stripe", Some(stage.a.shops[0]), SECRET).await;
        send(
            &mut owner,
            &at(&format!("in/{}/rotate", stripe.id)),
            &[("secret", NEXT.to_owned())],
        )
        .await;
        let page = subscribe(&mut owner).await;
        shown.push(said(&page, "<code class=\"secret\">", "</code>"));
        let subscription = said(
            &page,
            "class=\"button primary\" href=\"/o/kumo-ceramics/webhooks/out/",
            "\"",
        );
        let again = at(&format!("out/{subscription}/rotate"));
        let page = send(&mut owner, &again, &[("overlap_minutes", "60".to_owned())]).await;
        shown.push(said(&page, "<code class=\"secret\">", "</code>"));
        assert_eq!(shown.len(), 5);
        assert!(shown[2..].iter().all(|secret| secret.starts_with("whsec_")));

        let delivery = format!(
            "SELECT id FROM webhook_deliveries WHERE endpoint_id = '{}'",
            stalwart.id
        );
        let world = World {
            endpoint: stalwart.id,
            subscription: subscription.parse().unwrap(),
            delivery: stage.id(&delivery),
            ..own(stage)
        };
        let other = World {
            endpoint: stripe.id,
            ..own(stage)
        };
        let mut looked = 0;
        for world in [&world, &other] {
            for (_, path) in routes(&Method::GET, world) {
                let page = owner.visit(&path).await;
                assert_eq!(page.status.as_u16(), 200, "{path}");
                for secret in &shown {
                    assert!(!page.text.contains(secret), "{path}: {}", page.text);
                }
                assert!(!page.text.contains("class=\"secret\""), "{path}");
                looked += 1;
            }
        }
        assert!(looked >= 18, "{looked}");
    });
}

#[test]
fn a_form_that_is_wrong_comes_back_with_what_was_typed_but_for_the_secret() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let before = stage.everything();
        let [ours, theirs] = [stage.a.shops[0], stage.b.shops[0]].map(|id| id.to_string());
        for (provider, shop, label, secret, problem) in [
            ("", &*ours, "Payments", SECRET, "Choose who sends."),
            (
                "stripe",
                "",
                "Payments",
                SECRET,
                "This provider sends for one shop",
            ),
            (
                "stripe",
                &*theirs,
                "Payments",
                SECRET,
                "It refers to something",
            ),
            (
                "stripe",
                "first",
                "Payments",
                SECRET,
                "Choose the shop again.",
            ),
            (
                "workos",
                &*ours,
                "Payments",
                SECRET,
                "This provider sends for the whole",
            ),
            ("stripe", &*ours, " ", SECRET, "A name on one line"),
            (
                "slack",
                &*ours,
                "Payments",
                "tooshort",
                "fewer than 24 bytes",
            ),
        ] {
            owner.visit(&at("in/new")).await;
            let fields = [
                ("provider", provider),
                ("shop_id", shop),
                ("label", label),
                ("secret", secret),
            ];
            let page = owner.submit(&at("in/new"), &fields).await;
            assert_eq!(page.status.as_u16(), 422, "{problem}");
            let typed = [
                problem.to_owned(),
                format!("name=\"label\" value=\"{label}\""),
                format!("<option value=\"{provider}\" selected"),
            ];
            for typed in &typed[..if provider.is_empty() { 2 } else { 3 }] {
                assert!(page.text.contains(typed), "{typed}: {}", page.text);
            }
            assert!(!page.text.contains(secret), "{problem}: {}", page.text);
        }
        let rotate = at(&format!("in/{}/rotate", own(stage).endpoint));
        for (secret, problem) in [
            ("", "The secret is needed"),
            ("tooshort", "fewer than 24 bytes"),
            (" a secret with a blank before it", "whitespace"),
        ] {
            owner.visit(&rotate).await;
            let fields = [("secret", secret), ("overlap_minutes", "60")];
            let page = owner.submit(&rotate, &fields).await;
            assert_eq!(page.status.as_u16(), 422, "{problem}");
            assert!(page.text.contains(problem), "{}", page.text);
            assert!(page.text.contains("<option value=\"60\" selected"));
            assert!(secret.is_empty() || !page.text.contains(secret));
        }
        for (url, events, shop, problem) in [
            ("http://hooks.example.com/", "order.created", "", "https"),
            ("https://10.0.0.7/", "order.created", "", "not public"),
            ("https://hooks.example.com/", "", "", "At least one event"),
            (
                "https://hooks.example.com/",
                "order.created",
                &*theirs,
                "It refers to something",
            ),
        ] {
            owner.visit(&at("out/new")).await;
            let fields = [("url", url), ("shop_id", shop), ("event_types", events)];
            let fields = &fields[..if events.is_empty() { 2 } else { 3 }];
            let page = owner.submit(&at("out/new"), fields).await;
            assert_eq!(page.status.as_u16(), 422, "{problem}");
            assert!(page.text.contains(problem), "{}", page.text);
            assert!(page.text.contains(&format!("value=\"{url}\"")));
            let ticked = page.text.contains("value=\"order.created\" checked");
            assert_eq!(ticked, !events.is_empty());
        }
        assert_eq!(stage.everything(), before);
    });
}

#[test]
fn a_member_sees_neither_link_nor_page() {
    on_stage(async |stage| {
        let mut member = signed_in(stage, MEMBER).await;
        let (before, world) = (stage.everything(), own(stage));
        let settings = member.visit("/o/kumo-ceramics/settings").await;
        assert_eq!(settings.status.as_u16(), 200);
        assert!(!settings.text.contains("webhooks"), "{}", settings.text);
        for (_, path) in routes(&Method::GET, &world) {
            let page = member.visit(&path).await;
            assert_eq!(page.status.as_u16(), 403, "{path}: {}", page.text);
        }
        for (route, path) in routes(&Method::POST, &world) {
            let page = send(&mut member, &path, &form(&route, &world)).await;
            assert_eq!(page.status.as_u16(), 403, "{path}: {}", page.text);
        }
        assert_eq!(stage.everything(), before);
        let mut owner = signed_in(stage, OWNER).await;
        let settings = owner.visit("/o/kumo-ceramics/settings").await;
        assert!(settings.text.contains("webhooks/in") && settings.text.contains("webhooks/out"));
    });
}

#[test]
fn nothing_changes_without_a_recent_proof() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let database: &weft_embedded::Database = &stage.database;
        database
            .execute("UPDATE auth_sessions SET proved_at = ARRAY[now() - interval '11 minutes']")
            .unwrap();
        let (before, world) = (stage.everything(), own(stage));
        for (route, path) in routes(&Method::POST, &world) {
            let page = send(&mut owner, &path, &form(&route, &world)).await;
            assert_eq!(page.status.as_u16(), 303, "{path}: {}", page.text);
            let to = page.headers["location"].to_str().unwrap();
            assert!(to.starts_with("/account/confirm"), "{path}: {to}");
        }
        assert_eq!(stage.everything(), before);
        // Nor does anybody type something in vain; what is there may be seen.
        for (route, path) in routes(&Method::GET, &world) {
            let asks = route.ends_with("/new") || route.ends_with("/rotate");
            let page = owner.visit(&path).await;
            assert_eq!(page.path.starts_with("/account/confirm"), asks, "{path}");
            assert_eq!(page.status.as_u16(), 200, "{path}");
        }
    });
}

#[test]
fn the_same_forms_change_something_for_an_owner() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let world = own(stage);
        let mut routes = routes(&Method::POST, &world);
        // What deletes comes last.
        let deletes = |route: &str| route.ends_with("/delete") || route.ends_with("/end");
        routes.sort_by_key(|(route, _)| (deletes(route), route.ends_with("/delete")));
        for (route, path) in routes {
            let before = stage.everything();
            let page = send(&mut owner, &path, &form(&route, &world)).await;
            assert!(
                matches!(page.status.as_u16(), 200 | 303),
                "{path}: {}",
                page.text
            );
            assert_ne!(stage.everything(), before, "{path}");
        }
    });
}

#[test]
fn ids_of_another_organisation_are_nobodys() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let theirs = World::of(stage, stage.b.id, stage.b.shops[0]);
        let before = stage.everything();
        let with_id = |route: &str| route.matches('{').count() > 1;
        for (route, path) in routes(&Method::GET, &theirs) {
            let page = owner.visit(&path).await;
            let status = if with_id(&route) { 404 } else { 200 };
            assert_eq!(page.status.as_u16(), status, "{path}: {}", page.text);
        }
        for (route, path) in routes(&Method::POST, &theirs) {
            let page = send(&mut owner, &path, &form(&route, &theirs)).await;
            let status = if with_id(&route) { 404 } else { 422 };
            assert_eq!(page.status.as_u16(), status, "{path}: {}", page.text);
        }
        let end = at(&format!("in/{}/end", own(stage).endpoint));
        let secret = [("secret_id", theirs.secret.to_string())];
        let page = send(&mut owner, &end, &secret).await;
        assert_eq!(page.status.as_u16(), 404);
        for (list, narrowed) in [
            ("deliveries", format!("endpoint_id={}", theirs.endpoint)),
            (
                "messages",
                format!("subscription_id={}", theirs.subscription),
            ),
        ] {
            let page = owner.visit(&at(&format!("{list}?{narrowed}"))).await;
            assert!(page.text.contains("class=\"empty\""), "{}", page.text);
        }
        assert_eq!(stage.everything(), before);
    });
}

#[test]
fn a_delivery_that_failed_says_why_and_is_tried_again() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let shopify = make(&mut owner, "shopify", Some(stage.a.shops[0]), SECRET).await;
        let body = "{\"note\": \"<b>no order</b>\"}";
        assert_eq!(status(stage, &shopify, body).await, 200);
        assert_eq!(status(stage, &shopify, "another").await, 200);
        let failed = format!("deliveries?state=failed&endpoint_id={}", shopify.id);
        let first = owner.visit(&at(&format!("{failed}&limit=1"))).await;
        let row = |page: &Page| said(page, "href=\"/o/kumo-ceramics/webhooks/deliveries/", "\"");
        let latest = row(first);
        let older = said(first, "<a class=\"button\" href=\"?", "\">Older deliveries");
        let older = older.rsplit("href=\"?").next().unwrap().to_owned();
        assert!(
            older.contains("state=failed") && older.contains("limit=1"),
            "{older}"
        );
        let second = owner.visit(&at(&format!("deliveries?{older}"))).await;
        let id = row(second);
        assert_ne!(id, latest);
        let done = at(&format!("deliveries?state=done&endpoint_id={}", shopify.id));
        let done = owner.visit(&done).await;
        assert!(done.text.contains("class=\"empty\""));

        let one = at(&format!("deliveries/{id}"));
        let page = owner.visit(&one).await;
        assert!(page.text.contains("<dt>Reason</dt>") && page.text.contains("<dd>once</dd>"));
        assert!(
            page.text.contains("&lt;b&gt;no order&lt;/b&gt;"),
            "{}",
            page.text
        );
        let replay = format!("{one}/replay");
        let page = owner.submit(&replay, &[]).await;
        assert_eq!(page.path, one);
        assert!(page.text.contains("<dd>2 times</dd>"), "{}", page.text);

        let claimed = format!(
            "UPDATE webhook_deliveries SET state = 'claimed', settled_at = NULL, failure = NULL, \
                 claimed_until = now() + interval '1 minute' WHERE id = '{id}'"
        );
        let database: &weft_embedded::Database = &stage.database;
        database.execute(&claimed).unwrap();
        let page = owner.submit(&replay, &[]).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(
            page.text.contains("It is being worked on."),
            "{}",
            page.text
        );
        assert!(!page.actions().contains(&replay));
    });
}

#[test]
fn a_subscription_says_why_it_is_off_and_is_turned_on_again() {
    on_stage(async |stage| {
        let mut owner = signed_in(stage, OWNER).await;
        let (id, event) = (own(stage).subscription, own(stage).event);
        let database: &weft_embedded::Database = &stage.database;
        let off = format!(
            "UPDATE webhook_subscriptions SET state = 'off', off_because = 'gone' WHERE id = '{id}'"
        );
        database.execute(&off).unwrap();
        let one = at(&format!("out/{id}"));
        let page = owner.visit(&one).await;
        assert!(
            page.text.contains("it answered that it is gone"),
            "{}",
            page.text
        );
        let page = owner
            .submit(&format!("{one}/state"), &[("state", "on")])
            .await;
        assert_eq!(page.path, one);
        assert!(!page.text.contains("turned off because"), "{}", page.text);
        assert!(page.text.contains("Turn it off"));

        let told = at(&format!("messages/{event}"));
        let page = owner.visit(&told).await;
        assert!(page.text.contains("20 ms") && page.text.contains("delivered"));
        let replay = format!("{told}/replay");
        let page = owner.submit(&replay, &[]).await;
        assert_eq!(page.path, told);
        assert!(page.text.contains("to be sent") && !page.actions().contains(&replay));
        let page = owner.submit(&replay, &[]).await;
        assert_eq!(page.status.as_u16(), 409);
        assert!(
            page.text.contains("It is still to be sent."),
            "{}",
            page.text
        );
        let waiting = owner.visit(&at("messages?state=pending")).await;
        assert!(waiting.text.contains(&event.to_string()));
        let failed = owner.visit(&at("messages?state=failed")).await;
        assert!(failed.text.contains("class=\"empty\""));

        owner.submit(&format!("{one}/delete"), &[]).await;
        assert_eq!(owner.page.path, at("out"));
        assert!(!owner.page.text.contains(&id.to_string()));
        assert_eq!(owner.visit(&one).await.status.as_u16(), 404);
    });
}
