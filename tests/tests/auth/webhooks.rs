//! From a webhook of WorkOS to the tables: signed, verified, applied, in whatever order.

use std::time::SystemTime;

use weft_auth::postgres::PgStore;
use weft_auth::sso::fake::{Fake, Mishap, Webhook};
use weft_auth::sso::{ConnectionId, ConnectionState, Directory, Event};
use weft_auth::store::{DirectoryStore, SessionStore};
use weft_tests::auth::Tables;
use weft_tests::auth::lent::SyncPool;
use weft_tests::auth::race::now;
use weft_webhooks::{Scheme, Secret, Verifier};

use super::stage::{Stage, run};

const SECRET: &str = "4kq0yS1cVdZb7uWm2LxT9fGhJ3nR8pEa";

/// What was verified is applied, and the sessions that end are counted; the others are refused.
fn receive(store: &PgStore<SyncPool>, webhooks: Vec<Webhook>, at: SystemTime) -> Vec<Option<u64>> {
    let secret = Secret::new("2026-11", SECRET).unwrap();
    let verifier = Verifier::new(Scheme::workos(), [secret]).unwrap();
    let directory = Directory::new(store.clone());
    let receive = |webhook: Webhook| {
        let verified = verifier.verify(&webhook.headers, webhook.body, at).ok()?;
        let event = Event::parse(verified.body()).unwrap();
        Some(run(directory.apply(&event)).unwrap().sessions)
    };
    webhooks.into_iter().map(receive).collect()
}

#[test]
fn a_webhook_ends_sessions_whatever_befalls_it() {
    for (mishap, told) in [
        (None, vec![Some(0), Some(1)]),
        (Some(Mishap::Reordered), vec![Some(1), Some(0)]),
        (
            Some(Mishap::Duplicated),
            vec![Some(0), Some(0), Some(1), Some(0)],
        ),
        (Some(Mishap::BadSignature), vec![None, None]),
        (Some(Mishap::Altered), vec![None, None]),
        (Some(Mishap::Late), vec![None, None]),
    ] {
        let tables = Tables::new();
        let store = tables.pooled();
        let stage = Stage::new(&store);
        let digest = stage.session.digest();

        let fake = Fake::new("client_1", "sk_test_1", now());
        fake.connect("conn_1", "org_1", &["acme.example"]);
        fake.set_connection("conn_1", ConnectionState::Inactive);
        if let Some(mishap) = mishap {
            fake.mishap_next(mishap);
        }
        let received = receive(&store, fake.deliver(SECRET), now());
        assert_eq!(received, told, "{mishap:?}");

        let is_refused = told.contains(&None);
        let id = ConnectionId::new("conn_1").unwrap();
        let kept = run(store.connection(&id)).unwrap();
        let state = kept.map(|kept| kept.state());
        let expected = (!is_refused).then_some(ConnectionState::Inactive);
        assert_eq!(state, expected, "{mishap:?}");
        let left = run(store.find_session(&digest)).unwrap();
        assert_eq!(left.is_some(), is_refused, "{mishap:?}");
    }
}
