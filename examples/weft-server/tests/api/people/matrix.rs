//! Whether there is an account, and what is the matter with it, is told by no answer: neither by its
//! status, its headers, its length and its cookies, nor by what was asked of the database for it.

use axum::http::{HeaderName, HeaderValue};
use uuid::Uuid;
use weft_auth::password::{Config, Hasher, Params, Password, Policy};
use weft_server::{
    app, config,
    keys::Keys,
    roads::{Addresses, Roads},
};
use weft_tests::Tap;

use crate::{
    browser::Browser,
    stage::{self, KEYS, Stage, on_stage},
};

pub(super) const RIGHT: &str = "marmalade under the pavement";
const WRONG: &str = "pavement under the marmalade";

/// The states of accounts that must not be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Unknown,
    Active,
    NoPassword,
    Unverified,
    Suspended,
    SecondFactor,
    FormerParameters,
    Unreadable,
}

impl State {
    const ALL: [State; 8] = [
        State::Unknown,
        State::Active,
        State::NoPassword,
        State::Unverified,
        State::Suspended,
        State::SecondFactor,
        State::FormerParameters,
        State::Unreadable,
    ];

    /// A mailbox as long as that of any other.
    fn mailbox(self) -> String {
        format!("state{}@matrix.example", self as u8)
    }

    /// Whether nobody is to be written to.
    fn has_no_reader(self) -> bool {
        matches!(self, State::Unknown | State::Suspended)
    }
}

/// What somebody does who wants to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    WrongPassword,
    RightPassword,
    /// The wrong password that locks, and mails the way around the lock.
    LockingPassword,
    /// Any password after that.
    LockedOut,
    AskToSignIn,
    AskToReset,
    AskToRegister,
}

impl Flow {
    /// Where its form is, and what is typed in besides an address.
    fn form(self) -> (&'static str, Option<&'static str>) {
        match self {
            Flow::WrongPassword | Flow::LockingPassword => ("/sign-in", Some(WRONG)),
            Flow::RightPassword | Flow::LockedOut => ("/sign-in", Some(RIGHT)),
            Flow::AskToSignIn => ("/sign-in/link", None),
            Flow::AskToReset => ("/reset", None),
            Flow::AskToRegister => ("/sign-up", Some(WRONG)),
        }
    }

    /// How often wrong passwords were tried before.
    fn failed_before(self) -> Option<&'static str> {
        match self {
            Flow::LockingPassword => Some("failures = 99, next_at = now()"),
            Flow::LockedOut => Some("failures = 100, next_at = 'infinity'"),
            _ => None,
        }
    }

    /// The status, where it leads to, how many mails it leaves, and how many statements it is.
    fn expected(self) -> (u16, Option<&'static str>, usize, usize) {
        match self {
            Flow::WrongPassword | Flow::RightPassword => (422, None, 0, 5),
            Flow::LockingPassword => (422, None, 1, 6),
            Flow::LockedOut => (429, None, 0, 4),
            Flow::AskToSignIn => (303, Some("/mailed/sign-in"), 1, 6),
            Flow::AskToReset => (303, Some("/mailed/reset"), 1, 6),
            Flow::AskToRegister => (303, Some("/mailed/register"), 1, 6),
        }
    }
}

/// All that can be seen of an answer, from near and from far.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    status: u16,
    location: Option<String>,
    /// Each header by its name and the length of its value, and a cookie by its name too.
    headers: Vec<(String, usize)>,
    length: usize,
    /// What the server was sent, each statement with its text.
    sent: Vec<String>,
    /// The length of the sealed token of each mail that waits, real or not.
    mails: Vec<Option<String>>,
}

pub(super) async fn hash(params: Params) -> String {
    let keys: Keys = KEYS.parse().unwrap();
    let config = Config::new(params, 64 << 20).with_peppers(keys.peppers().unwrap());
    let chosen = Policy::alone().accept(Password::new(RIGHT).unwrap(), &[]);
    let mut permit = Hasher::new(config).unwrap().enter().unwrap().await;
    permit.hash(&chosen.unwrap()).unwrap().expose().to_owned()
}

async fn add_all(stage: &Stage) {
    let (now, former) = (hash(Params::OWASP).await, hash(Params::OWASP_7_MIB).await);
    for state in State::ALL {
        let password = match state {
            State::Unknown => continue,
            State::NoPassword => "NULL".to_owned(),
            State::FormerParameters => format!("'{former}'"),
            State::Unreadable => {
                "'$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$dGFn'".to_owned()
            }
            _ => format!("'{now}'"),
        };
        let name = match state {
            State::Unverified => "unverified",
            State::Suspended => "suspended",
            _ => "active",
        };
        let (id, mailbox) = (Uuid::new_v4(), state.mailbox());
        stage
            .database
            .execute(&format!(
                "INSERT INTO auth_accounts (id, mailbox, password, state, break_glass)
                 VALUES ('{id}', '{mailbox}', {password}, '{name}', false)"
            ))
            .unwrap();
        if state == State::SecondFactor {
            let app = format!("INSERT INTO auth_totps VALUES ('{id}', 'sealed', 1)");
            stage.database.execute(&app).unwrap();
        }
    }
}

/// A stage whose accounts are reached by way of a tap.
struct Wire<'a> {
    stage: &'a Stage,
    addresses: Addresses,
    tap: Tap,
}

