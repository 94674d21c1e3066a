//! The role of the store: what it is granted is what it needs, and the others reach nothing.

use diesel::connection::SimpleConnection;
use diesel::r2d2::PoolError;
use diesel::{Connection, PgConnection};
use uuid::Uuid;
use weft_auth::link::CodeDigest;
use weft_auth::login::ChallengeRecord;
use weft_auth::postgres::tables::{
    auth_accounts, auth_api_tokens, auth_audit, auth_audit_head, auth_challenges, auth_connections,
    auth_domains, auth_failures, auth_flows, auth_identities, auth_links, auth_outbox, auth_rates,
    auth_recovery_codes, auth_sessions, auth_totps,
};
use weft_auth::postgres::{PgError, PgStore, TABLES_SQL, grants};
use weft_auth::session::Proofs;
use weft_auth::sso::{
    self, ConnectionId, ConnectionState, Domain, DomainProof, IdentityKey, IdentityRecord,
    OrganizationId, Pending, Revocation, Target, Timestamp,
};
use weft_auth::store::{
    Account, AccountState, AccountStore, ApiTokenStore, AuditStore, CounterStore, DirectoryStore,
    FlowStore, IdentityStore, LinkStore, OutboxStore, SecondFactorStore, SessionStore, StoredTotp,
};
use weft_auth::throttle::{Backoff, Charge, FailureCharge, Rate};
use weft_auth::token::{ApiToken, ApiTokenRecord, Prefix, Session, Token};
use weft_auth::totp::{RecoveryCode, Step};
use weft_auth::{AccountId, ApiTokenId, Pseudonym};
use weft_embedded::Template;
use weft_tenancy::doctor::{Catalog, Doctor};
use weft_tenancy::{AUDIT_TABLE_SQL, Policies, Roles};
use weft_tests::auth::Tables;
use weft_tests::auth::lent::SyncPool;
use weft_tests::auth::race::now;
use weft_tests::database::cluster;

use super::stage::{DAY, account, asked, begun, run};

diesel::table! { organizations (id) { id -> Uuid, } }

weft_tenancy::tenancy! {
    pub(crate) TENANCY: Uuid;
    root organizations(id);
    private auth_accounts;
    private auth_api_tokens;
    private auth_audit;
    private auth_audit_head;
    private auth_challenges;
    private auth_connections;
    private auth_domains;
    private auth_failures;
    private auth_flows;
    private auth_identities;
    private auth_links;
    private auth_outbox;
    private auth_rates;
    private auth_recovery_codes;
    private auth_sessions;
    private auth_totps;
}

#[test]
fn the_doctor_of_tenancy_finds_nothing_in_the_tables() {
    let roles = Roles::new("app")
        .with_auth("auth", [] as [&str; 0])
        .with_unscoped("unscoped");
    let text = [
        AUDIT_TABLE_SQL,
        "CREATE TABLE organizations (id uuid PRIMARY KEY);
         GRANT SELECT ON organizations TO app;
         GRANT INSERT ON weft_unscoped_audit TO unscoped;",
        TABLES_SQL,
        &grants("auth"),
        &Policies::new(&TENANCY, &roles).to_string(),
    ]
    .concat();
    let template: Template = cluster()
        .template(
            "auth doctor",
            &text,
            |database| Ok(database.execute(&text)?),
        )
        .unwrap();
    let database = template.database().unwrap();
    database
        .execute(&format!(
            "REVOKE TEMPORARY ON DATABASE \"{}\" FROM PUBLIC",
            database.name()
        ))
        .unwrap();
    let mut conn = PgConnection::establish(&database.url("postgres")).unwrap();
    let catalog = Catalog::load(&mut conn).unwrap();
    let report = Doctor::new(&TENANCY, &roles).examine(&catalog);
    assert!(report.is_healthy(), "{report}");
}

#[test]
fn no_other_role_reaches_the_tables() {
    let tables = Tables::new();
    for role in ["app", "unscoped"] {
        let mut conn = PgConnection::establish(&tables.url(role)).unwrap();
        let all = tables
            .value("SELECT string_agg(tablename, ',') FROM pg_tables WHERE schemaname = 'public'");
        assert_eq!(all.split(',').count(), 16);
        for table in all.split(',') {
            let read = conn.batch_execute(&format!("SELECT FROM {table}"));
            assert!(read.is_err(), "{role} reads {table}");
        }
    }
}

