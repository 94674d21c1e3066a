//! A service with one account and a browser in front of it.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use sha1::Sha1;
use weft_auth::link::{Post, Purpose};
use weft_auth::login::{
    Asked, Login, OpenSecret, Outcome, Presented, Refusal, RefusalKind, SignedIn, Visit,
};
use weft_auth::password::{Config, Hasher, NewPassword, Params, Password, Policy};
use weft_auth::sso::{Domain, DomainProof, OrganizationId, Timestamp};
use weft_auth::store::{
    Account, AccountState, AccountStore, DirectoryStore, MailKind, SecondFactorStore, Store,
    StoredTotp,
};
use weft_auth::testkit::{Memory, Probe, Threads};
use weft_auth::throttle::Network;
use weft_auth::token::{Browser, Link, Token};
use weft_auth::totp::{Code, RecoveryCode, Secret, Step};
use weft_auth::{AccountId, Error, Mailbox, PseudonymKey};

pub(crate) const RIGHT: &str = "marmalade under the pavement";
pub(crate) const WRONG: &str = "pavement under the marmalade";

pub(crate) type Told<T, S = Memory> = Result<T, Error<Refusal, <S as Store>::Error>>;

pub(crate) struct Stage {
    pub(crate) store: Memory,
    pub(crate) login: Login<Memory>,
    pub(crate) account: Account,
}

pub(crate) static HASHER: LazyLock<Hasher> = LazyLock::new(|| {
    let config = Config::new(Params::insecure_for_tests(), 1 << 20);
    Hasher::new(config.with_waiting(256)).unwrap()
});

pub(crate) fn run<F: Future>(future: F) -> F::Output {
    Threads::block_on(future)
}

/// That many seconds after the beginning.
pub(crate) fn at(seconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_764_000_000 + seconds)
}

pub(crate) fn mailbox(text: &str) -> Mailbox {
    Mailbox::parse(text).unwrap()
}

pub(crate) fn network(last: u8) -> Network {
    Network::of([192, 0, 2, last].into())
}

/// A visit from a network that no other second has.
pub(crate) fn visit(seconds: u64) -> Visit<'static> {
    let [.., a, b, c] = seconds.to_be_bytes();
    Visit::from(Network::of([10, a, b, c].into()), at(seconds))
}

pub(crate) fn password(text: &str) -> Password {
    Password::new(text).unwrap()
}

pub(crate) fn chosen(text: &str) -> NewPassword {
    Policy::alone().accept(password(text), &[]).unwrap()
}

pub(crate) fn hash(text: &str) -> String {
    let permit = HASHER
        .enter()
        .unwrap()
        .wait_at_most(Duration::from_secs(600));
    let hash = permit.unwrap().hash(&chosen(text)).unwrap();
    hash.expose().to_owned()
}

/// Has a domain's people sign in through an organisation that has proved it.
pub(crate) fn enforce(store: &Memory, domain: &str) {
    let organization = OrganizationId::new("org_1").unwrap();
    let domain = Domain::new(domain).unwrap();
    let at = Timestamp::new("2026-11-25T03:18:00.000Z").unwrap();
    let verified = store.keep_domain(&organization, &domain, DomainProof::Verified, &at);
    assert!(run(verified).unwrap());
    assert!(run(store.enforce_domain(&organization, &domain, true, None)).unwrap());
}

pub(crate) fn post() -> Post {
    Post::check(&Method::POST).unwrap()
}

pub(crate) fn signed_in(outcome: Outcome) -> SignedIn {
    match outcome {
        Outcome::SignedIn(signed_in) => signed_in,
        Outcome::SecondFactorNeeded(_) => panic!("a second factor is owed"),
    }
}

/// An account without a password.
pub(crate) fn account(id: AccountId, text: &str) -> Account {
    Account {
        id,
        mailbox: mailbox(text),
        password: None,
        state: AccountState::Active,
        second_factor: false,
        break_glass: false,
        epoch: 0,
    }
}

/// What is told of a refusal.
pub(crate) fn refused<T, E>(told: Result<T, Error<Refusal, E>>) -> RefusalKind {
    let error = told.err();
    error.as_ref().and_then(Error::refusal).unwrap().kind()
}

