//! Tokens that people make for programs: shown once, good for what was chosen, and ended at once.

use std::time::SystemTime;

use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;
use weft_auth::token::Scope;
use weft_embedded::Database;
use weft_server::token::{New, Permission, Scopes};

use super::{signed_in, spend};
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
            let looks = method == "GET" || path.ends_with("/link");
            let expected = if looks { 200 } else { 403 };
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
            "INSERT INTO auth_api_tokens \
                 (digest, id, account_id, audience, label, scopes, created_at, place) \
             SELECT sha256(n::text::bytea), gen_random_uuid(), '{}', '{}', 'many', 'read', now(), n \
             FROM generate_series(2, 50) n",
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

/// Whoever gets into a session for a moment is not to stay by a token that nobody knows of.
#[test]
fn what_is_made_and_revoked_is_mailed_to_its_owner_and_written_down() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, OWNER).await;
        let mails = stage.mail_of(OWNER).await.len();
        let written = |code| {
            let those = format!("auth_audit WHERE get_byte(body, 9) = {code}");
            count(stage, &those)
        };
        let token = made(&mut browser, "write").await;
        let letters = stage.mail_of(OWNER).await;
        assert_eq!(letters.len(), mails + 1);
        assert!(
            letters[0].subject.contains("An API token was made"),
            "{letters:?}"
        );
        assert!(!letters[0].text.contains(&token));
        assert_eq!([written(15), written(16)], [1, 0]);
        browser.visit(TOKENS).await;
        let path = revoke(id_of(stage, "the importer"));
        browser.submit(&path, &[]).await;
        let letters = stage.mail_of(OWNER).await;
        assert_eq!(letters.len(), mails + 2);
        let subject = &letters[0].subject;
        assert!(subject.contains("An API token was revoked"), "{letters:?}");
        assert_eq!([written(15), written(16)], [1, 1]);
        // What is refused is neither.
        browser.visit(TOKENS).await;
        browser.send(&path, &[]).await;
        assert_eq!(stage.mail_of(OWNER).await.len(), mails + 2);
        assert_eq!([written(15), written(16)], [1, 1]);
    });
}

#[test]
fn a_reset_of_the_password_ends_every_token() {
    on_stage(async |stage| {
        let mut thief = signed_in(stage, MEMBER).await;
        let token = made(&mut thief, "write").await;
        let mut others = signed_in(stage, OWNER).await;
        let other = made(&mut others, "read").await;
        let mut browser = Browser::new(&stage.router);
        browser.visit("/reset").await;
        browser.submit("/reset", &[("email", MEMBER)]).await;
        let link = stage.link_of(MEMBER).await;
        browser.visit(&link).await;
        assert_eq!(status(stage, &token).await, 200);
        let chosen = [("password", "velvet harbour compass")];
        spend(&mut browser, &link, &chosen).await;
        assert_eq!(browser.page.status.as_u16(), 200, "{:?}", browser.page);
        assert_eq!(status(stage, &token).await, 401);
        assert_eq!(status(stage, &other).await, 200);
        // Who is signed in and chooses another one knows what was made.
        let token = made(&mut browser, "read").await;
        browser.visit("/account/password").await;
        let chosen = [("password", "compass harbour velvet")];
        let page = browser.submit("/account/password", &chosen).await;
        assert_eq!(page.path, "/account", "{page:?}");
        assert_eq!(status(stage, &token).await, 200);
    });
}

#[test]
fn nobody_has_more_than_fifty_however_many_are_made_at_once() {
    on_stage(async |stage| {
        let (owner, now) = (account(stage, OWNER), SystemTime::now());
        let accounts = accounts(&stage.roads);
        let scopes = Scopes::new([Permission::Read]);
        let make = async |_| {
            let new = New {
                account: owner.into(),
                audience: Some(stage.a.id),
                session: None,
                label: "at once",
                scopes: &scopes,
                lifetime: None,
            };
            accounts.tokens().issue(new, now).await.is_ok()
        };
        let made = join_all((0..60).map(make)).await;
        // One is there from before.
        assert_eq!(made.iter().filter(|made| **made).count(), 49);
        let all = format!(
            "auth_api_tokens WHERE account_id = '{owner}' AND audience = '{}'",
            stage.a.id
        );
        assert_eq!(count(stage, &all), 50);
    });
}

