//! What is not proved reaches nothing: not the database, not another shop, not another organisation.

use std::{fs, path::PathBuf, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::Request,
};
use futures_util::stream;
use serde_json::json;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    records::order,
    sender::{Endpoint, deliver, now},
};
use crate::stage::{Answer, Stage, noticed, on_stage};

const BODY: &[u8] = br#"{"id":1,"note":"caf\u00e9"}"#;

fn edited(mut request: Request<Body>, name: &'static str, value: &str) -> Request<Body> {
    request.headers_mut().insert(name, value.parse().unwrap());
    request
}

fn signature(request: &Request<Body>, name: &str) -> String {
    request.headers()[name].to_str().unwrap().to_owned()
}

/// Requests that look right at first and are not.
fn hostile(stripe: &Endpoint) -> Vec<(&'static str, Request<Body>)> {
    const NAME: &str = "stripe-signature";
    let good = || stripe.request(BODY);
    let header = signature(&good(), NAME);
    let (time, mac) = header.split_once(",v1=").unwrap();
    let over = |body: &[u8]| {
        let (parts, _) = good().into_parts();
        Request::from_parts(parts, Body::from(body.to_vec()))
    };
    let replaced = |value: &str| edited(good(), NAME, value);
    let mut twice = good();
    twice.headers_mut().append(NAME, header.parse().unwrap());
    let mut missing = good();
    missing.headers_mut().remove(NAME);
    let elsewhere = |path: String| {
        let (mut parts, body) = good().into_parts();
        parts.uri = path.parse().unwrap();
        Request::from_parts(parts, body)
    };
    let other = Endpoint {
        secret: "another secret of more than 24 bytes".to_owned(),
        ..stripe.clone()
    };
    let flipped = mac.replace(mac.chars().next().unwrap(), "g");
    vec![
        (
            "an unknown endpoint",
            elsewhere(format!("/webhooks/stripe/{}", Uuid::new_v4())),
        ),
        ("no id at all", elsewhere("/webhooks/stripe/x".to_owned())),
        (
            "another provider's path",
            elsewhere(format!("/webhooks/shopify/{}", stripe.id)),
        ),
        ("another secret", other.request(BODY)),
        ("an old request", stripe.request_at(now() - 400, BODY)),
        ("one from the future", stripe.request_at(now() + 400, BODY)),
        ("the end of time", stripe.request_at(i64::MAX, BODY)),
        ("its beginning", stripe.request_at(i64::MIN, BODY)),
        ("a byte FF", over(b"{\"id\":1,\"note\":\"caf\xff\"}")),
        ("a byte order mark", over(&[b"\xef\xbb\xbf", BODY].concat())),
        (
            "JSON written again",
            over("{\"id\": 1, \"note\": \"caf\u{e9}\"}".as_bytes()),
        ),
        ("no body", over(b"")),
        ("no signature", missing),
        ("the header twice", twice),
        ("an empty signature", replaced(&format!("{time},v1="))),
        ("a truncated one", replaced(&header[..header.len() - 1])),
        ("a longer one", replaced(&format!("{header}0"))),
        (
            "upper-case hex",
            replaced(&format!("{time},v1={}", mac.to_uppercase())),
        ),
        ("no hex", replaced(&format!("{time},v1={flipped}"))),
        ("another scheme", replaced(&format!("{time},v0={mac}"))),
        (
            "100 000 signatures",
            replaced(&format!("{time}{}", ",v1=00".repeat(100_000))),
        ),
        ("no time", replaced(&format!("v1={mac}"))),
        ("a body over the limit", over(&vec![b' '; (1 << 20) + 1])),
    ]
}

/// The one face of every refusal.
fn must_be_refused(answer: &Answer, what: &str) {
    assert_eq!(answer.status.as_u16(), 403, "{what}: {}", answer.text);
    assert_eq!(answer.text, "webhook refused", "{what}");
}

/// What Postgres writes of every statement of `database`, from now on.
fn statement_log(stage: &Stage) -> PathBuf {
    let name = stage.database.name();
    let set = format!("ALTER DATABASE \"{name}\" SET log_statement = 'all'");
    stage.database.execute(&set).unwrap();
    let folder = stage.database.query("SHOW data_directory").unwrap();
    let folder = folder[0][0].clone().unwrap();
    PathBuf::from(folder.replace("/data-", "/log-"))
}

#[test]
fn ten_thousand_refused_requests_cause_no_statement() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let log = statement_log(stage);
        let lines = || {
            let text = fs::read(&log).unwrap();
            let text = String::from_utf8_lossy(&text).into_owned();
            // No other database logs its statements.
            let is_statement =
                |line: &&str| line.contains("LOG:  statement: ") || line.contains("LOG:  execute ");
            text.lines().filter(is_statement).count()
        };
        // Sessions of before do not know the setting: the stage's own are closed.
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE usename LIKE 'weft%' AND datname = current_database()";
        stage.database.query(end).unwrap();
        noticed().await;
        // The log works: a good delivery is in it.
        let before = lines();
        let stored = deliver(&stage.router, stripe.request(BODY)).await;
        assert_eq!(stored.status.as_u16(), 200, "{}", stored.text);
        let after = lines();
        assert!(after > before, "a claim is logged");
        let deliveries = || {
            stage
                .database
                .query("SELECT count(*) FROM webhook_deliveries")
        };
        let kept = deliveries().unwrap();

        let quiet = lines();
        let mut refused = 0;
        while refused < 10_000 {
            for (what, request) in hostile(&stripe) {
                must_be_refused(&deliver(&stage.router, request).await, what);
                refused += 1;
            }
        }
        assert_eq!(lines(), quiet, "statements in {}", log.display());
        assert_eq!(deliveries().unwrap(), kept);
    });
}

