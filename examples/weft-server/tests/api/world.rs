//! Ids of one place in the database, and requests about them made from the API's own description.

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{Map, Value, json};
use uuid::Uuid;
use weft_server::app::description;

use crate::stage::Stage;

/// One row of each kind, which belong together.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) shop: Uuid,
    pub(crate) customer: Uuid,
    pub(crate) order: Uuid,
    pub(crate) line: Uuid,
    pub(crate) conversation: Uuid,
    pub(crate) message: Uuid,
    pub(crate) attachment: Uuid,
    pub(crate) membership: Uuid,
    pub(crate) plan: Uuid,
    pub(crate) endpoint: Uuid,
    pub(crate) secret: Uuid,
    pub(crate) delivery: Uuid,
    pub(crate) subscription: Uuid,
    pub(crate) event: Uuid,
}

impl World {
    /// What is in `shop` of `org`.
    pub(crate) fn of(stage: &Stage, org: Uuid, shop: Uuid) -> World {
        let first = |what: &str, table: &str, more: &str| {
            stage.id(&format!(
                "SELECT {what} FROM {table} WHERE org_id = '{org}' {more} ORDER BY 1 LIMIT 1"
            ))
        };
        let here = format!("AND shop_id = '{shop}'");
        let conversation = first("id", "conversations", &here);
        let order = first(
            "order_id",
            "conversations",
            &format!("AND id = '{conversation}'"),
        );
        World {
            shop,
            customer: first(
                "customer_id",
                "conversations",
                &format!("AND id = '{conversation}'"),
            ),
            order,
            line: first("id", "order_lines", &format!("AND order_id = '{order}'")),
            conversation,
            message: first(
                "id",
                "messages",
                &format!("AND conversation_id = '{conversation}'"),
            ),
            attachment: first(
                "id",
                "attachments",
                &format!("AND conversation_id = '{conversation}' AND file_name = 'photo.png'"),
            ),
            membership: first("id", "memberships", "AND role = 'member'"),
            plan: stage.id("SELECT id FROM plans ORDER BY 1 LIMIT 1"),
            endpoint: first(
                "endpoint_id",
                "webhook_secrets",
                "AND endpoint_id IS NOT NULL",
            ),
            secret: first("id", "webhook_secrets", "AND endpoint_id IS NOT NULL"),
            delivery: first("id", "webhook_deliveries", ""),
            subscription: first("id", "webhook_subscriptions", ""),
            event: first("id", "webhook_messages", ""),
        }
    }

    /// Ids that nothing has.
    pub(crate) fn nowhere() -> World {
        let id = Uuid::new_v4;
        World {
            shop: id(),
            customer: id(),
            order: id(),
            line: id(),
            conversation: id(),
            message: id(),
            attachment: id(),
            membership: id(),
            plan: id(),
            endpoint: id(),
            secret: id(),
            delivery: id(),
            subscription: id(),
            event: id(),
        }
    }

    /// The id that a parameter or field of this name stands for.
    pub(crate) fn id(&self, name: &str) -> Uuid {
        let known = self.known(name);
        known.unwrap_or_else(|| panic!("the walk knows no id called {name}"))
    }

    /// The same, where there is such a thing in this world.
    pub(crate) fn known(&self, name: &str) -> Option<Uuid> {
        Some(match name {
            "shop_id" | "shop_ids" => self.shop,
            "customer_id" => self.customer,
            "order_id" => self.order,
            "line_id" => self.line,
            "conversation_id" => self.conversation,
            "message_id" => self.message,
            "attachment_id" | "attachment_ids" => self.attachment,
            "membership_id" | "assignee_id" => self.membership,
            "plan_id" => self.plan,
            "endpoint_id" => self.endpoint,
            "secret_id" => self.secret,
            "delivery_id" => self.delivery,
            "subscription_id" => self.subscription,
            "event_id" => self.event,
            _ => return None,
        })
    }
}

/// An operation of the description.
#[derive(Clone)]
pub(crate) struct Operation {
    pub(crate) id: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) body: Option<Value>,
    /// Name and schema.
    pub(crate) query: Vec<(String, Value)>,
    pub(crate) status: u16,
    pub(crate) answer: Option<Value>,
    pub(crate) for_owners: bool,
}

pub(crate) fn operations() -> Vec<Operation> {
    let document = description();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let parameters = operation["parameters"].as_array().unwrap();
            let responses = operation["responses"].as_object().unwrap();
            let (status, good) = responses
                .iter()
                .find(|(status, _)| status.starts_with('2'))
                .unwrap();
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            let answer = &good["content"]["application/json"]["schema"];
            all.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                body: body.is_object().then(|| resolve(body)),
                query: parameters
                    .iter()
                    .filter(|parameter| parameter["in"] == "query")
                    .map(|p| (p["name"].as_str().unwrap().to_owned(), p["schema"].clone()))
                    .collect(),
                status: status.parse().unwrap(),
                answer: answer.is_object().then(|| answer.clone()),
                for_owners: operation["summary"]
                    .as_str()
                    .unwrap()
                    .ends_with("; for owners"),
            });
        }
    }
    assert!(all.len() > 35, "{}", all.len());
    all
}

