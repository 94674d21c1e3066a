//! What each statement of the outbox does and refuses to do.

use std::sync::Arc;
use std::time::Duration;

use diesel::{OptionalExtension, QueryDsl};
use futures_util::future::join_all;
use uuid::Uuid;
use weft_tenancy::Scope;
use weft_webhooks::outbox::{self, Message, webhook_attempts as a, webhook_messages as m};

use super::store::{ENDPOINT, LEASE, ORGS, STORE, Store, at, id};

const SUBSCRIPTION: Uuid = ENDPOINT;

macro_rules! enqueued {
    ($conn:expr, $id:expr, $seconds:expr) => {
        let message = outbox::enqueue($id, SUBSCRIPTION, "order.paid", b"{}", at($seconds));
        assert!(settled!(message, $conn))
    };
}

macro_rules! claimed {
    ($conn:expr, $seconds:expr, $limit:expr) => {{
        let claim = outbox::claim_due(at($seconds), LEASE, $limit);
        go!(claim.load::<Message>(&mut $conn)).unwrap()
    }};
}

both_stores!(a_message_is_claimed_when_it_is_due_and_once, |db, conn| {
    let id = id();
    enqueued!(conn, id, 10);
    assert!(claimed!(conn, 9, 10).is_empty());
    let message = claimed!(conn, 10, 10).pop().unwrap();
    assert_eq!(
        (message.id(), message.subscription_id()),
        (id, SUBSCRIPTION)
    );
    assert_eq!(
        (message.event_type(), message.body()),
        ("order.paid", &b"{}"[..])
    );
    assert_eq!((message.attempts(), message.created_at()), (1, at(10)));
    assert!(!format!("{message:?}").contains("{}"));
    assert!(claimed!(conn, 69, 10).is_empty());
    assert_eq!(claimed!(conn, 70, 10)[0].attempts(), 2);
});

both_stores!(the_oldest_are_claimed_up_to_the_limit, |db, conn| {
    let ids = [3, 1, 2].map(|seconds| (seconds, id()));
    for (seconds, id) in ids {
        enqueued!(conn, id, seconds);
    }
    let mut first: Vec<Uuid> = claimed!(conn, 9, 2).iter().map(Message::id).collect();
    first.sort();
    let mut oldest = [ids[1].1, ids[2].1];
    oldest.sort();
    assert_eq!(first, oldest);
    assert_eq!(claimed!(conn, 9, 2)[0].id(), ids[0].1);
});

both_stores!(a_message_is_sent_until_it_is_delivered, |db, conn| {
    enqueued!(conn, id(), 0);
    let message = claimed!(conn, 0, 1).pop().unwrap();
    let log = outbox::log_attempt(&message, at(0), Duration::from_millis(7), None, "timeout");
    go!(log.execute(&mut conn)).unwrap();
    assert!(settled!(outbox::retry_at(&message, at(5)), conn));
    assert!(!settled!(outbox::retry_at(&message, at(5)), conn));
    assert!(claimed!(conn, 4, 1).is_empty());
    let message = claimed!(conn, 5, 1).pop().unwrap();
    let log = outbox::log_attempt(&message, at(5), Duration::MAX, Some(204), "delivered");
    go!(log.execute(&mut conn)).unwrap();
    assert!(settled!(outbox::delivered(&message, at(6)), conn));
    assert!(!settled!(outbox::delivered(&message, at(6)), conn));
    assert!(claimed!(conn, 9999, 1).is_empty());
    let log = a::table.order(a::number);
    let log = log.select((a::number, a::duration_ms, a::status, a::outcome));
    let log: Vec<(i32, i32, Option<i32>, String)> = go!(log.load(&mut conn)).unwrap();
    let expected = [
        (1, 7, None, "timeout".to_owned()),
        (2, i32::MAX, Some(204), "delivered".to_owned()),
    ];
    assert_eq!(log, expected);
});

both_stores!(
    what_was_given_up_is_sent_again_only_by_replay,
    |db, conn| {
        enqueued!(conn, id(), 0);
        let message = claimed!(conn, 0, 1).pop().unwrap();
        assert!(!settled!(outbox::replay(message.id(), at(1)), conn));
        assert!(settled!(outbox::gave_up(&message, at(1)), conn));
        assert!(claimed!(conn, 9999, 1).is_empty());
        assert!(settled!(outbox::replay(message.id(), at(2)), conn));
        assert!(!settled!(outbox::replay(message.id(), at(2)), conn));
        assert!(!settled!(outbox::delivered(&message, at(3)), conn));
        assert_eq!(claimed!(conn, 3, 1)[0].attempts(), 2);
    }
);