#[test]
fn a_database_that_is_gone_does_not_show_in_a_refusal() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let name = stage.database.name();
        let shut = format!("ALTER DATABASE \"{name}\" CONNECTION LIMIT 0");
        stage.database.execute(&shut).unwrap();
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE usename LIKE 'weft%' AND datname = current_database()";
        stage.database.query(end).unwrap();
        for (what, request) in hostile(&stripe) {
            must_be_refused(&deliver(&stage.router, request).await, what);
        }
        // One that is proved is not lost: its sender is told to try again.
        let answer = deliver(&stage.router, stripe.request(BODY)).await;
        assert_eq!(answer.status.as_u16(), 503);
    });
}

#[test]
fn a_body_that_never_ends_and_one_that_never_comes_are_given_up() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[0]));
        let stripe = Endpoint::make(&stage.router, token, "stripe", shop).await;
        let (parts, _) = stripe.request(BODY).into_parts();
        let chunk = Bytes::from(vec![b' '; 64 << 10]);
        let endless = stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
        let request = Request::from_parts(parts, Body::from_stream(endless));
        must_be_refused(&deliver(&stage.router, request).await, "endless");

        let (parts, _) = stripe.request(BODY).into_parts();
        let drop_by_drop = stream::unfold((), |()| async {
            sleep(Duration::from_millis(200)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        let request = Request::from_parts(parts, Body::from_stream(drop_by_drop));
        let begun = Instant::now();
        must_be_refused(&deliver(&stage.router, request).await, "drop by drop");
        assert!(begun.elapsed() < Duration::from_secs(20));
    });
}

#[test]
fn an_endpoint_reaches_its_own_shop_and_nothing_else() {
    on_stage(async |stage| {
        let [first, second] = stage.a.shops;
        let shopify = Endpoint::make(&stage.router, &stage.a.owner, "shopify", Some(second)).await;
        let body = order(1, "2026-11-23T15:00:00Z");
        let b = stage.rows_of(stage.b.id);
        let here = |shop: Uuid| {
            let sql = format!("SELECT count(*) FROM orders WHERE shop_id = '{shop}'");
            stage.database.query(&sql).unwrap()
        };
        let untouched = here(first);
        // Headers that nobody signed name another shop and another topic.
        let request = edited(
            shopify.request(body.to_string()),
            "x-shopify-topic",
            "orders/delete",
        );
        let request = edited(request, "x-shopify-shop-domain", "nordwind.myshopify.com");
        let request = edited(request, "x-shopify-webhook-id", "1");
        assert_eq!(deliver(&stage.router, request).await.status.as_u16(), 200);
        // The same bytes under other unsigned headers are a copy.
        let request = edited(
            shopify.request(body.to_string()),
            "x-shopify-webhook-id",
            "2",
        );
        assert_eq!(deliver(&stage.router, request).await.status.as_u16(), 200);
        let count = format!(
            "SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = '{}'",
            shopify.id
        );
        assert_eq!(
            stage.database.query(&count).unwrap()[0][0].as_deref(),
            Some("1")
        );
        assert_eq!(here(first), untouched);
        assert_eq!(stage.rows_of(stage.b.id), b);
    });
}

#[test]
fn the_same_record_at_two_organisations_is_two_rows() {
    on_stage(async |stage| {
        let body = order(9, "2026-11-23T15:00:00Z");
        for org in [&stage.a, &stage.b] {
            let shop = Some(org.shops[1]);
            let endpoint = Endpoint::make(&stage.router, &org.owner, "shopify", shop).await;
            let answer = endpoint.send(&stage.router, &body).await;
            assert_eq!(answer.status.as_u16(), 200);
        }
        let sql = "SELECT org_id FROM orders WHERE shopify_id = 9 ORDER BY org_id";
        let mut orgs = [stage.a.id, stage.b.id];
        orgs.sort();
        assert_eq!(stage.ids(sql), orgs);
    });
}

#[test]
fn cookies_and_tokens_are_of_no_use_there() {
    on_stage(async |stage| {
        let stripe = Endpoint::make(
            &stage.router,
            &stage.a.owner,
            "stripe",
            Some(stage.a.shops[0]),
        )
        .await;
        let body = json!({}).to_string();
        let request = Request::post(stripe.path())
            .header("authorization", format!("Bearer {}", stage.a.owner))
            .body(Body::from(body))
            .unwrap();
        must_be_refused(&deliver(&stage.router, request).await, "a token");
        let get = Request::get(stripe.path()).body(Body::empty()).unwrap();
        assert_eq!(deliver(&stage.router, get).await.status.as_u16(), 405);
    });
}

#[test]
fn a_path_that_is_none_is_not_found_in_our_own_words() {
    on_stage(async |stage| {
        for path in [
            "/webhooks/stripe/%FF",
            "/webhooks/%FF/x",
            "/webhooks/pigeon/x",
            "/webhooks/STRIPE/x",
            "/webhooks/stripe/",
            "/webhooks//x",
        ] {
            let post = Request::post(path).body(Body::empty()).unwrap();
            let answer = deliver(&stage.router, post).await;
            assert_eq!(answer.status.as_u16(), 404, "{path}: {}", answer.text);
            answer.must_be_a_problem(path);
        }
        for id in ["%2F", "..%2Fx", "00000000-0000-0000-0000-000000000000"] {
            let post = Request::post(format!("/webhooks/stripe/{id}"));
            let answer = deliver(&stage.router, post.body(Body::empty()).unwrap()).await;
            must_be_refused(&answer, id);
        }
    });
}
