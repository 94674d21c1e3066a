//! What is delivered becomes rows of the endpoint's shop, in whatever order it comes.

use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    records::{customer, intent, order, refund, stripe},
    sender::{Endpoint, deliver},
};
use crate::stage::{Stage, on_stage};

/// The one row of `table` in `shop` where `filter` holds, its columns as text.
fn row(stage: &Stage, columns: &str, table: &str, filter: &str) -> Vec<String> {
    let sql = format!("SELECT {columns} FROM {table} WHERE {filter}");
    let rows = stage.database.query(&sql).unwrap();
    assert_eq!(rows.len(), 1, "{sql}: {rows:?}");
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "NULL".to_owned());
    rows[0].iter().map(text).collect()
}

async fn made(stage: &Stage, provider: &'static str, shop: Uuid) -> Endpoint {
    Endpoint::make(&stage.router, &stage.a.owner, provider, Some(shop)).await
}

async fn sent(stage: &Stage, endpoint: &Endpoint, body: &Value) {
    let answer = endpoint.send(&stage.router, body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
}

#[test]
fn an_order_is_a_row_of_its_shop_with_lines_and_customer() {
    on_stage(async |stage| {
        let [_, shop] = stage.a.shops;
        let shopify = made(stage, "shopify", shop).await;
        sent(stage, &shopify, &order(1, "2026-11-23T15:00:00Z")).await;
        let columns = "org_id, shop_id, total, shipping, financial_status, paid_at IS NOT NULL, \
                       (SELECT count(*) FROM order_lines AS l WHERE l.order_id = orders.id), \
                       (SELECT email FROM customers AS c WHERE c.id = orders.customer_id)";
        let org = stage.a.id.to_string();
        let expected = [
            org.as_str(),
            &shop.to_string(),
            "388",
            "20",
            "paid",
            "t",
            "2",
            "jon@example.com",
        ];
        assert_eq!(row(stage, columns, "orders", "shopify_id = 1"), expected);
    });
}

#[test]
fn an_older_record_never_replaces_a_newer_one() {
    on_stage(async |stage| {
        let shopify = made(stage, "shopify", stage.a.shops[1]).await;
        let mut cancelled = order(2, "2026-11-23T16:00:00Z");
        cancelled["cancelled_at"] = json!("2026-11-23T16:00:00Z");
        cancelled["line_items"] =
            json!([{ "name": "Mug", "quantity": 1, "price": "1", "sku": "M1" }]);
        cancelled["customer"]["email"] = json!("jon@new.example");
        for body in [
            order(2, "2026-11-23T15:00:00Z"),
            cancelled,
            order(2, "2026-11-23T15:30:00Z"),
        ] {
            sent(stage, &shopify, &body).await;
        }
        let columns = "cancelled_at IS NOT NULL, \
                       (SELECT count(*) FROM order_lines AS l WHERE l.order_id = orders.id), \
                       (SELECT email FROM customers AS c WHERE c.id = orders.customer_id)";
        let row = row(stage, columns, "orders", "shopify_id = 2");
        assert_eq!(row, ["t", "1", "jon@new.example"]);
    });
}

#[test]
fn of_two_records_of_one_second_the_one_that_is_further_stays() {
    on_stage(async |stage| {
        let shopify = made(stage, "shopify", stage.a.shops[1]).await;
        let columns = "financial_status, fulfillment_status, cancelled_at IS NOT NULL";
        let further: [(&str, &str, Value); 4] = [
            ("financial_status", "pending", json!("paid")),
            ("financial_status", "paid", json!("refunded")),
            ("fulfillment_status", "partial", json!("fulfilled")),
            ("cancelled_at", "", json!("2026-11-23T15:00:00Z")),
        ];
        for (id, (field, before, after)) in (810..).zip(further) {
            let at = "2026-11-23T15:00:00Z";
            let (mut first, mut last) = (order(id, at), order(id, at));
            if !before.is_empty() {
                first[field] = json!(before);
            }
            last[field] = after;
            let kept = || row(stage, columns, "orders", &format!("shopify_id = {id}"));
            sent(stage, &shopify, &first).await;
            let beginning = kept();
            sent(stage, &shopify, &last).await;
            let end = kept();
            assert_ne!(beginning, end, "{field}");
            // Shopify sends again what it had no answer for; the bytes need not be the same.
            first["tags"] = json!("again");
            sent(stage, &shopify, &first).await;
            assert_eq!(kept(), end, "{field}");
        }
    });
}

#[test]
fn what_a_buyer_writes_cannot_keep_an_order_out() {
    on_stage(async |stage| {
        let [_, shop] = stage.a.shops;
        let shopify = made(stage, "shopify", shop).await;
        let mut body = order(8, "2026-11-23T15:00:00Z");
        body["note"] = json!("a\0b");
        body["customer"]["email"] = json!("\0nul@example.com");
        sent(stage, &shopify, &body).await;
        let columns = "notes, (SELECT email FROM customers AS c WHERE c.id = orders.customer_id)";
        let kept = row(stage, columns, "orders", "shopify_id = 8");
        assert_eq!(kept, ["ab", "nul@example.com"]);
        // What only looks like it stays.
        let mut body = order(9, "2026-11-23T15:00:00Z");
        body["note"] = json!("\\u0000");
        sent(stage, &shopify, &body).await;
        assert_eq!(row(stage, "notes", "orders", "shopify_id = 9"), ["\\u0000"]);

        let slack = made(stage, "slack", shop).await;
        let command = slack.request("command=%2Fweft&trigger_id=1&text=order+%23W8%00");
        let answer = deliver(&stage.router, command).await;
        assert_eq!(answer.json()["text"], "Order #W8 is paid and unfulfilled.");
    });
}

#[test]
fn refunds_sum_up_in_any_order_and_once_each() {
    on_stage(async |stage| {
        let shopify = made(stage, "shopify", stage.a.shops[1]).await;
        let mut whole = order(3, "2026-11-23T15:00:00Z");
        sent(stage, &shopify, &refund(31, 3, "100")).await;
        sent(stage, &shopify, &whole).await;
        sent(stage, &shopify, &refund(32, 3, "20")).await;
        whole["updated_at"] = json!("2026-11-23T17:00:00Z");
        whole["refunds"] = json!([refund(31, 3, "100"), refund(32, 3, "20")]);
        sent(stage, &shopify, &whole).await;
        assert_eq!(row(stage, "refunded", "orders", "shopify_id = 3"), ["120"]);
        // What was said of it before the money moved comes late.
        let mut pending = refund(31, 3, "100");
        pending["transactions"][0]["status"] = json!("pending");
        sent(stage, &shopify, &pending).await;
        assert_eq!(row(stage, "amount", "refunds", "shopify_id = 31"), ["100"]);
    });
}

#[test]
fn a_customer_who_was_known_by_address_stays_one() {
    on_stage(async |stage| {
        let [_, shop] = stage.a.shops;
        let shopify = made(stage, "shopify", shop).await;
        let known =
            format!("SELECT id, email FROM customers WHERE shop_id = '{shop}' ORDER BY id LIMIT 2");
        let known = stage.database.query(&known).unwrap();
        let [first, second] = [0, 1].map(|at| known[at][1].clone().unwrap());
        let at = "2026-11-23T15:00:00Z";
        sent(stage, &shopify, &customer(71, &first.to_uppercase(), at)).await;
        let id = row(stage, "id", "customers", "shopify_id = 71");
        assert_eq!(id[0], known[0][0].clone().unwrap());
        // An address that is another's stays theirs, whether the customer is known or not.
        sent(stage, &shopify, &customer(72, &second, at)).await;
        let later = "2026-11-23T16:00:00Z";
        sent(stage, &shopify, &customer(71, &second, later)).await;
        assert_eq!(
            row(stage, "email", "customers", "shopify_id = 71"),
            [first.as_str()]
        );
        sent(stage, &shopify, &customer(73, &second, later)).await;
        assert_eq!(
            row(stage, "email", "customers", "shopify_id = 73"),
            ["NULL"]
        );
    });
}

#[test]
fn payments_and_subscriptions_follow_stripes_order_and_not_the_arrivals() {
    on_stage(async |stage| {
        let [_, shop] = stage.a.shops;
        let endpoint = made(stage, "stripe", shop).await;
        let charge = json!({
            "id": "ch_1", "payment_intent": "pi_1", "customer": "cus_1", "amount": 500,
            "amount_refunded": 200, "currency": "eur",
        });
        for event in [
            stripe("charge.refunded", 200, &charge),
            stripe(
                "payment_intent.succeeded",
                100,
                &intent("pi_1", "succeeded"),
            ),
            stripe(
                "payment_intent.succeeded",
                100,
                &intent("pi_2", "succeeded"),
            ),
            stripe(
                "payment_intent.created",
                100,
                &intent("pi_2", "requires_action"),
            ),
        ] {
            sent(stage, &endpoint, &event).await;
        }
        let columns = "shop_id, status, amount, refunded, currency";
        let shop = shop.to_string();
        let payment = |id: &str| row(stage, columns, "payments", &format!("stripe_id = '{id}'"));
        assert_eq!(payment("pi_1"), [&shop, "refunded", "500", "200", "EUR"]);
        assert_eq!(payment("pi_2"), [&shop, "succeeded", "500", "0", "EUR"]);

        let subscription = |status: &str, ended: Option<i64>| {
            json!({
                "id": "sub_1", "customer": "cus_1", "status": status, "ended_at": ended,
                "cancel_at_period_end": false, "items": { "data": [{ "price": { "id": "price_1" } }] },
            })
        };
        for event in [
            stripe(
                "customer.subscription.deleted",
                300,
                &subscription("canceled", Some(300)),
            ),
            stripe(
                "customer.subscription.updated",
                300,
                &subscription("active", None),
            ),
            stripe(
                "customer.subscription.created",
                100,
                &subscription("incomplete", None),
            ),
        ] {
            sent(stage, &endpoint, &event).await;
        }
        let columns = "status, price, ended_at IS NOT NULL";
        let row = row(stage, columns, "subscriptions", "stripe_id = 'sub_1'");
        assert_eq!(row, ["canceled", "price_1", "t"]);
    });
}

#[test]
fn slack_is_answered_from_its_shop_alone() {
    on_stage(async |stage| {
        let [other, shop] = stage.a.shops;
        let slack = made(stage, "slack", shop).await;
        let ask = async |text: &str| {
            let body = format!(
                "command=%2Fweft&team_id=T1&trigger_id={}&text={text}",
                Uuid::new_v4()
            );
            let answer = deliver(&stage.router, slack.request(body)).await;
            assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
            answer.json()["text"].as_str().unwrap().to_owned()
        };
        for (id, shop) in [(5, shop), (6, other)] {
            let shopify = made(stage, "shopify", shop).await;
            sent(stage, &shopify, &order(id, "2026-11-23T15:00:00Z")).await;
        }
        let shown = ask("order+%23W5").await;
        assert_eq!(shown, "Order #W5 is paid and unfulfilled.");
        let hidden = ask("order+%23W6").await;
        assert_eq!(hidden, "There is no order of that name in this shop.");
        assert!(ask("open+Broken+mug").await.contains("is open"));
        let conversation = row(stage, "shop_id", "conversations", "subject = 'Broken mug'");
        assert_eq!(conversation, [shop.to_string()]);

        let body = json!({ "type": "url_verification", "token": "x", "challenge": "3eZbrw1a" });
        // Asked once more because the first answer was lost, it is answered once more.
        for _ in 0..2 {
            let answer = slack.send(&stage.router, &body).await;
            assert_eq!(answer.json(), json!({ "challenge": "3eZbrw1a" }));
        }
    });
}

#[test]
fn what_is_for_later_is_kept_as_it_came() {
    on_stage(async |stage| {
        for provider in ["workos", "stalwart"] {
            let endpoint = Endpoint::make(&stage.router, &stage.a.owner, provider, None).await;
            let body = json!({ "provider": provider, "events": [] });
            sent(stage, &endpoint, &body).await;
            let filter = format!("endpoint_id = '{}'", endpoint.id);
            let columns = "org_id, scheme, state, convert_from(body, 'UTF8')";
            let kept = row(stage, columns, "webhook_deliveries", &filter);
            let org = stage.a.id.to_string();
            assert_eq!(kept, [org.as_str(), provider, "done", &body.to_string()]);
        }
    });
}

#[test]
fn what_has_no_effect_is_kept_with_the_reason() {
    on_stage(async |stage| {
        let shopify = made(stage, "shopify", stage.a.shops[1]).await;
        let mut bad = order(4, "2026-11-23T15:00:00Z");
        bad["total_price"] = json!("-1");
        sent(stage, &shopify, &bad).await;
        let path = format!(
            "/api/webhook-deliveries?endpoint_id={}&state=failed",
            shopify.id
        );
        let listed = stage.ask(&stage.a.owner, "GET", &path, None).await.json();
        let failure = &listed["items"][0]["failure"];
        assert_eq!(failure, "total_price is not what it should be");
        // Once the reason is gone, it is let in from the record.
        let id = listed["items"][0]["id"].as_str().unwrap();
        stage
            .database
            .execute(&format!(
                "UPDATE webhook_deliveries SET body = convert_to('{}', 'UTF8') WHERE id = '{id}'",
                order(4, "2026-11-23T15:00:00Z")
            ))
            .unwrap();
        let path = format!("/api/webhook-deliveries/{id}/replay");
        let replayed = stage.ask(&stage.a.owner, "POST", &path, None).await;
        assert_eq!(replayed.status.as_u16(), 200, "{}", replayed.text);
        assert_eq!(replayed.json()["state"], "done");
        assert_eq!(row(stage, "total", "orders", "shopify_id = 4"), ["388"]);
    });
}
