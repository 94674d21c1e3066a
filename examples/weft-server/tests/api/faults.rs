//! Requests that are dropped half-way and a database that goes away leave nothing behind.

use std::{pin::pin, time::Duration};

use diesel_async::{AsyncConnection, RunQueryDsl};
use futures_util::future::poll_immediate;
use serde_json::json;
use tokio::{
    task::yield_now,
    time::{sleep, timeout},
};
use weft_tenancy::Scope;

use crate::{
    stage::{Stage, noticed, on_stage},
    world::World,
};

#[test]
fn a_request_dropped_half_way_leaves_no_transaction_and_no_scope() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let path = format!("/api/orders/{}/lines", world.order);
        let line = json!({ "name": "x", "quantity": 1, "price": 1 });
        let (mut done, mut dropped) = (0, 0);
        for step in 0..60 {
            let request = stage.ask(&stage.a.member, "POST", &path, Some(&line));
            match timeout(Duration::from_micros(step * 200), request).await {
                Ok(answer) => {
                    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
                    done += 1;
                }
                Err(_) => dropped += 1,
            }
        }
        assert!(dropped > 5, "{done} done, {dropped} dropped");
        nothing_is_left_open(stage).await;
        // The same connections now serve the other organisation.
        for _ in 0..20 {
            let me = stage.ask(&stage.b.owner, "GET", "/api/organization", None);
            assert_eq!(me.await.json()["id"], json!(stage.b.id));
        }
        let counted = stage.database.query(&format!(
            "SELECT count(*) FROM order_lines WHERE order_id = '{}' AND name = 'x'",
            world.order
        ));
        let counted: u64 = counted.unwrap()[0][0].as_deref().unwrap().parse().unwrap();
        assert!((done..=done + dropped).contains(&counted));
    });
}

#[test]
fn a_connection_dropped_inside_a_transaction_is_closed_and_not_shelved() {
    on_stage(async |stage| {
        let mut conn = stage
            .roads
            .app
            .within(Scope::org(stage.a.id))
            .await
            .unwrap();
        let stuck = conn.transaction::<(), diesel::result::Error, _>(async |conn| {
            diesel::sql_query("SELECT 1 FROM shops")
                .execute(conn)
                .await?;
            std::future::pending().await
        });
        assert!(timeout(Duration::from_millis(500), stuck).await.is_err());
        drop(conn);
        nothing_is_left_open(stage).await;
    });
}

/// Its BEGIN is on its way, and nobody hears of the answer.
#[test]
fn a_connection_dropped_while_a_transaction_begins_is_closed_and_not_shelved() {
    on_stage(async |stage| {
        for polls in 1..8 {
            let mut conn = stage
                .roads
                .app
                .within(Scope::org(stage.a.id))
                .await
                .unwrap();
            let mut begins = pin!(conn.transaction::<(), diesel::result::Error, _>(async |_| {
                std::future::pending().await
            }));
            for _ in 0..polls {
                assert!(poll_immediate(&mut begins).await.is_none());
                yield_now().await;
            }
        }
        nothing_is_left_open(stage).await;
    });
}

/// Closing a connection is not waited for: the server notices a moment later.
async fn nothing_is_left_open(stage: &Stage) {
    let open = "SELECT usename, state, query FROM pg_stat_activity \
                WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    let mut left = Vec::new();
    for _ in 0..100 {
        left = stage.database.query(open).unwrap();
        if left.is_empty() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("left open: {left:?}");
}

#[test]
fn a_database_that_comes_back_is_found_again() {
    on_stage(async |stage| {
        let ask = async || stage.ask(&stage.a.owner, "GET", "/api/shops", None).await;
        assert_eq!(ask().await.status.as_u16(), 200);
        let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE datname = current_database() AND usename LIKE 'weft\\_%'";
        stage.database.query(end).unwrap();
        noticed().await;
        let answer = ask().await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    });
}
