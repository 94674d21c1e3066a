//! Rows to test with.

use std::time::Duration;

use weft_auth::link::{self, Purpose};
use weft_auth::login::ChallengeRecord;
use weft_auth::session::{self, Device, Proof, Proofs};
use weft_auth::store::{
    Account, AccountState, AccountStore, LinkStore, Mail, MailKind, SecondFactorStore,
    SessionStore, StoredTotp,
};
use weft_auth::testkit::{Race, Threads};
use weft_auth::token::{Browser, Challenge, Link, Session, Token};
use weft_auth::totp::{RecoveryCode, Step};
use weft_auth::{AccountId, Mailbox, SessionId};
use weft_tests::auth::race::now;

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A task for each racer, on the threads of Tokio.
pub(crate) struct Tasks;

impl Race for Tasks {
    async fn race<F>(&self, racers: Vec<F>) -> Vec<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let tasks: Vec<_> = racers.into_iter().map(tokio::spawn).collect();
        let mut ended = Vec::new();
        for task in tasks {
            ended.extend(task.await.ok());
        }
        ended
    }
}

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    Threads::block_on(future)
}

pub(crate) fn account(mailbox: &str) -> Account {
    Account {
        id: AccountId::generate().unwrap(),
        mailbox: Mailbox::parse(mailbox).unwrap(),
        password: Some("a hash".to_owned()),
        state: AccountState::Active,
        second_factor: false,
        break_glass: false,
        epoch: 0,
    }
}

/// An account with one of everything that is used up.
pub(crate) struct Stage {
    pub(crate) account: Account,
    pub(crate) link: Token<Link>,
    pub(crate) browser: Token<Browser>,
    pub(crate) challenge: Token<Challenge>,
    pub(crate) session: Token<Session>,
    pub(crate) codes: Vec<RecoveryCode>,
}

impl Stage {
    pub(crate) fn new<S>(store: &S) -> Stage
    where
        S: AccountStore + LinkStore + SecondFactorStore + SessionStore,
    {
        let account = account("ada@example.com");
        assert!(run(store.create_account(&account)).unwrap());
        let (link, browser) = (Token::generate().unwrap(), Token::generate().unwrap());
        let (record, mail) = asked(&account, &link, &browser);
        run(store.issue_link(&link.digest(), &record, &mail)).unwrap();

        let challenge = Token::generate().unwrap();
        let record = owed(account.id);
        assert!(run(store.open_challenge(&challenge.digest(), &record)).unwrap());

        let codes = RecoveryCode::generate_set().unwrap();
        let digests = codes.each_ref().map(RecoveryCode::digest);
        let totp = StoredTotp {
            sealed: b"sealed".to_vec(),
            last_step: Step::from_number(1),
        };
        assert!(run(store.enrol_totp(account.id, &totp, &digests)).unwrap());

        let session = Token::generate().unwrap();
        let begun = begun(account.id);
        run(store.begin_session(&session.digest(), &begun, None, None)).unwrap();
        Stage {
            account,
            link,
            browser,
            challenge,
            session,
            codes: codes.into(),
        }
    }
}

/// A link that signs in, and its mail.
pub(crate) fn asked(
    account: &Account,
    link: &Token<Link>,
    browser: &Token<Browser>,
) -> (link::Record, Mail) {
    let code = link::CodeDigest::from_bytes([7; 32]);
    let record = link::Record {
        purpose: Purpose::SignIn,
        account: Some(account.id),
        mailbox: Some(account.mailbox.clone()),
        sent_to: account.mailbox.clone(),
        browser: Some((browser.digest(), code)),
        carries: None,
        issued_at: now(),
        expires_at: now() + 15 * MINUTE,
    };
    let mail = Mail {
        kind: MailKind::Link(Purpose::SignIn),
        to: account.mailbox.clone(),
        token: Some(Token::parse(link.expose()).unwrap().into()),
        decoy: false,
    };
    (record, mail)
}

/// A second factor that is owed for ten minutes from now.
pub(crate) fn owed(account: AccountId) -> ChallengeRecord {
    ChallengeRecord {
        account,
        epoch: 0,
        proofs: Proofs::of(Proof::Password, now()),
        connection: None,
        remembered: false,
        opened_at: now(),
        expires_at: now() + 10 * MINUTE,
    }
}

pub(crate) fn begun(account: AccountId) -> session::Record {
    session::Record {
        id: SessionId::generate().unwrap(),
        account,
        created_at: now(),
        rotated_at: now(),
        last_seen_at: now(),
        remembered: true,
        proofs: Proofs::of(Proof::Password, now()).with(Proof::Totp, now() + MINUTE),
        connection: Some("conn_1".to_owned()),
        device: Device::new("a browser"),
    }
}
