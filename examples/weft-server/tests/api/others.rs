//! Org A asks for everything by org B's ids: in paths, in queries, in bodies. It reads the same
//! answer as for ids that nothing has, and B's rows stay as they are to the byte.

use std::collections::HashSet;

use serde_json::json;
use uuid::Uuid;

use crate::{
    stage::{Answer, Stage, on_each_layer},
    world::{Operation, World, ids_in, is_id, operations, resolve},
};

/// A walk over every route with ids of `theirs` where ids of `ours` should be.
pub(crate) struct Walk<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) token: &'a str,
    pub(crate) ours: World,
    pub(crate) theirs: World,
    /// What must not come out.
    pub(crate) hidden: HashSet<Uuid>,
    /// Whether the bearer owns the organisation.
    pub(crate) owner: bool,
    /// Names of ids that are not theirs alone.
    pub(crate) shared: &'static [&'static str],
}

impl Walk<'_> {
    pub(crate) async fn go(&self) -> usize {
        let mut asked = 0;
        for operation in operations() {
            asked += self.paths(&operation).await;
            asked += self.bodies(&operation).await;
            asked += self.queries(&operation).await;
        }
        asked
    }

    fn is_theirs(&self, name: &str) -> bool {
        !self.shared.contains(&name)
    }

    async fn paths(&self, operation: &Operation) -> usize {
        let names: Vec<_> = operation
            .names()
            .into_iter()
            .filter(|name| self.is_theirs(name))
            .collect();
        let mut asked = 0;
        // Every way of replacing at least one id of the path.
        for choice in 1..1_u32 << names.len() {
            let with = |foreign: &World| {
                operation.at(|name| {
                    let at = names.iter().position(|other| other == name);
                    let replaced = at.is_some_and(|at| choice & (1 << at) != 0);
                    let world = if replaced { foreign } else { &self.ours };
                    world.id(name).to_string()
                })
            };
            let body = operation.full_body(&self.ours);
            let nowhere = World::nowhere();
            let answer = self
                .ask(operation, &with(&self.theirs), body.as_ref())
                .await;
            let unknown = self.ask(operation, &with(&nowhere), body.as_ref()).await;
            let what = format!("{} at {}", operation.what(), with(&self.theirs));
            answer.must_be_a_problem(&what);
            assert_eq!(answer.status, unknown.status, "{what}");
            assert_eq!(answer.text, unknown.text, "{what}");
            assert!(
                matches!(answer.status.as_u16(), 403 | 404),
                "{what}: {}",
                answer.status
            );
            asked += 1;
        }
        asked
    }

    async fn bodies(&self, operation: &Operation) -> usize {
        let mut asked = 0;
        for (name, schema) in operation.properties() {
            if !is_id(&schema) || !self.is_theirs(&name) {
                continue;
            }
            let path = operation.within(&self.ours);
            let with = |foreign: &World| {
                let mut body = operation.full_body(&self.ours).unwrap();
                body[&name] = match resolve(&schema)["type"] == "array" {
                    true => json!([self.ours.id(&name), foreign.id(&name)]),
                    false => json!(foreign.id(&name)),
                };
                body
            };
            let answer = self.ask(operation, &path, Some(&with(&self.theirs))).await;
            let unknown = self
                .ask(operation, &path, Some(&with(&World::nowhere())))
                .await;
            let what = format!("{} with {name}", operation.what());
            answer.must_be_a_problem(&what);
            assert_eq!(
                (answer.status, &answer.text),
                (unknown.status, &unknown.text),
                "{what}"
            );
            asked += 1;
        }
        asked
    }

    async fn queries(&self, operation: &Operation) -> usize {
        let mut asked = 0;
        for (name, schema) in &operation.query {
            if !is_id(schema) || !self.is_theirs(name) {
                continue;
            }
            let path = operation.within(&self.ours);
            let path = |world: &World| format!("{path}?{name}={}", world.id(name));
            let answer = self.ask(operation, &path(&self.theirs), None).await;
            let unknown = self.ask(operation, &path(&World::nowhere()), None).await;
            if operation.for_owners && !self.owner {
                assert_eq!(answer.status.as_u16(), 403, "{}", operation.what());
                assert_eq!(answer.text, unknown.text);
                continue;
            }
            assert_eq!(
                answer.status.as_u16(),
                200,
                "{}: {}",
                operation.what(),
                answer.text
            );
            assert_eq!(answer.json(), json!({ "items": [], "next": null }));
            assert_eq!(answer.text, unknown.text);
            asked += 1;
        }
        asked
    }

    async fn ask(
        &self,
        operation: &Operation,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> Answer {
        let answer = self
            .stage
            .ask(self.token, &operation.method, path, body)
            .await;
        for id in ids_in(&answer.text) {
            assert!(
                !self.hidden.contains(&id),
                "{} {path}: {id} came out",
                operation.method
            );
        }
        answer
    }

    /// Reads every list to its end; returns how many rows there were.
    pub(crate) async fn read_all(&self) -> usize {
        let mut rows = 0;
        for operation in operations()
            .iter()
            .filter(|operation| operation.id.starts_with("list_"))
            .filter(|operation| self.owner || !operation.for_owners)
        {
            let mut path = format!("{}?limit=100", operation.within(&self.ours));
            loop {
                let answer = self.ask(operation, &path, None).await;
                assert_eq!(answer.status.as_u16(), 200, "{path}: {}", answer.text);
                let page = answer.json();
                rows += page["items"].as_array().unwrap().len();
                match page["next"].as_str() {
                    Some(next) => {
                        path = format!("{}?limit=100&cursor={next}", operation.within(&self.ours));
                    }
                    None => break,
                }
            }
        }
        rows
    }
}

