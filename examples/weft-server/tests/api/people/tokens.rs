//! Tokens that people make for programs: shown once, good for what was chosen, and ended at once.

use std::time::SystemTime;

use serde_json::json;
use uuid::Uuid;
use weft_auth::token::Scope;
use weft_server::token::Permission;

use super::signed_in;
use crate::{
    browser::Browser,
    stage::{Stage, accounts, on_stage, token},
    world::{World, operations},
};

const OWNER: &str = "aiko@kumo-ceramics.example";
const MEMBER: &str = "ren@kumo-ceramics.example";
const TOKENS: &str = "/o/kumo-ceramics/tokens";
const NEW: &str = "/o/kumo-ceramics/tokens/new";

/// Makes a token on the page, and copies it.
async fn made(browser: &mut Browser, permission: &str) -> String {
    browser.visit(NEW).await;
    let fields = [
        ("label", "the importer"),
        ("permission", permission),
        ("days", "30"),
    ];
    let page = browser.submit(NEW, &fields).await;
    assert_eq!(page.status.as_u16(), 200, "{}", page.text);
    let start = "<span class=\"secret code\">";
    page.after(start, "</span>").unwrap().to_owned()
}

async fn status(stage: &Stage, token: &str) -> u16 {
    let me = stage.ask(token, "GET", "/api/me", None).await;
    me.status.as_u16()
}

fn id_of(stage: &Stage, label: &str) -> Uuid {
    stage.id(&format!(
        "SELECT id FROM auth_api_tokens WHERE label = '{label}'"
    ))
}

fn revoke(id: Uuid) -> String {
    format!("{TOKENS}/{id}/revoke")
}

fn account(stage: &Stage, address: &str) -> Uuid {
    stage.id(&format!(
        "SELECT id FROM auth_accounts WHERE mailbox = '{address}'"
    ))
}

fn count(stage: &Stage, table: &str) -> usize {
    let rows = format!("SELECT 1 FROM {table}");
    stage.database.query(&rows).unwrap().len()
}

#[test]
fn a_token_is_shown_once_and_speaks_for_whoever_made_it() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, MEMBER).await;
        let settings = browser.visit("/o/kumo-ceramics/settings").await;
        assert!(settings.text.contains(TOKENS), "{}", settings.text);
        let token = made(&mut browser, "write").await;
        let page = &browser.page;
        assert_eq!(page.headers["cache-control"], "no-store");
        let line = format!("Authorization: Bearer {token}' 'https://localhost:8443/api/me'");
        assert!(page.text.contains(&line), "{}", page.text);
        let list = browser.visit(TOKENS).await.clone();
        for word in ["the importer", "reads and changes", "never used"] {
            assert!(list.text.contains(word), "{word}: {}", list.text);
        }
        assert!(!list.text.contains(&token));
        let me = stage.ask(&token, "GET", "/api/me", None).await.json();
        assert_eq!(me["address"], MEMBER);
        let shops = stage.ask(&token, "GET", "/api/shops", None).await.json();
        assert_eq!(shops["items"].as_array().unwrap().len(), 1, "{shops}");
        let list = browser.visit(TOKENS).await;
        assert!(list.text.contains("last used"), "{}", list.text);
        assert!(!list.text.contains(&token));
        // Nobody else is shown that there is one.
        let mut owner = signed_in(stage, OWNER).await;
        let list = owner.visit(TOKENS).await;
        assert!(!list.text.contains("the importer"), "{}", list.text);
    });
}

#[test]
fn a_token_to_read_changes_nothing() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        let token = made(&mut browser, "read").await;
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let before = stage.everything();
        for operation in operations() {
            let (path, body) = (operation.within(&world), operation.full_body(&world));
            let method = &operation.method;
            let answer = stage.ask(&token, method, &path, body.as_ref()).await;
            let expected = if method == "GET" { 200 } else { 403 };
            assert_eq!(answer.status.as_u16(), expected, "{method} {path}");
        }
        assert_eq!(stage.everything(), before);
    });
}

#[test]
fn a_token_is_of_no_use_once_it_is_revoked_or_has_ended() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        let token = made(&mut browser, "read").await;
        assert_eq!(status(stage, &token).await, 200);
        let path = revoke(id_of(stage, "the importer"));
        assert!(browser.visit(TOKENS).await.actions().contains(&path));
        assert_eq!(browser.submit(&path, &[]).await.path, TOKENS);
        assert_eq!(status(stage, &token).await, 401);
        assert_eq!(count(stage, "auth_api_tokens WHERE label <> 'test'"), 0);

        let token = made(&mut browser, "read").await;
        let ends = "SELECT 1 FROM auth_api_tokens WHERE label = 'the importer' \
                    AND expires_at BETWEEN now() + '29 days' AND now() + '30 days'";
        assert_eq!(stage.database.query(ends).unwrap().len(), 1);
        let end = "UPDATE auth_api_tokens SET expires_at = now() WHERE label = 'the importer'";
        stage.database.execute(end).unwrap();
        assert_eq!(status(stage, &token).await, 401);
        let list = browser.visit(TOKENS).await;
        assert!(list.text.contains(">ended<"), "{}", list.text);
    });
}

