//! What the tables hold and refuse.

use diesel::connection::SimpleConnection;
use diesel::pg::Pg;
use diesel::query_builder::AsQuery;
use diesel::{Connection, PgConnection, RunQueryDsl, debug_query};
use uuid::Uuid;
use weft_auth::Mailbox;
use weft_auth::postgres::{PgError, tables};
use weft_auth::session::Proof;
use weft_auth::sso::{OrganizationId, Pending, Target};
use weft_auth::store::{AccountStore, FlowStore, SessionStore};
use weft_auth::token::Token;
use weft_tests::auth::Tables;
use weft_tests::auth::race::now;

use super::stage::{Stage, account, begun, run};

/// What Diesel selects of each table, which is all its columns.
macro_rules! selected {
    ($($table:ident),*) => {
        [$((stringify!($table), debug_query::<Pg, _>(&tables::$table::table.as_query()).to_string())),*]
    };
}

#[test]
fn the_tables_have_the_columns_that_are_declared() {
    let database = Tables::new();
    for (table, selected) in selected![
        auth_accounts,
        auth_api_tokens,
        auth_audit,
        auth_audit_head,
        auth_challenges,
        auth_connections,
        auth_domains,
        auth_failures,
        auth_flows,
        auth_identities,
        auth_links,
        auth_outbox,
        auth_rates,
        auth_recovery_codes,
        auth_sessions,
        auth_totps
    ] {
        let columns = database.value(&format!(
            "SELECT string_agg(format('\"%s\".\"%s\"', table_name, column_name), ', '
                 ORDER BY ordinal_position)
             FROM information_schema.columns WHERE table_name = '{table}'"
        ));
        let expected = format!("SELECT {columns} FROM \"{table}\" -- binds: []");
        assert_eq!(selected, expected);
    }
}

#[test]
fn a_session_reads_back_whole() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    let (digest, record) = (Token::generate().unwrap().digest(), begun(stage.account.id));
    run(store.begin_session(&digest, &record, None, None)).unwrap();
    let found = run(store.find_session(&digest)).unwrap();
    assert_eq!(found, Some(record));
    for (place, proof) in Proof::ALL.into_iter().enumerate() {
        tables.admin(&format!(
            "UPDATE auth_sessions SET proofs = '{{{}}}', proved_at = '{{2026-11-24T00:00:0{place}Z}}'",
            proof.name()
        ));
        let proofs = run(store.find_session(&digest)).unwrap().unwrap().proofs;
        assert_eq!(
            proofs.iter().map(|(proof, _)| proof).collect::<Vec<_>>(),
            [proof]
        );
    }
}

/// CVE-2019-16109, GHSA-cq3f-vc6p-68fh: what is blank is not stored, so that nothing is equal to it.
#[test]
fn what_is_blank_or_of_another_length_is_not_stored() {
    let tables = Tables::new();
    let stage = Stage::new(&tables.pooled());
    let mut conn = PgConnection::establish(&tables.url("auth")).unwrap();
    for (table, change) in [
        ("auth_accounts", "password = ''"),
        ("auth_accounts", "mailbox = ''"),
        ("auth_accounts", "state = 'banned'"),
        ("auth_sessions", "digest = ''"),
        ("auth_sessions", "digest = sha256('') || '\\x00'"),
        ("auth_sessions", "before = ''"),
        ("auth_sessions", "connection = ''"),
        ("auth_sessions", "proofs = '{}'"),
        ("auth_links", "browser = NULL"),
        ("auth_links", "browser = ''"),
        ("auth_links", "code = ''"),
        ("auth_links", "mailbox = ''"),
        ("auth_links", "expires_at = issued_at"),
        ("auth_challenges", "digest = ''"),
        ("auth_totps", "sealed = ''"),
        ("auth_outbox", "purpose = NULL"),
        ("auth_audit_head", "hash = ''"),
    ] {
        let stored = conn.batch_execute(&format!("UPDATE {table} SET {change}"));
        assert!(stored.is_err(), "{table}: {change}");
    }
    let found = run(tables.pooled().account(stage.account.id));
    assert!(found.unwrap().unwrap().password.is_some());
}

/// The same of single sign-on and of API tokens.
#[test]
fn what_is_blank_or_contradicts_itself_is_not_stored() {
    let tables = Tables::new();
    let stage = Stage::new(&tables.pooled());
    let id = Uuid::from(stage.account.id);
    tables.admin(&format!(
        "INSERT INTO auth_domains VALUES ('org_1', 'a.example', 'verified', true, '');
         INSERT INTO auth_domains VALUES ('org_2', 'a.example', 'pending', false, '');
         INSERT INTO auth_connections VALUES ('conn_1', 'org_1', 'active', '');
         INSERT INTO auth_identities VALUES ('conn_1', 'idp_1', 'org_1', 'ada@a.example', '{id}', now());
         INSERT INTO auth_flows VALUES (sha256(''), 'sealed', 'org_1', NULL, '2026-11-24');
         INSERT INTO auth_api_tokens (digest, id, account_id, label, scopes, created_at, place)
             VALUES (sha256(''), '{id}', '{id}', '', '', '2026-11-24', 1),
                 (sha256('a'), gen_random_uuid(), '{id}', '', '', '2026-11-24', 2);"
    ));
    let mut conn = PgConnection::establish(&tables.url("auth")).unwrap();
    for (table, change) in [
        ("auth_domains", "proof = 'failed' WHERE enforced"),
        ("auth_domains", "proof = 'verified'"),
        ("auth_domains", "enforced = true"),
        ("auth_domains", "domain = ''"),
        ("auth_domains", "organization = ''"),
        ("auth_connections", "organization = ''"),
        ("auth_connections", "state = ''"),
        ("auth_identities", "idp_id = ''"),
        ("auth_identities", "connection = ''"),
        ("auth_identities", "organization = ''"),
        ("auth_identities", "email = '@'"),
        ("auth_identities", "account_id = gen_random_uuid()"),
        ("auth_api_tokens", "digest = ''"),
        ("auth_api_tokens", "next = id"),
        ("auth_api_tokens", "place = 0"),
        ("auth_api_tokens", "place = 2 WHERE place = 1"),
        ("auth_api_tokens", "account_id = gen_random_uuid()"),
    ] {
        let stored = conn.batch_execute(&format!("UPDATE {table} SET {change}"));
        assert!(stored.is_err(), "{table}: {change}");
    }
    for flow in [
        "'', 'sealed', 'org_1', NULL",
        "sha256('a'), '', 'org_1', NULL",
        "sha256('a'), 'sealed', '', NULL",
        "sha256('a'), 'sealed', 'org_1', ''",
    ] {
        let kept = format!("INSERT INTO auth_flows VALUES ({flow}, '2026-11-24')");
        assert!(conn.batch_execute(&kept).is_err(), "{flow}");
    }
}