/// Every id that occurs in tenants' tables under `condition`.
pub(crate) fn ids_where(stage: &Stage, condition: &str) -> HashSet<Uuid> {
    let tables = [
        "shops",
        "customers",
        "orders",
        "order_lines",
        "conversations",
        "messages",
        "attachments",
    ];
    let of = |table: &&str| {
        let condition = match *table {
            "shops" => condition.replace("shop_id", "id"),
            _ => condition.to_owned(),
        };
        format!("SELECT id FROM {table} WHERE {condition}")
    };
    let all: Vec<String> = tables.iter().map(of).collect();
    stage.ids(&all.join(" UNION ALL ")).into_iter().collect()
}

fn hidden_of(stage: &Stage, org: Uuid) -> HashSet<Uuid> {
    let mut hidden = ids_where(stage, &format!("org_id = '{org}'"));
    for table in [
        "memberships",
        "invitations",
        "webhook_endpoints",
        "webhook_secrets",
        "webhook_deliveries",
        "webhook_subscriptions",
        "webhook_messages",
    ] {
        let ids = format!("SELECT id FROM {table} WHERE org_id = '{org}'");
        hidden.extend(stage.ids(&ids));
    }
    let tokens = format!("SELECT id FROM auth_api_tokens WHERE audience = '{org}'");
    hidden.extend(stage.ids(&tokens));
    hidden.extend(stage.ids("SELECT id FROM auth_accounts"));
    hidden.insert(org);
    hidden
}

#[test]
fn no_row_of_another_organisation_comes_out_or_changes() {
    on_each_layer(async |stage| {
        let before = stage.rows_of(stage.b.id);
        for token in [&stage.a.owner, &stage.a.member] {
            let walk = Walk {
                stage,
                token,
                ours: World::of(stage, stage.a.id, stage.a.shops[0]),
                theirs: World::of(stage, stage.b.id, stage.b.shops[0]),
                hidden: hidden_of(stage, stage.b.id),
                owner: *token == stage.a.owner,
                shared: &["plan_id"],
            };
            assert!(walk.hidden.len() > 1000, "{}", walk.hidden.len());
            assert!(walk.go().await > 50);
            assert!(walk.read_all().await > 200);
            assert_eq!(before, stage.rows_of(stage.b.id));
        }
    });
}

#[test]
fn a_token_is_of_one_organisation() {
    on_each_layer(async |stage| {
        // The same person becomes a member of the other organisation.
        let person = "aiko@kumo-ceramics.example";
        let member = json!({
            "address": person, "display_name": "Aiko", "role": "owner", "shop_ids": null,
        });
        let made = stage
            .ask(&stage.b.owner, "POST", "/api/memberships", Some(&member))
            .await;
        assert_eq!(made.status.as_u16(), 201, "{}", made.text);
        let me = stage
            .ask(&stage.a.owner, "GET", "/api/me", None)
            .await
            .json();
        assert_eq!(
            (&me["organization_id"], &me["address"]),
            (&json!(stage.a.id), &json!(person))
        );
        let org = stage
            .ask(&stage.a.owner, "GET", "/api/organization", None)
            .await
            .json();
        assert_eq!(org["id"], json!(stage.a.id));
        let again = stage
            .ask(&stage.b.owner, "POST", "/api/memberships", Some(&member))
            .await;
        assert_eq!(again.status.as_u16(), 409);
    });
}
