//! What is over of sign-ins is forgotten, a little at a time, and nothing else is.

use std::time::{Duration, SystemTime};

use weft_embedded::Database;
use weft_server::leftovers::{COUNTERS, ENDED_TOKENS, purge};

use super::signed_in;
use crate::{
    browser::Browser,
    stage::{Stage, accounts, on_stage, until},
};

const MEMBER: &str = "ren@kumo-ceramics.example";

/// Two rows of each kind that `age`, and of which one will be over in an hour.
fn leave(stage: &Stage) {
    let database: &Database = &stage.database;
    let account = format!("(SELECT id FROM auth_accounts WHERE mailbox = '{MEMBER}')");
    let [tokens, counters] = [ENDED_TOKENS, COUNTERS].map(|kept| kept.as_secs());
    for (place, over) in ["-1 minute", "1 hour"].into_iter().enumerate() {
        let key = format!("sha256('{place}')");
        database
            .execute(&format!(
                "INSERT INTO auth_sessions (digest, id, account_id, epoch, created_at, rotated_at, \
                     last_seen_at, remembered, proofs, proved_at, device) \
                 SELECT {key}, gen_random_uuid(), {account}, 0, at, at, now(), true, '{{}}', '{{}}', 'left' \
                 FROM (SELECT now() - interval '30 days' + interval '{over}') AS t (at); \
                 INSERT INTO auth_links (digest, purpose, sent_to, issued_at, expires_at) \
                 VALUES ({key}, 'reset', 'ada@example.com', now() - interval '1 day', now() + interval '{over}'); \
                 INSERT INTO auth_challenges (digest, account_id, epoch, proofs, proved_at, remembered, \
                     opened_at, expires_at) \
                 VALUES ({key}, {account}, 0, '{{}}', '{{}}', false, now() - interval '1 day', \
                     now() + interval '{over}'); \
                 INSERT INTO auth_flows (state_digest, sealed_verifier, organization, started_at) \
                 VALUES ({key}, 'sealed', 'org_1', now() - interval '10 minutes' + interval '{over}'); \
                 INSERT INTO auth_api_tokens (digest, id, account_id, audience, label, scopes, created_at, \
                     expires_at, place) \
                 SELECT {key}, gen_random_uuid(), {account}, '{}', 'left', 'read', now() - interval '90 days', \
                     now() - interval '{tokens} seconds' + interval '{over}', {place} + 10; \
                 INSERT INTO auth_rates (key, even_at, full_at) \
                 SELECT {key}, at, at \
                 FROM (SELECT now() - interval '{counters} seconds' + interval '{over}') AS t (at); \
                 INSERT INTO auth_failures (key, failures, next_at) \
                 VALUES ({key}, 7, now() - interval '{counters} seconds' + interval '{over}')",
                stage.a.id
            ))
            .unwrap();
    }
    // No time opens a lock.
    let locked = "INSERT INTO auth_failures (key, failures, next_at) VALUES (sha256('locked'), 100, '2020-01-01')";
    database.execute(locked).unwrap();
}

/// How many rows of each kind are left, and of how many the time is over.
fn left(stage: &Stage) -> Vec<usize> {
    let kinds = [
        "auth_sessions WHERE device = 'left'",
        "auth_links WHERE sent_to = 'ada@example.com'",
        "auth_challenges",
        "auth_flows",
        "auth_api_tokens WHERE label = 'left'",
        "auth_rates WHERE key IN (sha256('0'), sha256('1'))",
        "auth_failures WHERE failures = 7",
        "auth_failures WHERE failures = 100",
    ];
    let count = |kind| {
        let rows = format!("SELECT FROM {kind}");
        stage.database.query(&rows).unwrap().len()
    };
    kinds.map(count).to_vec()
}

#[test]
fn what_is_over_goes_and_what_is_not_stays() {
    on_stage(async |stage| {
        let mut browser = signed_in(stage, MEMBER).await;
        leave(stage);
        let (accounts, now) = (accounts(&stage.roads), SystemTime::now());
        assert!(!purge(&accounts, now, 100).await.unwrap());
        assert_eq!(left(stage), [1, 1, 1, 1, 1, 1, 1, 1]);
        let later = now + Duration::from_secs(2 * 60 * 60);
        purge(&accounts, later, 100).await.unwrap();
        assert_eq!(left(stage), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert_eq!(browser.visit("/account").await.path, "/account");
        let me = stage.ask(&stage.a.member, "GET", "/api/me", None).await;
        assert_eq!(me.status.as_u16(), 200);
    });
}

#[test]
fn no_turn_forgets_more_than_it_may() {
    on_stage(async |stage| {
        leave(stage);
        let accounts = accounts(&stage.roads);
        let later = SystemTime::now() + Duration::from_secs(2 * 60 * 60);
        assert!(purge(&accounts, later, 1).await.unwrap());
        assert_eq!(left(stage), [1, 1, 1, 1, 1, 1, 1, 1]);
        assert!(purge(&accounts, later, 1).await.unwrap());
        assert_eq!(left(stage), [0, 0, 0, 0, 0, 0, 0, 1]);
        assert!(!purge(&accounts, later, 1).await.unwrap());
    });
}

#[test]
fn the_server_does_so_by_itself() {
    on_stage(async |stage| {
        leave(stage);
        let found = until("what is over is gone", async || left(stage) == [1; 8]);
        tokio::select! {
            () = stage.state.work() => {}
            () = found => {}
        }
        assert_eq!(left(stage), [1; 8]);
        let page = Browser::new(&stage.router).visit("/sign-in").await.status;
        assert_eq!(page.as_u16(), 200);
    });
}