#[test]
fn the_role_mends_no_audit_log() {
    let tables = Tables::new();
    let bypasses = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = 'auth'";
    assert_eq!(tables.value(bypasses), "f");
    let mut conn = PgConnection::establish(&tables.url("auth")).unwrap();
    for sql in [
        "UPDATE auth_audit SET body = ''",
        "DELETE FROM auth_audit",
        "TRUNCATE auth_audit",
        "DELETE FROM auth_audit_head",
        "INSERT INTO auth_audit_head (single, number, hash) VALUES (false, 0, '')",
        "UPDATE auth_recovery_codes SET code_set = 0",
        "CREATE TABLE mine ()",
    ] {
        assert!(conn.batch_execute(sql).is_err(), "{sql}");
    }
}

/// Asks everything of the store once.
async fn everything(store: &PgStore<SyncPool>) -> Result<(), PgError<PoolError>> {
    let [mut owner, other] = [(); 2].map(|()| account(&format!("{}@example.com", Uuid::new_v4())));
    owner.state = AccountState::Unverified;
    let (id, digest) = (owner.id, Token::generate().unwrap().digest());
    store.create_account(&owner).await?;
    store.account(id).await?;
    store.account_by_mailbox(&owner.mailbox).await?;
    store.verify_mailbox(id, &owner.mailbox).await?;
    store.rehash_password(id, "a hash", "another").await?;
    store
        .change_mailbox(id, &owner.mailbox, &other.mailbox)
        .await?;
    store.requires_single_sign_on("example.com").await?;
    federation(store, &owner).await?;
    programs(store, id).await?;

    store.begin_session(&digest, &begun(id), None, None).await?;
    store.find_session(&digest).await?;
    store.touch_session(begun(id).id, now(), now()).await?;
    store
        .rotate_session(&digest, &digest, &Proofs::default(), now())
        .await?;
    store.sessions_of(id).await?;
    store.revoke_connection("conn_0").await?;
    store.revoke_session(id, begun(id).id).await?;
    store.revoke_sessions(id, None).await?;
    store.end_session(&digest).await?;
    store.purge_sessions(now() - DAY, now() - DAY, 10).await?;

    let (link, browser) = (Token::generate().unwrap(), Token::generate().unwrap());
    let (record, mail) = asked(&owner, &link, &browser);
    let (link, browser, code) = (
        link.digest(),
        browser.digest(),
        CodeDigest::from_bytes([7; 32]),
    );
    store.issue_link(&link, &record, &mail).await?;
    store.find_link(&link, record.purpose, now()).await?;
    store
        .count_code_attempt(&browser, record.purpose, 5, now())
        .await?;
    store
        .consume_link_by_code(&browser, &code, record.purpose, 5, now())
        .await?;
    store
        .consume_link(&link, record.purpose, Some(&browser), now())
        .await?;
    store.purge_links(now() - DAY, 10).await?;
    store.post(&mail).await?;
    for waiting in store.claim_mail(1, now(), DAY).await? {
        store.mail_sent(waiting.id).await?;
    }

    let key = Pseudonym::from_bytes(*link.as_bytes());
    let (rate, backoff) = (Rate::new(1, DAY), Backoff::PASSWORD);
    store.take(&[Charge { key, rate }], now()).await?;
    store
        .count_failure(&FailureCharge { key, backoff }, now())
        .await?;
    store.clear_failures(&[key]).await?;
    store.purge_counters(now() - DAY, 10).await?;

    let challenge = Token::generate().unwrap().digest();
    let record = ChallengeRecord {
        account: id,
        epoch: 0,
        proofs: Proofs::default(),
        connection: None,
        remembered: false,
        opened_at: now(),
        expires_at: now() + DAY,
    };
    store.open_challenge(&challenge, &record).await?;
    store.count_challenge_attempt(&challenge, 5, now()).await?;
    store.close_challenge(&challenge).await?;
    store.purge_challenges(now() - DAY, 10).await?;
    let codes = RecoveryCode::generate_set()
        .unwrap()
        .map(|code| code.digest());
    let totp = StoredTotp {
        sealed: b"sealed".to_vec(),
        last_step: Step::from_number(1),
    };
    store.enrol_totp(id, &totp, &codes).await?;
    store.totp(id).await?;
    store.accept_step(id, Step::from_number(2)).await?;
    store.replace_recovery_codes(id, &codes[1..]).await?;
    store.consume_recovery_code(id, &codes[1]).await?;
    store.remove_totp(id).await?;

    store.append(b"an entry").await?;
    store.entries_after(0, 1).await?;
    store.replace_password(id, "new", None).await?;
    store.suspend_account(id).await?;
    store.delete_account(id).await.map(drop)
}

