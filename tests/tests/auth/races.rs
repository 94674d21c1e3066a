//! Races that the suite for every store has not.

use std::thread;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use uuid::Uuid;
use weft_auth::Mailbox;
use weft_auth::postgres::PgStore;
use weft_auth::store::{AccountStore, SecondFactorStore, SessionStore};
use weft_auth::testkit::{Race, Threads};
use weft_auth::token::{Challenge, Session, Token};
use weft_auth::totp::RecoveryCode;
use weft_tests::auth::lent::One;
use weft_tests::auth::race::now;
use weft_tests::auth::{Tables, keys};

use super::stage::{Stage, account, begun, owed, run};

const RACERS: usize = 16;

/// Of two sets neither statement sees the other's rows.
#[test]
fn of_all_sets_of_recovery_codes_at_once_one_is_in_force() {
    let tables = Tables::new();
    let store = tables.pooled();
    let id = Stage::new(&store).account.id;
    for round in 0..5 {
        let sets: Vec<_> = (0..RACERS)
            .map(|_| {
                RecoveryCode::generate_set()
                    .unwrap()
                    .map(|code| code.digest())
            })
            .collect();
        let racers = sets.iter().map(|set| {
            let (store, set) = (store.clone(), *set);
            async move { store.replace_recovery_codes(id, &set).await.unwrap() }
        });
        let replaced = run(Threads.race(racers.collect()));
        assert_eq!(replaced, [true; RACERS]);
        let in_force = sets.iter().filter(|set| {
            let used = set.map(|code| run(store.consume_recovery_code(id, &code)).unwrap());
            assert!(used == [true; 10] || used == [false; 10], "{used:?}");
            used[0]
        });
        assert_eq!(in_force.count(), 1, "round {round}");
    }
}

/// It is free when the statement looks, and taken when the statement writes.
#[test]
fn a_mailbox_that_somebody_gets_meanwhile_is_not_changed_to() {
    let tables = Tables::new();
    let store = tables.pooled();
    let [owner, other] = ["ada@example.com", "eve@example.com"].map(account);
    for account in [&owner, &other] {
        assert!(run(store.create_account(account)).unwrap());
    }
    let to = Mailbox::parse("free@example.com").unwrap();
    let mut meanwhile = PgConnection::establish(&tables.url("postgres")).unwrap();
    let change = "BEGIN; UPDATE auth_accounts SET mailbox = 'free@example.com'
                  WHERE mailbox = 'eve@example.com'";
    meanwhile.batch_execute(change).unwrap();
    let changed = thread::scope(|scope| {
        let changed = scope.spawn(|| run(store.change_mailbox(owner.id, &owner.mailbox, &to)));
        while !changed.is_finished() && tables.value(WAITING) == "0" {
            thread::yield_now();
        }
        meanwhile.batch_execute("COMMIT").unwrap();
        changed.join().unwrap()
    });
    assert!(!changed.unwrap());
    assert_eq!(run(store.account(owner.id)).unwrap(), Some(owner));
}

/// A statement that deletes sees no row that another one is about to commit, and waits for none.
#[test]
fn a_session_that_begins_while_its_password_is_replaced_is_not_found() {
    let tables = Tables::new();
    let store = tables.pooled();
    let [replaced, suspended] = ["ada@example.com", "eve@example.com"].map(account);
    for owner in [&replaced, &suspended] {
        assert!(run(store.create_account(owner)).unwrap());
        let one = One::new(&tables.url("auth"));
        let in_flight = PgStore::new(one.clone(), keys());
        let session = Token::<Session>::generate().unwrap().digest();
        let challenge = Token::<Challenge>::generate().unwrap().digest();
        one.execute("BEGIN");
        let record = begun(owner.id);
        let begins = in_flight.begin_session(&session, &record, Some(0), None);
        assert!(run(begins).unwrap());
        let owed = owed(owner.id);
        let opens = in_flight.open_challenge(&challenge, &owed);
        assert!(run(opens).unwrap());
        if owner.id == replaced.id {
            let epoch = run(store.replace_password(owner.id, "new", None)).unwrap();
            assert_eq!(epoch, Some(1));
        } else {
            assert!(run(store.suspend_account(owner.id)).unwrap());
        }
        one.execute("COMMIT");
        let count = format!(
            "SELECT count(*) FROM auth_sessions WHERE account_id = '{}'",
            Uuid::from(owner.id)
        );
        assert_eq!(tables.value(&count), "1");
        assert_eq!(run(store.find_session(&session)).unwrap(), None);
        assert_eq!(run(store.sessions_of(owner.id)).unwrap(), []);
        let counted = store.count_challenge_attempt(&challenge, 5, now());
        assert_eq!(run(counted).unwrap(), None);
    }
}

/// A stolen session that set a password while its owner reset it had the last word.
#[test]
fn a_session_that_is_ended_while_its_statement_waits_sets_no_password() {
    let tables = Tables::new();
    let store = tables.pooled();
    let owner = account("ada@example.com");
    assert!(run(store.create_account(&owner)).unwrap());
    let record = begun(owner.id);
    let session = Token::<Session>::generate().unwrap().digest();
    assert!(run(store.begin_session(&session, &record, None, None)).unwrap());

    let one = One::new(&tables.url("auth"));
    let reset = PgStore::new(one.clone(), keys());
    one.execute("BEGIN");
    assert_eq!(
        run(reset.replace_password(owner.id, "reset", None)).unwrap(),
        Some(1)
    );
    let replaced = thread::scope(|scope| {
        let stolen = scope.spawn(|| run(store.replace_password(owner.id, "late", Some(record.id))));
        while !stolen.is_finished() && tables.value(WAITING) == "0" {
            thread::yield_now();
        }
        one.execute("COMMIT");
        stolen.join().unwrap()
    });
    assert_eq!(replaced.unwrap(), None);
    let account = run(store.account(owner.id)).unwrap().unwrap();
    assert_eq!(account.password.as_deref(), Some("reset"));
}

/// How many wait for a row.
const WAITING: &str = "SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'";