#[test]
fn nobody_revokes_a_token_that_is_not_his_own_and_of_this_organisation() {
    on_stage(async |stage| {
        let mut member = signed_in(stage, MEMBER).await;
        let members = made(&mut member, "read").await;
        // The owner is a member of the other organisation too, and has a token there.
        let join = json!({
            "address": OWNER, "display_name": "Aiko", "role": "owner", "shop_ids": null,
        });
        let path = "/api/memberships";
        let joined = stage.ask(&stage.b.owner, "POST", path, Some(&join)).await;
        assert_eq!(joined.status.as_u16(), 201, "{}", joined.text);
        let owner = account(stage, OWNER);
        let (accounts, now) = (accounts(&stage.roads), SystemTime::now());
        let there = token(&accounts, (stage.b.id, owner), Permission::ALL, now).await;
        let theirs = format!(
            "SELECT id FROM auth_api_tokens WHERE audience = '{}'",
            stage.b.id
        );

        let mut browser = signed_in(stage, OWNER).await;
        let before = stage.everything();
        let others = [id_of(stage, "the importer"), Uuid::new_v4()];
        for id in stage.ids(&theirs).into_iter().chain(others) {
            browser.visit(TOKENS).await;
            let page = browser.send(&revoke(id), &[]).await;
            assert_eq!(page.status.as_u16(), 404, "{id}");
        }
        let list = browser.visit(TOKENS).await;
        assert_eq!(list.text.matches("/revoke\"").count(), 1, "{}", list.text);
        assert_eq!(stage.everything(), before);
        for token in [&members, there.expose()] {
            assert_eq!(status(stage, token).await, 200);
        }
    });
}

#[test]
fn a_token_ends_with_the_membership_for_good() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, MEMBER).await;
        let token = made(&mut browser, "write").await;
        assert_eq!(status(stage, &token).await, 200);
        let path = "/api/memberships";
        let world = World::of(stage, stage.a.id, stage.a.shops[0]);
        let gone = format!("{path}/{}", world.membership);
        let gone = stage.ask(&stage.a.owner, "DELETE", &gone, None).await;
        assert_eq!(gone.status.as_u16(), 204, "{}", gone.text);
        assert_eq!(status(stage, &token).await, 401);
        let theirs = format!(
            "auth_api_tokens WHERE account_id = '{}'",
            account(stage, MEMBER)
        );
        assert_eq!(count(stage, &theirs), 0);
        // Whoever is asked back begins anew.
        let back = json!({
            "address": MEMBER, "display_name": "Ren", "role": "member", "shop_ids": null,
        });
        let back = stage.ask(&stage.a.owner, "POST", path, Some(&back)).await;
        assert_eq!(back.status.as_u16(), 201, "{}", back.text);
        assert_eq!(status(stage, &token).await, 401);
        assert_eq!(browser.visit(TOKENS).await.status.as_u16(), 200);
    });
}

#[test]
fn a_token_ends_with_the_account_and_rests_with_it() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, MEMBER).await;
        let token = made(&mut browser, "read").await;
        for (state, expected) in [("suspended", 401), ("active", 200)] {
            let set =
                format!("UPDATE auth_accounts SET state = '{state}' WHERE mailbox = '{MEMBER}'");
            stage.database.execute(&set).unwrap();
            assert_eq!(status(stage, &token).await, expected, "{state}");
        }
        browser.visit("/account/deletion").await;
        browser.submit("/account/deletion", &[]).await;
        assert_eq!(status(stage, &token).await, 401);
        assert_eq!(count(stage, "auth_api_tokens WHERE label <> 'test'"), 0);
    });
}

#[test]
fn who_was_away_for_a_while_proves_again_who_that_is() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        made(&mut browser, "read").await;
        let id = id_of(stage, "the importer");
        let page = browser.visit(TOKENS).await.clone();
        let late = "UPDATE auth_sessions SET proved_at = \
                    (SELECT array_agg(at - interval '11 minutes') FROM unnest(proved_at) AS at)";
        stage.database.execute(late).unwrap();
        let before = stage.everything();
        for (path, fields) in [
            (
                NEW.to_owned(),
                [("label", "x"), ("permission", "read"), ("days", "7")].as_slice(),
            ),
            (revoke(id), &[]),
        ] {
            browser.page = page.clone();
            let answer = browser.send(&path, fields).await;
            let to = answer.headers["location"].to_str().unwrap();
            assert!(to.starts_with("/account/confirm"), "{to}");
        }
        browser.visit(NEW).await;
        assert!(browser.page.path.starts_with("/account/confirm"));
        assert_eq!(browser.visit(TOKENS).await.status.as_u16(), 200);
        assert_eq!(stage.everything(), before);
    });
}

#[test]
fn what_cannot_be_a_token_is_not_made() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        let before = stage.everything();
        let long = "x".repeat(101);
        for (label, permission, days) in [
            ("", "read", "7"),
            ("two\nlines", "read", "7"),
            (&long, "read", "7"),
            ("typed", "admin", "7"),
            ("typed", "read write", "7"),
            ("typed", "read", "8"),
            ("typed", "read", "99999999999999999999"),
        ] {
            browser.visit(NEW).await;
            let fields = [("label", label), ("permission", permission), ("days", days)];
            let page = browser.submit(NEW, &fields).await;
            assert_eq!(page.status.as_u16(), 422, "{fields:?}");
            let kept = label != "typed" || page.text.contains("value=\"typed\"");
            assert!(kept, "{}", page.text);
        }
        assert_eq!(stage.everything(), before);
        // Nobody needs more than 50.
        let many = format!(
            "INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at) \
             SELECT sha256(n::text::bytea), gen_random_uuid(), '{}', '{}', 'many', 'read', now() \
             FROM generate_series(1, 49) n",
            account(stage, OWNER),
            stage.a.id
        );
        stage.database.execute(&many).unwrap();
        browser.visit(NEW).await;
        let fields = [("label", "one more"), ("permission", "read"), ("days", "7")];
        let page = browser.submit(NEW, &fields).await;
        assert_eq!(page.status.as_u16(), 409, "{}", page.text);
        assert_eq!(count(stage, "auth_api_tokens WHERE label = 'one more'"), 0);
    });
}