/// Of single sign-on.
async fn federation(store: &PgStore<SyncPool>, owner: &Account) -> Result<(), PgError<PoolError>> {
    let organization = OrganizationId::new("org_1").unwrap();
    let id = ConnectionId::new("conn_1").unwrap();
    let state = Token::<Session>::generate().unwrap().digest();
    let flow = Pending::restore(
        *state.as_bytes(),
        "a verifier".to_owned(),
        Target::organization(organization.clone()),
        now(),
    );
    store.keep_flow(&flow).await?;
    store.consume_flow(&flow.state_digest()).await?;
    store.purge_flows(now() - DAY, 10).await?;

    let at = Timestamp::new("2026-11-25T03:18:00.000Z").unwrap();
    let active = ConnectionState::Active;
    let connection = sso::Connection::restore(id.clone(), Some(organization.clone()), active, None);
    store.keep_connection(&connection).await?;
    store.connection(&id).await?;
    store.connections_of(&organization).await?;
    let domain = Domain::new("example.com").unwrap();
    store.claim_domain(&organization, &domain).await?;
    store
        .keep_domain(&organization, &domain, DomainProof::Verified, &at)
        .await?;
    store
        .enforce_domain(&organization, &domain, true, None)
        .await?;
    store.owner_of_domain(&domain).await?;
    store.claims_of(&organization).await?;

    let identity = IdentityRecord {
        key: IdentityKey::new(id, owner.mailbox.as_str()).unwrap(),
        organization: organization.clone(),
        email: "ada@example.com".to_owned(),
        since: now(),
    };
    store
        .link_identity(&identity, owner.id, &owner.mailbox, None)
        .await?;
    store.recognize_identity(&identity).await?;
    store.identities_of(owner.id).await?;
    store.unlink_identity(owner.id, &identity.key).await?;
    store.unlink_identities(owner.id, &organization).await?;
    let other = account(&format!("{}@example.com", Uuid::new_v4()));
    store.create_identified_account(&other, &identity).await?;
    let revocation = Revocation::Organization(organization.clone());
    store.people_of(&revocation).await?;
    store.revoke_federated(&revocation).await?;
    store.delete_organization(&organization, &at).await?;
    store.forget_organization(&organization).await.map(drop)
}

/// Of API tokens.
async fn programs(store: &PgStore<SyncPool>, account: AccountId) -> Result<(), PgError<PoolError>> {
    let prefix = Prefix::new("test").unwrap();
    let digest = || ApiToken::generate(prefix).unwrap().digest();
    let token = || ApiTokenRecord {
        id: ApiTokenId::generate().unwrap(),
        account,
        audience: None,
        label: "a program".to_owned(),
        scopes: String::new(),
        created_at: now(),
        expires_at: None,
        last_used_at: None,
    };
    let (found, first) = (digest(), token());
    store.issue_api_token(&found, &first, None, 50).await?;
    store.find_api_token(&found).await?;
    store.touch_api_token(first.id, now(), DAY).await?;
    store
        .rotate_api_token(first.id, now(), &digest(), &token())
        .await?;
    store.api_tokens_of(account).await?;
    store.revoke_api_token(account, first.id).await?;
    store.revoke_api_tokens(account, None).await?;
    store.purge_api_tokens(now() - DAY, 10).await.map(drop)
}

#[test]
fn the_role_needs_each_of_its_grants_and_no_other() {
    let tables = Tables::new();
    let store = tables.pooled();
    run(everything(&store)).unwrap();
    let grants = tables.value(
        "SELECT string_agg(privilege_type || ' ON ' || table_name, ',')
         FROM information_schema.role_table_grants WHERE grantee = 'auth'",
    );
    assert_eq!(grants.split(',').count(), 58);
    for grant in grants.split(',') {
        tables.admin(&format!("REVOKE {grant} FROM auth"));
        let refused = run(everything(&store));
        let Err(PgError::Database(error)) = refused else {
            panic!("{grant} is not needed");
        };
        let told = error.to_string();
        assert!(
            told.starts_with("permission denied for table auth_"),
            "{grant}: {told}"
        );
        tables.admin(&format!("GRANT {grant} TO auth"));
    }
    run(everything(&store)).unwrap();
}

#[test]
fn a_failure_says_nothing_of_whom() {
    let tables = Tables::new();
    tables.admin("ALTER TABLE auth_accounts ADD CHECK (mailbox NOT LIKE 'ada%')");
    let error = run(tables.pooled().create_account(&account("ada@example.com"))).unwrap_err();
    let source = std::error::Error::source(&error).unwrap();
    let told = format!("{error} {error:?} {source} {source:?}");
    assert!(told.contains("auth_accounts_mailbox_check"), "{told}");
    assert!(!told.contains("ada@") && !told.contains("a hash"), "{told}");
}
