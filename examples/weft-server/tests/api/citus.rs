//! The server on Citus. `WEFT_CITUS_URL` is the superuser's address of a coordinator's database that
//! has the extension `citus` and is empty otherwise; without it the test says so and proves nothing.

use std::{collections::HashSet, time::SystemTime};

use axum::http::StatusCode;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use uuid::Uuid;
use weft_server::{
    migrate,
    roads::{Addresses, Roads},
    seed,
    value::Role,
};

use crate::{
    stage::{accounts, ask, router, runtime},
    world::{ids_in, operations},
};

#[test]
fn organisations_are_apart_on_citus() {
    let Ok(url) = std::env::var("WEFT_CITUS_URL") else {
        println!("skipped: WEFT_CITUS_URL names no coordinator");
        return;
    };
    runtime().block_on(async {
        let mut owner = AsyncPgConnection::establish(&url).await.unwrap();
        migrate::migrate(&mut owner).await.unwrap();
        owner
            .batch_execute(include_str!("../../migrations/citus.sql"))
            .await
            .unwrap();
        let roads = Roads::open(&addresses(&url)).await.unwrap();
        let orgs = seed::seed(&roads).await.unwrap();
        let folder = std::env::temp_dir().join(format!("weft-citus-{}", Uuid::new_v4().simple()));
        let folder = weft_server::state_folder::StateFolder::open(Some(folder)).unwrap();
        let accounts = accounts(&roads);
        let tokens = seed::tokens((&roads, &accounts), orgs, &folder, SystemTime::now());
        let tokens = tokens.await.unwrap();
        let router = router(roads);
        let mut seen: Vec<(String, HashSet<Uuid>)> = Vec::new();
        for token in tokens.iter().filter(|token| token.role == Role::Owner) {
            let mut ids = HashSet::new();
            let lists = operations()
                .into_iter()
                .filter(|operation| operation.method == "GET" && operation.names().is_empty())
                // Both are on the same plan.
                .filter(|operation| {
                    !["/api/plans", "/api/organization"].contains(&operation.path.as_str())
                });
            for list in lists {
                let answer = ask(&router, token.expose(), "GET", &list.path, None).await;
                assert_eq!(
                    answer.status,
                    StatusCode::OK,
                    "{}: {}",
                    list.path,
                    answer.text
                );
                ids.extend(ids_in(&answer.text));
            }
            assert!(ids.len() > 100, "{}: {} ids", token.org, ids.len());
            for (other, theirs) in &seen {
                let both: Vec<_> = ids.intersection(theirs).collect();
                assert!(both.is_empty(), "{} sees {other}'s {both:?}", token.org);
            }
            seen.push((token.org.clone(), ids));
        }
        assert_eq!(seen.len(), 2);
        std::fs::remove_dir_all(folder.path()).unwrap();
    });
}

/// The same database as the three roles see it, which need no password there.
fn addresses(url: &str) -> Addresses {
    let (_, rest) = url.split_once('@').expect("an address with a user");
    let road = |role| format!("postgres://{role}@{rest}");
    Addresses {
        app: road("weft_app"),
        auth: road("weft_auth"),
        unscoped: road("weft_unscoped"),
    }
}
