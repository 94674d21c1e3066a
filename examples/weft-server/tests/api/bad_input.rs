//! Whatever is wrong with a request, the answer is a problem document and nothing is written.

use std::time::SystemTime;

use axum::{
    body::Body,
    http::{Request, header},
};
use serde_json::{Value, json};
use weft_auth::token::Scope;
use weft_server::token::{ApiToken, PREFIX, Permission};

use crate::{
    stage::{Answer, HOUR, Stage, accounts, on_stage, token},
    world::{Operation, World, is_id, operations, resolve},
};

async fn send(
    stage: &Stage,
    operation: &Operation,
    path: &str,
    kind: &str,
    body: Vec<u8>,
) -> Answer {
    let request = Request::builder()
        .method(operation.method.as_str())
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {}", stage.a.owner))
        .header(header::CONTENT_TYPE, kind)
        .body(Body::from(body));
    stage.send(request.unwrap()).await
}

#[test]
fn without_a_good_token_there_is_one_answer() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let unknown = ApiToken::generate(PREFIX).unwrap();
        let user = stage.id(&format!(
            "SELECT user_id FROM memberships WHERE org_id = '{}' AND role = 'owner'",
            stage.a.id
        ));
        let past = SystemTime::now() - HOUR;
        let accounts = accounts(&stage.roads);
        let expired = token(&accounts, (stage.a.id, user), Permission::ALL, past).await;
        let before = stage.everything();
        for operation in operations() {
            let path = operation.within(&world);
            let body = operation.full_body(&world);
            for token in ["", "x", unknown.expose(), expired.expose()] {
                let answer = stage
                    .ask(token, &operation.method, &path, body.as_ref())
                    .await;
                assert_eq!(answer.status.as_u16(), 401, "{}", operation.what());
                answer.must_be_a_problem(&path);
                assert!(answer.text.contains("a valid bearer token is needed"));
            }
            let bare = Request::builder()
                .method(operation.method.as_str())
                .uri(&path);
            let answer = stage.send(bare.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.status.as_u16(), 401);
        }
        assert_eq!(before, stage.everything());
    });
}

#[test]
fn ids_that_are_none_or_unknown_are_not_found() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let nowhere = World::nowhere();
        let before = stage.everything();
        for operation in operations() {
            let body = operation.full_body(&world);
            for wrong in operation.names() {
                let bad = [
                    "x",
                    "1",
                    "-1",
                    "%00",
                    "%27%20OR%201=1--",
                    "..",
                    "%ff",
                    "null",
                ];
                let unknown = nowhere.id(&wrong).to_string();
                for id in bad.into_iter().chain([unknown.as_str()]) {
                    let path = operation.at(|name| match name == wrong {
                        true => id.to_owned(),
                        false => world.id(name).to_string(),
                    });
                    let answer = stage.ask(&stage.a.owner, &operation.method, &path, body.as_ref());
                    let answer = answer.await;
                    answer.must_be_a_problem(&path);
                    assert_eq!(answer.status.as_u16(), 404, "{} {path}", operation.method);
                }
            }
        }
        assert_eq!(before, stage.everything());
    });
}

#[test]
fn queries_are_read_strictly() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let before = stage.everything();
        for operation in operations() {
            let path = operation.within(&world);
            let body = operation.full_body(&world);
            let mut bad = vec![
                "nonsense=1".to_owned(),
                "org_id=1".to_owned(),
                "%00".to_owned(),
            ];
            for (name, _) in &operation.query {
                for value in ["", "%00", "-1", "999999999999999999999", "%27", "%ff"] {
                    bad.push(format!("{name}={value}"));
                }
                bad.push(format!("{name}=1&{name}=2"));
            }
            for query in bad {
                let path = format!("{path}?{query}");
                let answer = stage
                    .ask(&stage.a.owner, &operation.method, &path, body.as_ref())
                    .await;
                answer.must_be_a_problem(&path);
                assert_eq!(
                    answer.status.as_u16(),
                    400,
                    "{} {path}: {}",
                    operation.method,
                    answer.text
                );
            }
        }
        assert_eq!(before, stage.everything());
    });
}

