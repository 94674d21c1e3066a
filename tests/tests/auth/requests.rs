//! What was counted and used up stays so, whatever becomes of the request.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use weft_auth::Pseudonym;
use weft_auth::link::Purpose;
use weft_auth::postgres::PgStore;
use weft_auth::store::{AccountStore, CounterStore, LinkStore, SecondFactorStore, SessionStore};
use weft_auth::throttle::{Backoff, Charge, FailureCharge, Rate};
use weft_auth::token::Token;
use weft_tests::auth::lent::One;
use weft_tests::auth::race::now;
use weft_tests::auth::{Tables, keys};

use super::stage::{MINUTE, Stage, begun, run};

/// CVE-2026-35597: the counter was written inside the transaction that the failure rolled back.
#[test]
fn cve_2026_35597_counters_survive_a_request_that_is_rolled_back() {
    let tables = Tables::new();
    tables.admin("CREATE TABLE orders (id integer PRIMARY KEY); GRANT INSERT ON orders TO auth");
    let store = tables.pooled();
    let key = Pseudonym::from_bytes([1; 32]);
    let failure = FailureCharge {
        key,
        backoff: Backoff::PASSWORD,
    };
    let charge = Charge {
        key,
        rate: Rate::new(3, MINUTE),
    };
    let mut request = PgConnection::establish(&tables.url("auth")).unwrap();
    for expected in 1..=3 {
        let ended = request.transaction::<(), _, _>(|conn| {
            conn.batch_execute("INSERT INTO orders (id) VALUES (1)")?;
            assert_eq!(
                run(store.count_failure(&failure, now())).unwrap(),
                Some(expected)
            );
            assert!(run(store.take(&[charge], now())).unwrap());
            Err(diesel::result::Error::RollbackTransaction)
        });
        ended.unwrap_err();
    }
    assert_eq!(tables.value("SELECT count(*) FROM orders"), "0");
    assert_eq!(run(store.count_failure(&failure, now())).unwrap(), Some(4));
    assert!(!run(store.take(&[charge], now())).unwrap());
}

/// A whole process dies: its connections end, and another one goes on counting.
#[test]
fn counters_survive_the_end_of_their_connections() {
    let tables = Tables::new();
    let failure = FailureCharge {
        key: Pseudonym::from_bytes([1; 32]),
        backoff: Backoff::PASSWORD,
    };
    for expected in 1..=4 {
        let store = tables.pooled();
        assert_eq!(
            run(store.count_failure(&failure, now())).unwrap(),
            Some(expected)
        );
        tables.admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
             WHERE usename = 'auth' AND datname = current_database()",
        );
    }
}

/// The documentation says not to lend the connection of a transaction; this is why.
#[test]
fn a_connection_in_a_transaction_that_is_rolled_back_gives_back_what_was_used_up() {
    let tables = Tables::new();
    let one = One::new(&tables.url("auth"));
    let store = PgStore::new(one.clone(), keys());
    let stage = Stage::new(&store);
    let spend = || {
        let (link, browser) = (stage.link.digest(), stage.browser.digest());
        let spent = store.consume_link(&link, Purpose::SignIn, Some(&browser), now());
        run(spent).unwrap().is_some()
    };
    one.execute("BEGIN");
    assert!(spend());
    one.execute("ROLLBACK");
    assert!(spend());
    assert!(!spend());
}

/// Somebody proves who he is, is suspended, and only then his session begins.
#[test]
fn no_session_begins_behind_a_suspension() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    assert!(run(store.suspend_account(stage.account.id)).unwrap());
    let late = Token::generate().unwrap().digest();
    let session = begun(stage.account.id);
    let begins = store.begin_session(&late, &session, None, None);
    assert!(!run(begins).unwrap());
    assert_eq!(run(store.find_session(&late)).unwrap(), None);
}

/// As an operator does it who knows SQL and not this crate.
#[test]
fn a_session_of_an_account_that_is_suspended_by_hand_is_not_found() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    tables.admin("UPDATE auth_accounts SET state = 'suspended'");
    let session = stage.session.digest();
    assert_eq!(run(store.find_session(&session)).unwrap(), None);
    assert_eq!(run(store.sessions_of(stage.account.id)).unwrap(), []);
    let challenge = stage.challenge.digest();
    let counted = store.count_challenge_attempt(&challenge, 5, now());
    assert_eq!(run(counted).unwrap(), None);
}

/// What is not found any more is not kept either.
#[test]
fn a_new_password_and_a_suspension_leave_no_rows() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    let rows = || {
        let count = |table| tables.value(&format!("SELECT count(*) FROM {table}"));
        ["auth_sessions", "auth_links"].map(count)
    };
    let (other, record) = (Token::generate().unwrap().digest(), begun(stage.account.id));
    assert!(run(store.begin_session(&other, &record, None, None)).unwrap());
    let replaced = store.replace_password(stage.account.id, "new", Some(record.id));
    assert_eq!(run(replaced).unwrap(), Some(1));
    assert_eq!(rows(), ["1", "0"]);
    assert!(run(store.suspend_account(stage.account.id)).unwrap());
    assert_eq!(rows(), ["0", "0"]);
}
