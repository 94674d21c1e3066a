//! The description and the API are the same thing.

use axum::{body::Body, http::Request};
use serde_json::Value;
use weft_server::app::description;

use crate::{
    stage::on_stage,
    world::{World, check, operations},
};

#[test]
fn every_documented_operation_does_what_it_says() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        for operation in operations() {
            let what = operation.what();
            // A file goes with one message: each finds it as it was.
            let database: &weft_embedded::Database = &stage.database;
            database
                .execute("UPDATE attachments SET message_id = NULL")
                .unwrap();
            let body = operation.full_body(&world);
            let mut path = operation.within(&world);
            if operation.method == "DELETE" {
                // Something new, that nothing refers to.
                let (all, _) = path.rsplit_once('/').unwrap();
                let (template, _) = operation.path.rsplit_once('/').unwrap();
                let create = operations()
                    .into_iter()
                    .find(|other| other.path == template && other.method == "POST")
                    .unwrap_or_else(|| panic!("{what} has no counterpart"));
                let made = create.full_body(&world);
                let made = stage.ask(&stage.a.owner, "POST", all, made.as_ref()).await;
                path = format!("{all}/{}", made.json()["id"].as_str().unwrap());
                assert_eq!(made.location.as_deref(), Some(path.as_str()), "{what}");
            }
            let answer = stage
                .ask(&stage.a.owner, &operation.method, &path, body.as_ref())
                .await;
            assert_eq!(
                answer.status.as_u16(),
                operation.status,
                "{what}: {}",
                answer.text
            );
            match &operation.answer {
                Some(schema) => check(&answer.json(), schema, &what),
                None => assert_eq!(answer.text, "", "{what}"),
            }
            if operation.method == "DELETE" {
                let again = stage.ask(&stage.a.owner, "DELETE", &path, None).await;
                assert_eq!(again.status.as_u16(), 404, "{what} again");
            }
            if operation.method == "PATCH" {
                for (name, value) in body.iter().filter_map(Value::as_object).flatten() {
                    let now = &answer.json()[name];
                    assert!(now == value || value.is_string(), "{what}: {name} is {now}");
                }
            }
        }
    });
}

#[test]
fn what_is_not_documented_is_not_there() {
    on_stage(async |stage| {
        let document = description();
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        for operation in operations() {
            let methods = document["paths"][&operation.path].as_object().unwrap();
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
                if methods.contains_key(&method.to_lowercase()) {
                    continue;
                }
                let path = operation.within(&world);
                let answer = stage.ask(&stage.a.owner, method, &path, None).await;
                assert_eq!(answer.status.as_u16(), 405, "{method} {path}");
                answer.must_be_a_problem(&path);
            }
        }
        for path in [
            "/api",
            "/api/",
            "/api/users",
            "/api/api_tokens",
            "/api/orders/",
        ] {
            let answer = stage.ask(&stage.a.owner, "GET", path, None).await;
            assert_eq!(answer.status.as_u16(), 404, "{path}");
            answer.must_be_a_problem(path);
        }
    });
}

#[test]
fn the_description_is_public_and_refers_to_nothing_that_is_missing() {
    on_stage(async |stage| {
        let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        let answer = stage.send(get("/api/openapi.json")).await;
        assert_eq!(
            (answer.status.as_u16(), answer.kind.as_str()),
            (200, "application/json")
        );
        let document = answer.json();
        assert_eq!(document, description());
        assert_eq!(document["openapi"], "3.1.0");
        let mut ids: Vec<String> = operations()
            .into_iter()
            .map(|operation| operation.id)
            .collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count, "an operation id is there twice");
        for reference in answer.text.split("\"$ref\":\"#").skip(1) {
            let pointer = reference.split('"').next().unwrap();
            assert!(document.pointer(pointer).is_some(), "{pointer}");
        }
        let health = stage.send(get("/healthz")).await;
        let said = (health.status.as_u16(), health.kind.as_str());
        assert_eq!(said, (200, "text/plain; charset=utf-8"));
    });
}