impl Operation {
    pub(crate) fn what(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The names in the path.
    pub(crate) fn names(&self) -> Vec<String> {
        let open = self.path.split('{').skip(1);
        open.map(|rest| rest.split_once('}').unwrap().0.to_owned())
            .collect()
    }

    /// The path with each name replaced by what `id` says.
    pub(crate) fn at(&self, id: impl Fn(&str) -> String) -> String {
        self.names().iter().fold(self.path.clone(), |path, name| {
            path.replace(&format!("{{{name}}}"), &id(name))
        })
    }

    pub(crate) fn within(&self, world: &World) -> String {
        self.at(|name| world.id(name).to_string())
    }

    /// A body that is right in every field, about `world`.
    pub(crate) fn full_body(&self, world: &World) -> Option<Value> {
        let properties = self.body.as_ref()?["properties"].as_object().unwrap();
        let fields: Map<String, Value> = properties
            .iter()
            .map(|(name, schema)| (name.clone(), value(name, schema, world)))
            .collect();
        Some(Value::Object(fields))
    }

    pub(crate) fn properties(&self) -> Vec<(String, Value)> {
        let Some(body) = &self.body else {
            return Vec::new();
        };
        let properties = body["properties"].as_object().unwrap();
        properties
            .iter()
            .map(|(name, schema)| (name.clone(), schema.clone()))
            .collect()
    }
}

/// The schema itself, without `null` and references.
pub(crate) fn resolve(schema: &Value) -> Value {
    if let Some(options) = schema["anyOf"].as_array() {
        return resolve(&options[0]);
    }
    match schema["$ref"].as_str() {
        None => schema.clone(),
        Some(path) => {
            let pointer = path.trim_start_matches('#');
            description()
                .pointer(pointer)
                .unwrap_or_else(|| panic!("{path}"))
                .clone()
        }
    }
}

pub(crate) fn is_id(schema: &Value) -> bool {
    let schema = resolve(schema);
    schema["format"] == "uuid" || schema["items"]["format"] == "uuid"
}

fn value(name: &str, schema: &Value, world: &World) -> Value {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let schema = resolve(schema);
    if schema["type"] == "array" {
        let words = &schema["items"]["enum"];
        return match words.as_array() {
            Some(_) => words.clone(),
            None => json!([world.id(name)]),
        };
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.last().unwrap().clone();
    }
    match (schema["type"].as_str().unwrap(), schema["format"].as_str()) {
        ("string", Some("uuid")) => json!(world.id(name)),
        ("string", Some("email")) => json!(format!("walker{number}@example.org")),
        ("string", Some("uri")) => json!(format!("https://hooks.example.com/{number}")),
        ("string", Some("password")) => json!(format!("a secret of the walker's: {number}")),
        ("string", Some("date-time")) => json!("2026-03-05T14:22:10Z"),
        ("string", None) if schema["pattern"] == "^[A-Z]{3}$" => json!("EUR"),
        ("string", None) if schema["pattern"] == "^[0-9a-f]{64}$" => json!("0f".repeat(32)),
        ("string", None) => json!(format!("walked {number}")),
        ("integer", None) => json!(1 + number % 7),
        (kind, format) => panic!("{name}: {kind} {format:?}"),
    }
}

/// Whether `value` is what `schema` says; the message says where not.
pub(crate) fn check(value: &Value, schema: &Value, at: &str) {
    if let Some(options) = schema["anyOf"].as_array() {
        if value.is_null() {
            assert!(
                options.iter().any(|option| option["type"] == "null"),
                "{at} is null"
            );
            return;
        }
        return check(value, &options[0], at);
    }
    let schema = resolve(schema);
    let fits = match schema["type"].as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("{at}: {other}"),
    };
    assert!(fits, "{at}: {value} is no {}", schema["type"]);
    if let Some(words) = schema["enum"].as_array() {
        assert!(words.contains(value), "{at}: {value}");
    }
    match schema["format"].as_str() {
        Some("uuid") => drop(Uuid::try_parse(value.as_str().unwrap()).unwrap()),
        Some("date-time") => {
            chrono::DateTime::parse_from_rfc3339(value.as_str().unwrap()).unwrap();
        }
        _ => {}
    }
    for item in value.as_array().into_iter().flatten() {
        check(item, &schema["items"], at);
    }
    if let Some(fields) = value.as_object() {
        let properties = schema["properties"].as_object().unwrap();
        for name in fields.keys() {
            assert!(
                properties.contains_key(name),
                "{at}: {name} is not described"
            );
        }
        for name in schema["required"].as_array().unwrap() {
            let name = name.as_str().unwrap();
            assert!(fields.contains_key(name), "{at}: {name} is missing");
        }
        for (name, field) in fields {
            check(field, &properties[name], &format!("{at}.{name}"));
        }
    }
}

/// The ids in a text.
pub(crate) fn ids_in(text: &str) -> Vec<Uuid> {
    (0..text.len().saturating_sub(35))
        .filter_map(|at| text.get(at..at + 36))
        .filter(|text| text.as_bytes()[8] == b'-')
        .filter_map(|text| Uuid::try_parse(text).ok())
        .collect()
}