impl Wire<'_> {
    /// Submits the form of that flow for an account in that state, which nobody has tried anything with.
    async fn see(&self, flow: Flow, state: State) -> Seen {
        let database = &self.stage.database;
        let forget = "DELETE FROM auth_rates; DELETE FROM auth_failures; DELETE FROM auth_outbox";
        database.execute(forget).unwrap();
        let ((path, password), mailbox) = (flow.form(), state.mailbox());
        let fields: Vec<_> = [("email", &*mailbox)]
            .into_iter()
            .chain(password.map(|password| ("password", password)))
            .collect();
        if let Some(failed) = flow.failed_before() {
            let mut before = Browser::new(&self.stage.router);
            before.visit(path).await;
            let wrong = [("email", &*mailbox), ("password", WRONG)];
            before.send(path, &wrong).await;
            let failed = format!("UPDATE auth_failures SET {failed}; DELETE FROM auth_outbox");
            database.execute(&failed).unwrap();
        }
        // Connections of its own have nothing prepared, so that all is said.
        let roads = Roads::open(&self.addresses).await.unwrap();
        let mut browser = Browser::new(&app(stage::state(roads)));
        browser.visit(path).await;
        self.tap.take();
        let page = browser.send(path, &fields).await.clone();
        let mails = "SELECT octet_length(sealed_token) FROM auth_outbox";
        Seen {
            status: page.status.as_u16(),
            location: page
                .headers
                .get("location")
                .map(|to| to.to_str().unwrap().to_owned()),
            headers: page.headers.iter().map(shape).collect(),
            length: page.text.len(),
            sent: said(self.tap.take().sent),
            mails: database.query(mails).unwrap().concat(),
        }
    }
}

/// What was said once the connection was ready, of which the first is that the network is charged.
fn said(mut sent: Vec<String>) -> Vec<String> {
    let begins = |message: &String| message.starts_with("Parse INSERT INTO auth_rates");
    let begin = sent.iter().position(begins).unwrap();
    sent.drain(..begin);
    sent.retain(|message| message != "Sync");
    sent
}

/// A header's name, a cookie's too, and the length of its value.
fn shape((name, value): (&HeaderName, &HeaderValue)) -> (String, usize) {
    let text = value.to_str().unwrap();
    let name = match name.as_str() {
        "set-cookie" => format!("set-cookie {}", text.split('=').next().unwrap_or_default()),
        name => name.to_owned(),
    };
    (name, text.len())
}

fn on_wire(test: impl AsyncFnOnce(&Wire<'_>)) {
    on_stage(async |stage| {
        let mut addresses = config::addresses(&stage.database);
        let tap = Tap::new(&addresses.auth);
        tap.url().clone_into(&mut addresses.auth);
        add_all(stage).await;
        test(&Wire {
            stage,
            addresses,
            tap,
        })
        .await;
    });
}

/// Compares each state with no account at all.
fn all_alike(flow: Flow) {
    on_wire(async |wire| {
        let expected = wire.see(flow, State::Unknown).await;
        let (status, location, mails, statements) = flow.expected();
        assert_eq!(
            (expected.status, expected.location.as_deref()),
            (status, location),
            "{expected:?}"
        );
        assert_eq!(expected.mails.len(), mails, "{flow:?}");
        let executed = expected.sent.iter().filter(|sent| *sent == "Execute");
        assert_eq!(executed.count(), statements, "{:#?}", expected.sent);
        for state in State::ALL {
            let seen = wire.see(flow, state).await;
            assert_eq!(seen, expected, "{flow:?} {state:?}");
            let decoys = "SELECT decoy FROM auth_outbox";
            let decoys = wire.stage.database.query(decoys).unwrap().concat();
            for decoy in decoys {
                let is_decoy = state.has_no_reader()
                    && !(flow == Flow::AskToRegister && state == State::Unknown);
                assert_eq!(
                    decoy.as_deref() == Some("t"),
                    is_decoy,
                    "{flow:?} {state:?}"
                );
            }
        }
    });
}

#[test]
fn a_wrong_password_tells_no_account() {
    all_alike(Flow::WrongPassword);
}

#[test]
fn the_password_that_locks_tells_no_account() {
    all_alike(Flow::LockingPassword);
}

#[test]
fn a_lock_tells_no_account() {
    all_alike(Flow::LockedOut);
}

#[test]
fn asking_for_a_link_tells_no_account() {
    all_alike(Flow::AskToSignIn);
}

#[test]
fn asking_for_another_password_tells_no_account() {
    all_alike(Flow::AskToReset);
}

#[test]
fn signing_up_tells_no_account() {
    all_alike(Flow::AskToRegister);
}

#[test]
fn the_right_password_of_who_may_not_sign_in_is_a_wrong_one() {
    on_wire(async |wire| {
        let expected = wire.see(Flow::WrongPassword, State::Unknown).await;
        for state in [State::Unverified, State::Suspended] {
            let seen = wire.see(Flow::RightPassword, state).await;
            assert_eq!(seen, expected, "{state:?}");
        }
        // It is the right one: where one may, it signs in.
        let seen = wire.see(Flow::RightPassword, State::Active).await;
        assert_eq!((seen.status, seen.location.as_deref()), (303, Some("/")));
    });
}
