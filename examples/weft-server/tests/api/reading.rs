//! What a request that changes nothing reads: one moment, over one connection, and no way to write.

use axum::{
    extract::FromRequestParts,
    http::{Method, Request, header},
};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

use weft_server::{extract::Tenant, schema::customers};

use crate::stage::{Stage, on_stage, until};

/// The owner of A, who asks by that method.
async fn owner(stage: &Stage, method: Method) -> Tenant {
    let bearer = format!("Bearer {}", stage.a.owner);
    let request = Request::builder()
        .method(method)
        .header(header::AUTHORIZATION, bearer);
    let (mut parts, ()) = request.body(()).unwrap().into_parts();
    let tenant = Tenant::from_request_parts(&mut parts, &stage.state).await;
    tenant.expect("a member")
}

async fn rename(tenant: &Tenant, name: &str) -> QueryResult<usize> {
    diesel::update(customers::table)
        .set(customers::name.eq(name))
        .execute(&mut tenant.open().await.unwrap())
        .await
}

async fn names(tenant: &Tenant) -> Vec<Option<String>> {
    customers::table
        .select(customers::name)
        .order(customers::id)
        .load(&mut tenant.open().await.unwrap())
        .await
        .unwrap()
}

#[test]
fn it_cannot_write() {
    on_stage(async |stage| {
        for method in [Method::GET, Method::HEAD] {
            let asks = owner(stage, method).await;
            let error = rename(&asks, "renamed").await.unwrap_err().to_string();
            assert!(error.contains("read-only"), "{error}");
        }
        let changes = owner(stage, Method::PATCH).await;
        assert_ne!(rename(&changes, "renamed").await, Ok(0));
    });
}

#[test]
fn all_its_looks_are_of_one_moment() {
    on_stage(async |stage| {
        let asks = owner(stage, Method::GET).await;
        let before = names(&asks).await;
        let changes = owner(stage, Method::PATCH).await;
        rename(&changes, "renamed").await.unwrap();
        assert_eq!(names(&asks.clone()).await, before);
        // What is lent is not waited for.
        let held = asks.open().await.unwrap();
        assert_ne!(names(&asks).await, before);
        drop(held);
        assert_eq!(names(&asks).await, before);
        drop(asks);
        until("its transaction is over", async || {
            let open = "SELECT FROM pg_stat_activity WHERE usename = 'weft_app'
                AND datname = current_database() AND xact_start IS NOT NULL";
            stage.database.query(open).unwrap().is_empty()
        })
        .await;
    });
}
