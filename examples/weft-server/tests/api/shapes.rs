//! What the server sends has the shape that Citus routes to one shard: every tenant table under the
//! one bind of the organisation, and nothing that its workers would refuse. The texts are taken off
//! the wire while the demo is seeded and every route is walked.

use std::collections::BTreeSet;

use weft_server::{
    config,
    roads::{Addresses, Roads},
    schema::TENANCY,
    seed,
};
use weft_tests::Tap;

use crate::{
    stage::{Stage, on_stage, router},
    webhooks::{
        records::{customer, intent, order, refund, stripe},
        sender::{Endpoint, deliver},
    },
    world::{World, operations},
};

#[test]
fn every_statement_of_a_scope_can_be_routed() {
    on_stage(async |stage| {
        let tap = Tap::new(&stage.database.url("weft_app"));
        let texts = walked(stage, &tap).await;
        let tenants = texts.iter().filter(|text| !tables(text).is_empty()).count();
        assert!(tenants > 40, "{tenants} statements reach tenants' tables");
        let problems: Vec<_> = texts.iter().flat_map(|text| problems(text)).collect();
        assert!(problems.is_empty(), "{}", problems.join("\n"));
    });
}

/// The statements that the app road sends for a second seeding and for every route.
async fn walked(stage: &Stage, tap: &Tap) -> BTreeSet<String> {
    let addresses = Addresses {
        app: tap.url().to_owned(),
        ..config::addresses(&stage.database)
    };
    let roads = Roads::open(&addresses).await.unwrap();
    tap.take();
    seed::seed(&roads).await.unwrap();
    let stage = Stage::over(stage, router(roads));
    let world = World::of(&stage, stage.a.id, stage.a.shops[0]);
    for operation in operations() {
        let (path, body) = (operation.within(&world), operation.full_body(&world));
        for token in [&stage.a.member, &stage.a.owner] {
            stage
                .ask(token, &operation.method, &path, body.as_ref())
                .await;
        }
    }
    let (token, shop) = (&stage.a.owner, Some(stage.a.shops[1]));
    let at = "2026-11-23T15:00:00Z";
    let paid = intent("pi_1", "succeeded");
    for (provider, body) in [
        ("shopify", order(1, at).to_string()),
        ("shopify", order(1, "2026-11-23T16:00:00Z").to_string()),
        ("shopify", customer(2, "new@example.com", at).to_string()),
        ("shopify", refund(3, 1, "20").to_string()),
        (
            "stripe",
            stripe("payment_intent.succeeded", 1, &paid).to_string(),
        ),
        ("slack", "command=%2Fweft&text=order+%23W1".to_owned()),
        ("slack", "command=%2Fweft&text=open+Hello".to_owned()),
    ] {
        let endpoint = Endpoint::make(&stage.router, token, provider, shop).await;
        let answer = deliver(&stage.router, endpoint.request(body)).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    }
    let sent = tap.take().sent.into_iter();
    sent.filter_map(|message| message.strip_prefix("Parse ").map(str::to_owned))
        .collect()
}

/// The words of a text: names without their quotes, binds, punctuation.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            '\'' => rest[1..].find('\'').map_or(rest.len(), |end| end + 2),
            c if c.is_alphanumeric() || c == '_' || c == '$' => rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .unwrap_or(rest.len()),
            c => c.len_utf8(),
        };
        words.push(rest[..length].trim_matches('"').to_owned());
        rest = rest[length..].trim_start();
    }
    words
}

/// The tenants' tables that a text reads or writes, under the names that they have there.
fn tables(text: &str) -> Vec<(String, &'static str)> {
    let words = words(text);
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        let Some(org) = TENANCY
            .table(None, word)
            .and_then(|table| table.org_column())
        else {
            continue;
        };
        let before = at
            .checked_sub(1)
            .map_or("", |before| words[before].as_str());
        if ["FROM", "JOIN", "UPDATE", "USING", ","].contains(&before)
            && words.get(at + 1).is_none_or(|after| after != ".")
            && !(before == ","
                && words
                    .get(at + 1)
                    .is_some_and(|after| after == "," || after == ")"))
        {
            let alias = match words.get(at + 1).map(String::as_str) {
                Some("AS") => &words[at + 2],
                _ => word,
            };
            found.push((alias.clone(), org));
        }
    }
    found
}

fn problems(text: &str) -> Vec<String> {
    let words = words(text);
    let mut problems = Vec::new();
    let mut binds = BTreeSet::new();
    for (name, org) in tables(text) {
        let guard = [name.as_str(), ".", org, "="];
        let bind = words
            .windows(5)
            .find(|window| window[..4] == guard && window[4].starts_with('$'));
        match bind {
            Some(window) => drop(binds.insert(window[4].clone())),
            None => problems.push(format!("{name} has no guard: {text}")),
        }
    }
    if binds.len() > 1 {
        problems.push(format!("organisations in several binds: {text}"));
    }
    let upsert = text.split_once("DO UPDATE SET").map_or("", |(_, set)| set);
    for volatile in ["now(", "clock_timestamp(", "random(", "gen_random_uuid("] {
        if upsert.contains(volatile) || (volatile != "now(" && text.contains(volatile)) {
            problems.push(format!("{volatile}) where the workers refuse it: {text}"));
        }
    }
    if text.contains("SET \"org_id\"") || text.starts_with("MERGE") {
        problems.push(format!("moves rows: {text}"));
    }
    if let Some((_, values)) = text.split_once(" VALUES ")
        && text.starts_with("INSERT")
        && values.contains("SELECT")
    {
        problems.push(format!("a subquery in VALUES: {text}"));
    }
    problems
}

#[test]
fn a_text_of_another_shape_is_seen() {
    for text in [
        "SELECT 1 FROM \"orders\" WHERE \"orders\".\"id\" = $1",
        "SELECT 1 FROM orders AS o JOIN shops ON true WHERE o.org_id = $1",
        "SELECT 1 FROM orders, shops WHERE orders.org_id = $1 AND shops.org_id = $2",
        "UPDATE orders SET name = random() WHERE orders.org_id = $1",
        "INSERT INTO shops (id) VALUES ((SELECT 1))",
        "INSERT INTO shops (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET updated_at = now()",
    ] {
        assert_eq!(problems(text).len(), 1, "{text}");
    }
}