#[test]
fn bodies_are_read_strictly() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let before = stage.everything();
        for operation in operations() {
            let path = operation.within(&world);
            let Some(good) = operation.full_body(&world) else {
                let json = "application/json";
                if operation.method == "DELETE" {
                    let answer = send(stage, &operation, &path, json, b"{}".to_vec()).await;
                    assert_eq!(answer.status.as_u16(), 400, "{path}");
                }
                continue;
            };
            let json = "application/json";
            let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
            let deep_field = [br#"{"name":"#.to_vec(), deep.clone(), b"}".to_vec()].concat();
            for (body, status) in [
                (b"".to_vec(), 400),
                (b"{".to_vec(), 400),
                (
                    good.to_string()
                        .into_bytes()
                        .into_iter()
                        .chain(*b"}")
                        .collect(),
                    400,
                ),
                (b"{\"name\":\xff}".to_vec(), 400),
                (good.to_string().replace(':', ";").into_bytes(), 400),
                (deep, 400),
                (deep_field, 400),
                (b"[]".to_vec(), 422),
                (b"null".to_vec(), 422),
                (b"7".to_vec(), 422),
                (b"\"x\"".to_vec(), 422),
                (b"{}".to_vec(), 422),
                (vec![b' '; (1 << 20) + 1], 413),
            ] {
                let answer = send(stage, &operation, &path, json, body.clone()).await;
                let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
                answer.must_be_a_problem(&shown);
                let got = answer.status.as_u16();
                // Too deep is too deep, wherever it is noticed.
                assert!(
                    got == status || (body.len() > 1000 && got == 422),
                    "{} {shown}: {got}",
                    operation.what()
                );
            }
            for kind in [
                "text/plain",
                "application/x-www-form-urlencoded",
                "application/jsonx",
                "",
            ] {
                let answer = send(stage, &operation, &path, kind, good.to_string().into()).await;
                answer.must_be_a_problem(kind);
                assert_eq!(answer.status.as_u16(), 415, "{kind}");
            }
            for extra in [
                "org_id",
                "id",
                "deleted_at",
                "created_at",
                "nonsense",
                "__proto__",
            ] {
                let mut body = good.clone();
                body[extra] = json!(stage.b.id);
                let answer = stage
                    .ask(&stage.a.owner, &operation.method, &path, Some(&body))
                    .await;
                answer.must_be_a_problem(extra);
                assert_eq!(answer.status.as_u16(), 422, "{} {extra}", operation.what());
            }
            fields(stage, &operation, &path, &good).await;
        }
        assert_eq!(before, stage.everything());
    });
}

async fn fields(stage: &Stage, operation: &Operation, path: &str, good: &Value) {
    let required = operation.body.as_ref().unwrap()["required"].clone();
    for (name, schema) in operation.properties() {
        let kind = resolve(&schema)["type"].as_str().unwrap().to_owned();
        let mut bad = vec![json!({}), json!(true), json!([[]]), json!(1.5), json!(-1)];
        match kind.as_str() {
            "string" => {
                let long = "x".repeat(100_000);
                bad.extend([
                    json!(7),
                    json!([]),
                    json!("a\u{0}b"),
                    json!(long),
                    json!("\u{1b}[2J"),
                ]);
            }
            "integer" => bad.extend([json!("7"), json!(i64::MAX), json!(1e300), json!([])]),
            "array" => bad.extend([json!("x"), json!(["x"]), json!([1]), json!([null])]),
            other => panic!("{other}"),
        }
        if is_id(&schema) && kind == "string" {
            bad.extend([
                json!(""),
                json!("x"),
                json!("%"),
                json!("'; DROP TABLE orders; --"),
            ]);
        }
        if schema["anyOf"].is_null() {
            bad.push(Value::Null);
        }
        for value in bad {
            let mut body = good.clone();
            body[&name] = value.clone();
            let answer = stage
                .ask(&stage.a.owner, &operation.method, path, Some(&body))
                .await;
            let what = format!("{} {name}", operation.what());
            answer.must_be_a_problem(&what);
            assert_eq!(
                answer.status.as_u16(),
                422,
                "{what}: {value:.60}: {}",
                answer.text
            );
        }
        if required
            .as_array()
            .is_some_and(|names| names.contains(&json!(name)))
        {
            let mut body = good.clone();
            body.as_object_mut().unwrap().remove(&name);
            let answer = stage
                .ask(&stage.a.owner, &operation.method, path, Some(&body))
                .await;
            assert_eq!(
                answer.status.as_u16(),
                422,
                "{} without {name}",
                operation.what()
            );
        }
    }
}

#[test]
fn what_is_there_already_or_still_in_use_is_a_conflict() {
    on_stage(async |stage| {
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let before = stage.everything();
        let path = format!("/api/customers/{}", world.customer);
        let known = stage.ask(&stage.a.owner, "GET", &path, None).await.json();
        let twin = json!({ "shop_id": world.shop, "email": known["email"] });
        let answer = stage
            .ask(&stage.a.owner, "POST", "/api/customers", Some(&twin))
            .await;
        assert_eq!(answer.status.as_u16(), 409, "{}", answer.text);
        assert!(!answer.text.contains(known["email"].as_str().unwrap()));
        for path in [path, format!("/api/shops/{}", world.shop)] {
            let answer = stage.ask(&stage.a.owner, "DELETE", &path, None).await;
            assert_eq!(answer.status.as_u16(), 409, "{path}");
        }
        assert_eq!(before, stage.everything());
    });
}
