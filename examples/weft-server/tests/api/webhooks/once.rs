//! One delivery, one effect: whatever arrives at once, and whoever dies in between.

use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures_util::future::join_all;

use super::{
    process::Process,
    records::order,
    sender::{Endpoint, deliver},
};
use crate::stage::{Stage, on_stage, until};

fn cell(stage: &Stage, sql: &str) -> Option<String> {
    stage.database.query(sql).unwrap()[0][0].clone()
}

#[test]
fn a_thousand_copies_at_once_have_one_effect() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[1]));
        let slack = Endpoint::make(&stage.router, token, "slack", shop).await;
        // Every effect of this would be a row.
        let body = "command=%2Fweft&trigger_id=1&text=open+A+thousand";
        let requests = (0..1000).map(|_| deliver(&stage.router, slack.request(body)));
        let answers = join_all(requests).await;
        assert!(answers.iter().all(|answer| answer.status.is_success()));
        let answered = answers.iter().filter(|answer| !answer.text.is_empty());
        assert_eq!(answered.count(), 1);
        let made = "SELECT count(*) FROM conversations WHERE subject = 'A thousand'";
        assert_eq!(cell(stage, made).as_deref(), Some("1"));
        let kept = format!(
            "SELECT string_agg(state || ' ' || attempts, ',') FROM webhook_deliveries WHERE endpoint_id = '{}'",
            slack.id
        );
        assert_eq!(cell(stage, &kept).as_deref(), Some("done 1"));
    });
}

#[test]
fn what_a_killed_server_had_claimed_is_picked_up_once() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[1]));
        let shopify = Endpoint::make(&stage.router, token, "shopify", shop).await;
        let body = order(77, "2026-11-23T15:00:00Z").to_string();
        let server = Process::start(stage).await;

        // The effect waits for this lock; the claim does not.
        let mut lock = AsyncPgConnection::establish(&stage.database.url("postgres"))
            .await
            .unwrap();
        let text = "BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE";
        lock.batch_execute(text).await.unwrap();
        let sent = shopify.request(body.clone());
        let waiting = server.post(sent);
        let state = format!(
            "SELECT state || ' ' || attempts FROM webhook_deliveries WHERE endpoint_id = '{}' \
             UNION ALL SELECT 'none'",
            shopify.id
        );
        let killed = async {
            let claimed = async || cell(stage, &state).as_deref() == Some("claimed 1");
            until("claimed", claimed).await;
            server.kill();
        };
        let (answer, ()) = tokio::join!(waiting, killed);
        assert_eq!(answer, None, "nobody was told that it was done");
        lock.batch_execute("ROLLBACK").await.unwrap();
        let orders = "SELECT count(*) FROM orders WHERE shopify_id = 77";
        assert_eq!(cell(stage, orders).as_deref(), Some("0"));
        assert_eq!(cell(stage, &state).as_deref(), Some("claimed 1"));

        // A minute passes.
        stage
            .database
            .execute("UPDATE webhook_deliveries SET claimed_until = now() WHERE state = 'claimed'")
            .unwrap();
        let server = Process::start(stage).await;
        let done = async || cell(stage, &state).as_deref() == Some("done 2");
        until("picked up", done).await;
        // The sender, which had no answer, tries again.
        assert_eq!(server.post(shopify.request(body)).await, Some(200));
        assert_eq!(cell(stage, &state).as_deref(), Some("done 2"));
        assert_eq!(cell(stage, orders).as_deref(), Some("1"));
        server.kill();
    });
}

#[test]
fn an_effect_and_the_end_of_its_claim_are_one_transaction() {
    on_stage(async |stage| {
        let (token, shop) = (&stage.a.owner, Some(stage.a.shops[1]));
        let slack = Endpoint::make(&stage.router, token, "slack", shop).await;
        let body = "command=%2Fweft&trigger_id=1&text=open+Only+once";
        let send = async || {
            deliver(&stage.router, slack.request(body))
                .await
                .status
                .as_u16()
        };
        let made = "SELECT count(*) FROM conversations WHERE subject = 'Only once'";
        let state = format!(
            "SELECT state || ' ' || attempts FROM webhook_deliveries WHERE endpoint_id = '{}'",
            slack.id
        );
        let never = "ALTER TABLE webhook_deliveries \
                     ADD CONSTRAINT never CHECK (state <> 'done') NOT VALID";
        stage.database.execute(never).unwrap();
        assert_eq!(send().await, 200);
        assert_eq!(cell(stage, made).as_deref(), Some("0"));
        assert_eq!(cell(stage, &state).as_deref(), Some("claimed 1"));
        let again = "ALTER TABLE webhook_deliveries DROP CONSTRAINT never; \
                     UPDATE webhook_deliveries SET claimed_until = now() WHERE state = 'claimed'";
        stage.database.execute(again).unwrap();
        assert_eq!(send().await, 200);
        assert_eq!(cell(stage, made).as_deref(), Some("1"));
        assert_eq!(cell(stage, &state).as_deref(), Some("done 2"));
    });
}