both_stores!(
    a_message_that_was_taken_over_cannot_be_settled,
    |db, conn| {
        enqueued!(conn, id(), 0);
        let lost = claimed!(conn, 0, 1).pop().unwrap();
        let held = claimed!(conn, 60, 1).pop().unwrap();
        assert!(!settled!(outbox::delivered(&lost, at(61)), conn));
        assert!(!settled!(outbox::gave_up(&lost, at(61)), conn));
        assert!(!settled!(outbox::retry_at(&lost, at(61)), conn));
        // Both attempts were made, and are on record.
        for message in [&lost, &held] {
            let log = outbox::log_attempt(message, at(61), LEASE, Some(200), "delivered");
            go!(log.execute(&mut conn)).unwrap();
        }
        assert!(settled!(outbox::delivered(&held, at(61)), conn));
    }
);

both_stores!(
    only_what_was_settled_before_is_forgotten_with_its_log,
    |db, conn| {
        for _ in 0..3 {
            enqueued!(conn, id(), 0);
        }
        let messages = claimed!(conn, 0, 2);
        for message in &messages {
            let log = outbox::log_attempt(message, at(0), LEASE, Some(200), "delivered");
            go!(log.execute(&mut conn)).unwrap();
        }
        assert!(settled!(outbox::delivered(&messages[0], at(10)), conn));
        assert!(settled!(outbox::gave_up(&messages[1], at(20)), conn));
        for (before, limit, left) in [(10, 9, (3, 2)), (99, 1, (2, 1)), (99, 9, (1, 0))] {
            go!(outbox::forget(at(before), limit).execute(&mut conn)).unwrap();
            let rows: i64 = go!(m::table.count().get_result(&mut conn)).unwrap();
            let log: i64 = go!(a::table.count().get_result(&mut conn)).unwrap();
            assert_eq!((rows, log), left);
        }
    }
);

both_stores!(
    /// The same message id in both.
    organisations_do_not_meet,
    |db, conn| {
        let shared = id();
        enqueued!(conn, shared, 0);
        let theirs = {
            use diesel::RunQueryDsl as Sync;
            let mut other = db.org(Scope::org(ORGS[1]));
            let message = outbox::enqueue(shared, SUBSCRIPTION, "order.paid", b"[]", at(0));
            Sync::execute(message, &mut other).unwrap();
            let claim = outbox::claim_due(at(0), LEASE, 9);
            Sync::load::<Message>(claim, &mut other).unwrap()
        };
        assert_eq!(theirs.len(), 1);
        let ours = claimed!(conn, 0, 9);
        assert_eq!((ours.len(), ours[0].body()), (1, &b"{}"[..]));
        assert!(settled!(outbox::delivered(&ours[0], at(1)), conn));
        go!(outbox::forget(at(99), 9).execute(&mut conn)).unwrap();
        assert_eq!(db.value("SELECT string_agg(state, ',') FROM webhook_messages"), "pending");
    }
);

#[test]
fn a_role_that_sees_no_message_can_say_who_has_work() {
    use diesel::RunQueryDsl;
    let db = Store::new();
    // More of one organisation's hide nobody else's.
    for (org, seconds) in [(ORGS[0], 1), (ORGS[1], 0), (ORGS[1], 0), (ORGS[1], 0)] {
        let message = outbox::enqueue(id(), SUBSCRIPTION, "order.paid", b"{}", at(seconds));
        message.execute(&mut db.org(Scope::org(org))).unwrap();
    }
    let mut auth = db.connect("auth");
    let mut waiting = |seconds, limit| -> Vec<Uuid> {
        outbox::waiting(at(seconds), limit).load(&mut auth).unwrap()
    };
    assert_eq!(waiting(1, 9), [ORGS[1], ORGS[0]]);
    assert_eq!(waiting(1, 1), [ORGS[1]]);
    assert_eq!(waiting(0, 9), [ORGS[1]]);
    assert!(m::table.select(m::body).load::<Vec<u8>>(&mut auth).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_workers_share_the_messages_and_none_gets_two_claims() {
    use diesel_async::RunQueryDsl;
    let db = Arc::new(Store::new());
    let mut conn = db.org_async(Scope::org(ORGS[0])).await;
    for _ in 0..200 {
        let message = outbox::enqueue(id(), SUBSCRIPTION, "order.paid", b"{}", at(0));
        message.execute(&mut conn).await.unwrap();
    }
    let workers = (0..16).map(|_| {
        let db = Arc::clone(&db);
        tokio::spawn(async move {
            let inner = Box::new(db.connect_async("app").await);
            let mut conn = db.scoped_async(inner, &STORE, Scope::org(ORGS[0]));
            let mut sizes = Vec::new();
            loop {
                let claim = outbox::claim_due(at(0), LEASE, 7);
                let claimed: Vec<Message> = claim.load(&mut conn).await.unwrap();
                sizes.push(claimed.len());
                if claimed.is_empty() {
                    return sizes;
                }
            }
        })
    });
    let sizes: Vec<usize> = join_all(workers)
        .await
        .into_iter()
        .flat_map(Result::unwrap)
        .collect();
    assert!(sizes.iter().all(|size| *size <= 7), "{sizes:?}");
    assert_eq!(sizes.iter().sum::<usize>(), 200);
    assert_eq!(db.value("SELECT max(attempts) FROM webhook_messages"), "1");
}