pub(crate) fn probed(store: &Memory) -> (Probe<Memory>, Login<Probe<Memory>, Probe<Memory>>) {
    let probe = Probe::new(store.clone());
    let key = PseudonymKey::new(&[7; 32]);
    let login = Login::new(probe.clone(), HASHER.clone(), key).with_offload(probe.clone());
    (probe, login)
}

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Account)) -> Stage {
        let store = Memory::new();
        let mut account = account(AccountId::from_bytes([1; 16]), "ada@example.com");
        account.password = Some(hash(RIGHT));
        change(&mut account);
        assert!(run(store.create_account(&account)).unwrap());
        let key = PseudonymKey::new(&[7; 32]);
        let login = Login::new(store.clone(), HASHER.clone(), key);
        Stage {
            store,
            login,
            account,
        }
    }

    pub(crate) fn password(&self, text: &str, seconds: u64) -> Told<Outcome> {
        let mailbox = &self.account.mailbox;
        run(self.login.password(mailbox, password(text), visit(seconds)))
    }

    /// Asks to sign in, and returns the browser's secret with the link of the mail.
    pub(crate) fn ask(&self, seconds: u64) -> (Token<Browser>, Token<Link>) {
        let mailbox = &self.account.mailbox;
        let asked = run(self.login.ask_to_sign_in(mailbox, None, &visit(seconds)));
        (asked.unwrap().browser, self.mailed(Purpose::SignIn))
    }

    /// The link of the last mail, which was not a decoy.
    pub(crate) fn mailed(&self, purpose: Purpose) -> Token<Link> {
        let mail = self.store.outbox().pop().unwrap();
        assert_eq!((mail.kind, mail.decoy), (MailKind::Link(purpose), false));
        Token::parse(mail.token.unwrap().expose()).unwrap()
    }

    /// Signs in by link.
    pub(crate) fn follow(
        &self,
        link: &Token<Link>,
        browser: Option<&Token<Browser>>,
        seconds: u64,
    ) -> Told<Outcome> {
        let presented = Presented::Link(link, browser);
        run(self
            .login
            .sign_in_by_link(post(), presented, visit(seconds)))
    }

    /// Asks for an account of that mailbox.
    pub(crate) fn ask_to_register(&self, text: &str, seconds: u64) -> Told<Asked> {
        let (mailbox, visit) = (mailbox(text), visit(seconds));
        run(self
            .login
            .ask_to_register(&mailbox, chosen(WRONG), None, &visit))
    }
}

/// Keeps secrets as they are, which only a test may.
pub(crate) struct Unsealed;

impl OpenSecret for Unsealed {
    fn open(&self, sealed: &[u8], _: &[u8]) -> Option<Secret> {
        Secret::from_bytes(sealed).ok()
    }
}

/// An account with an authenticator app whose codes a test knows.
pub(crate) struct App {
    pub(crate) stage: Stage,
    pub(crate) recovery: Vec<RecoveryCode>,
}

pub(crate) const SECRET: &[u8] = b"12345678901234567890";

impl App {
    pub(crate) fn new() -> App {
        let stage = Stage::new();
        let codes = RecoveryCode::generate_set().unwrap();
        let digests = codes.each_ref().map(RecoveryCode::digest);
        let totp = StoredTotp {
            sealed: SECRET.to_vec(),
            last_step: Step::from_number(0),
        };
        let enrolled = stage.store.enrol_totp(stage.account.id, &totp, &digests);
        assert!(run(enrolled).unwrap());
        let recovery = codes.into();
        App { stage, recovery }
    }
}

/// The code of that time (RFC 4226, section 5.3).
pub(crate) fn code(seconds: u64) -> Code {
    let step = Step::at(at(seconds)).unwrap().number();
    let mac = Hmac::<Sha1>::new_from_slice(SECRET).unwrap();
    let mac = mac.chain_update(step.to_be_bytes()).finalize().into_bytes();
    let offset = usize::from(mac[19] & 0xf);
    let word = u32::from_be_bytes(*mac[offset..].first_chunk().unwrap()) & 0x7fff_ffff;
    Code::parse(&format!("{:06}", word % 1_000_000)).unwrap()
}