/// As on Citus, where what is on one node refers to nothing that is on many.
#[test]
fn a_token_ends_with_the_membership_where_no_foreign_key_says_so() {
    on_stage(async |stage| {
        let database: &Database = &stage.database;
        let alone = include_str!("../../../migrations/citus.sql");
        let alone = alone.lines().find(|line| line.starts_with("ALTER TABLE"));
        database.execute(alone.unwrap()).unwrap();
        let theirs = format!(
            "auth_api_tokens WHERE account_id = '{}' AND audience = '{}'",
            account(stage, MEMBER),
            stage.a.id
        );
        let path = "/api/memberships";
        let back = json!({
            "address": MEMBER, "display_name": "Ren", "role": "member", "shop_ids": null,
        });
        let back = async || {
            let back = stage.ask(&stage.a.owner, "POST", path, Some(&back)).await;
            assert_eq!(back.status.as_u16(), 201, "{}", back.text);
        };
        let gone = async || {
            let ids = format!("SELECT id FROM memberships WHERE address = '{MEMBER}'");
            let one = format!("{path}/{}", stage.id(&ids));
            let gone = stage.ask(&stage.a.owner, "DELETE", &one, None).await;
            assert_eq!(gone.status.as_u16(), 204, "{}", gone.text);
        };
        let mut browser = signed_in(stage, MEMBER).await;
        let token = made(&mut browser, "write").await;
        gone().await;
        assert_eq!(count(stage, &theirs), 0);
        back().await;
        assert_eq!(status(stage, &token).await, 401);

        // What was made while the membership ended is of no use either, whoever asks back and how.
        let left = async || {
            let member = (stage.a.id, account(stage, MEMBER));
            let accounts = accounts(&stage.roads);
            let now = SystemTime::now();
            let left = self::token(&accounts, member, Permission::ALL, now);
            left.await.expose().to_owned()
        };
        gone().await;
        let token = left().await;
        assert_eq!(status(stage, &token).await, 401);
        back().await;
        assert_eq!(status(stage, &token).await, 401);
        assert_eq!(count(stage, &theirs), 0);
        gone().await;
        let token = left().await;
        let mut owner = signed_in(stage, OWNER).await;
        let invite = "/o/kumo-ceramics/members/invite";
        owner.visit(invite).await;
        let fields = [
            ("address", MEMBER),
            ("display_name", "Ren"),
            ("access", "all"),
        ];
        owner.submit(invite, &fields).await;
        stage.after_a_while();
        let link = stage.link_of(MEMBER).await;
        browser.visit(&link).await;
        spend(&mut browser, &link, &[]).await;
        assert_eq!(browser.visit(TOKENS).await.status.as_u16(), 200, "{link}");
        assert_eq!(status(stage, &token).await, 401);
        assert_eq!(count(stage, &theirs), 0);

        // Who is one already and is asked again keeps what is his.
        let token = left().await;
        let again = json!({
            "address": MEMBER, "display_name": "Ren", "role": "member", "shop_ids": null,
        });
        let again = stage.ask(&stage.a.owner, "POST", path, Some(&again)).await;
        assert_eq!(again.status.as_u16(), 409, "{}", again.text);
        assert_eq!(status(stage, &token).await, 200);

        // And who leaves leaves nothing.
        let mut owner = signed_in(stage, OWNER).await;
        let token = made(&mut owner, "read").await;
        let [own, members] = [OWNER, MEMBER].map(|address| {
            stage.id(&format!(
                "SELECT id FROM memberships WHERE address = '{address}' AND org_id = '{}'",
                stage.a.id
            ))
        });
        database
            .execute(&format!(
                "UPDATE memberships SET role = 'owner' WHERE id = '{members}'"
            ))
            .unwrap();
        let one = format!("/o/kumo-ceramics/members/{own}");
        owner.visit(&one).await;
        owner.submit(&format!("{one}/remove"), &[]).await;
        assert_eq!(status(stage, &token).await, 401);
        let theirs = format!(
            "auth_api_tokens WHERE account_id = '{}'",
            account(stage, OWNER)
        );
        assert_eq!(count(stage, &theirs), 0);
    });
}