/// A verifier is sealed for its flow: who reads the table has none, and who writes to it sends nobody to
/// another organisation.
#[test]
fn a_flow_goes_on_as_it_was_started_or_not_at_all() {
    let tables = Tables::new();
    let store = tables.pooled();
    let organization = OrganizationId::new("org_1").unwrap();
    let kept = |byte| {
        let target = Target::organization(organization.clone());
        let flow = Pending::restore([byte; 32], "a plain verifier".to_owned(), target, now());
        run(store.keep_flow(&flow)).unwrap();
    };
    let consumed = |byte| run(store.consume_flow(&[byte; 32]));
    kept(1);
    let plain = "SELECT count(*) FROM auth_flows f WHERE f::text LIKE '%' || encode('a plain', 'hex') || '%'";
    assert_eq!(tables.value(plain), "0");
    assert_eq!(
        consumed(1).unwrap().unwrap().expose_verifier(),
        "a plain verifier"
    );
    for (place, change) in (2..).zip([
        "organization = 'org_2'",
        "connection = 'conn_2'",
        "sealed_verifier = 'a plain verifier'",
        "state_digest = decode(repeat('09', 32), 'hex')",
    ]) {
        kept(place);
        tables.admin(&format!("UPDATE auth_flows SET {change}"));
        let place = if change.starts_with("state") {
            9
        } else {
            place
        };
        assert!(matches!(consumed(place), Err(PgError::Seal(_))), "{change}");
        tables.admin("DELETE FROM auth_flows");
    }
}

/// A row that somebody wrote is a failure, and nobody is signed in by it.
#[test]
fn a_row_that_cannot_be_read_is_a_failure_without_its_content() {
    let tables = Tables::new();
    let store = tables.pooled();
    let stage = Stage::new(&store);
    for change in [
        "auth_accounts SET mailbox = 'ada@exämple.com'",
        "auth_sessions SET proofs = '{voice}', proved_at = '{now}'",
    ] {
        tables.admin(&format!("UPDATE {change}"));
    }
    let errors = [
        run(store.account(stage.account.id)).map(drop).unwrap_err(),
        run(store.find_session(&stage.session.digest()))
            .map(drop)
            .unwrap_err(),
    ];
    for error in errors {
        let told = format!("{error:?} {error}");
        assert!(matches!(error, PgError::Database(_)), "{told}");
        assert!(!told.contains("voice") && !told.contains("ada"), "{told}");
    }
}

/// CVE-2025-6004: no spelling of an address is another account's.
#[test]
fn cve_2025_6004_a_mailbox_has_one_spelling() {
    let tables = Tables::new();
    let store = tables.pooled();
    let mut first = account("Ada@Example.com");
    assert!(run(store.create_account(&first)).unwrap());
    first.id = account("eve@example.com").id;
    first.mailbox = Mailbox::parse("ADA@EXAMPLE.COM").unwrap();
    assert!(!run(store.create_account(&first)).unwrap());
    assert_eq!(
        tables.value("SELECT mailbox FROM auth_accounts"),
        "ada@example.com"
    );
}

/// What is bound is in nobody's log.
#[test]
fn diesel_shows_no_value_of_a_statement() {
    use std::sync::{Arc, Mutex};

    use diesel::connection::InstrumentationEvent;
    use weft_auth::postgres::{Lend, PgStore, Row, Statement};

    struct Logging(Mutex<PgConnection>);

    impl Lend for Logging {
        type Error = std::convert::Infallible;

        async fn load<R: Row>(
            &self,
            statement: Statement,
        ) -> Result<diesel::QueryResult<Vec<R>>, Self::Error> {
            Ok(statement.load(&mut *self.0.lock().unwrap()))
        }
    }

    let tables = Tables::new();
    let mut conn = PgConnection::establish(&tables.url("auth")).unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let kept = Arc::clone(&log);
    conn.set_instrumentation(move |event: InstrumentationEvent<'_>| {
        *kept.lock().unwrap() += &format!("{event:?}\n");
    });
    let store = PgStore::new(Logging(Mutex::new(conn)), weft_tests::auth::keys());
    assert!(run(store.create_account(&account("ada@example.com"))).unwrap());
    let log = log.lock().unwrap();
    assert!(log.contains("INSERT INTO auth_accounts"), "{log}");
    assert!(!log.contains("ada") && !log.contains("a hash"), "{log}");
}
