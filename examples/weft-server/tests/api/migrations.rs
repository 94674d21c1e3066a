//! What is there when a version of the schema comes.

use std::borrow::Cow;

use weft_embedded::TestDatabase;
use weft_server::migrate::migrations;

use crate::stage::cluster;

const ORG: &str = "00000000-0000-4000-8000-00000000000a";
const USER: &str = "00000000-0000-4000-8000-00000000000b";

/// A database of those versions.
fn after(versions: &[(&str, Cow<'_, str>)]) -> TestDatabase {
    let text: String = versions.iter().map(|(_, text)| &**text).collect();
    let name = versions.last().map_or("", |(name, _)| name);
    let template = cluster().template(&format!("weft-server-{name}"), &text, |database| {
        database.execute(&text)?;
        Ok(())
    });
    template.unwrap().database().unwrap()
}

/// An organisation with a member.
fn a_member() -> String {
    format!(
        "INSERT INTO organizations (id, slug, name, plan_id) \
             SELECT '{ORG}', 'one', 'One', id FROM plans LIMIT 1; \
         INSERT INTO auth_accounts (id, mailbox, state, break_glass) \
             VALUES ('{USER}', 'ada@example.com', 'active', false); \
         INSERT INTO memberships (org_id, id, user_id, role, all_shops, display_name, address) \
             VALUES ('{ORG}', gen_random_uuid(), '{USER}', 'owner', true, 'Ada', 'ada@example.com');"
    )
}

#[test]
fn tokens_of_programs_stay_good() {
    let all = migrations();
    let at = all.iter().position(|(name, _)| *name == "0012_api_tokens");
    let (before, now) = all.split_at(at.unwrap());
    let database = after(before);
    let digest = "7".repeat(64);
    database
        .execute(&format!(
            "{} \
             INSERT INTO api_tokens (digest, user_id, org_id, label, expires_at) \
                 VALUES (decode('{digest}', 'hex'), '{USER}', '{ORG}', 'of before', now() + '1 day')",
            a_member()
        ))
        .unwrap();
    for (_, text) in now {
        database.execute(text).unwrap();
    }
    let kept = "SELECT encode(digest, 'hex'), account_id, audience, label, scopes, \
                expires_at > created_at FROM auth_api_tokens";
    let kept = database.query(kept).unwrap();
    let kept: Vec<_> = kept[0]
        .iter()
        .map(|cell| cell.as_deref().unwrap())
        .collect();
    assert_eq!(kept, [&*digest, USER, ORG, "of before", "read write", "t"]);
    database.execute("DELETE FROM memberships").unwrap();
    let left = database.query("SELECT 1 FROM auth_api_tokens").unwrap();
    assert!(left.is_empty());
}

#[test]
fn identities_of_before_are_linked_since_then_at_the_latest() {
    let all = migrations();
    let database = after(&all);
    database
        .execute(&format!(
            "ALTER TABLE auth_identities DROP COLUMN since; \
             REVOKE DELETE ON auth_domains, auth_connections FROM weft_auth; \
             INSERT INTO auth_accounts (id, mailbox, state, break_glass) \
                 VALUES ('{USER}', 'ada@example.com', 'active', false); \
             INSERT INTO auth_identities VALUES ('conn_1', 'idp_1', 'org_1', 'ada@example.com', '{USER}')"
        ))
        .unwrap();
    let (_, identities) = all
        .iter()
        .find(|(name, _)| *name == "0015_identities")
        .unwrap();
    database.execute(identities).unwrap();
    let kept = "SELECT bool_and(since <= now()), has_table_privilege('weft_auth', 'auth_domains', 'DELETE') \
                FROM auth_identities";
    let kept = database.query(kept).unwrap();
    assert_eq!(kept[0], [Some("t".to_owned()), Some("t".to_owned())]);
}

#[test]
fn tokens_of_before_have_places() {
    let all = migrations();
    let database = after(&all);
    database
        .execute(&format!(
            "ALTER TABLE auth_api_tokens DROP COLUMN place, DROP COLUMN epoch; \
             ALTER TABLE auth_accounts DROP COLUMN token_epoch; \
             {} \
             INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at) \
                 SELECT sha256(n::text::bytea), gen_random_uuid(), '{USER}', '{ORG}', 'of before', 'read', now() \
                 FROM generate_series(1, 3) AS n",
            a_member()
        ))
        .unwrap();
    let (_, places) = all.last().unwrap();
    // Twice is as good as once.
    database.execute(&format!("{places}{places}")).unwrap();
    let kept = "SELECT string_agg(place::text, ' ' ORDER BY place), bool_and(epoch = 0) FROM auth_api_tokens";
    let kept = database.query(kept).unwrap();
    assert_eq!(kept[0], [Some("1 2 3".to_owned()), Some("t".to_owned())]);
    let taken = "INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at, place) \
                 SELECT sha256('4'), gen_random_uuid(), account_id, audience, label, scopes, created_at, place \
                 FROM auth_api_tokens WHERE place = 1";
    assert!(database.execute(taken).is_err(), "a place is one token's");
}
