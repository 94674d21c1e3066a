//! Whether a sign-in asks the same of a store, whatever the state of the account.

use std::fmt;
use std::time::SystemTime;

use super::probe::{Op, Probe};
use super::violation::{Violation, store_failed};
use crate::login::{Login, LoginStore, Visit};
use crate::password::{Hasher, NewPassword, Password, Policy};
use crate::pseudonym::PseudonymKey;
use crate::store::{Account, AccountState, StoredTotp};
use crate::throttle::{Limits, Network};
use crate::totp::Step;
use crate::{AccountId, Mailbox, random};

/// The states of accounts that must not be told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// There is none.
    Unknown,
    /// It has a password.
    Active,
    /// It has no password, as where single sign-on is used.
    NoPassword,
    /// Its mailbox was never proved.
    Unverified,
    /// It is suspended.
    Suspended,
    /// It has a second factor.
    SecondFactor,
    /// Its hash has former parameters.
    FormerParameters,
    /// Its hash is none.
    Unreadable,
}

/// What somebody does who wants to know whether there is an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flow {
    /// Tries a wrong password.
    WrongPassword,
    /// Tries the wrong password that locks the account.
    LockingPassword,
    /// Tries one before its time.
    EarlyPassword,
    /// Asks for a link to sign in.
    AskToSignIn,
    /// Asks for a link to choose a new password.
    AskToReset,
    /// Asks for an account.
    AskToRegister,
}

/// What an account is made with, and what is tried.
#[derive(Debug, Clone, Copy)]
pub struct Passwords<'a> {
    /// The hasher of sign-ins.
    pub hasher: &'a Hasher,
    /// A hash with former parameters, of whatever password.
    pub former: &'a str,
}

impl State {
    /// All of them.
    pub const ALL: [State; 8] = [
        State::Unknown,
        State::Active,
        State::NoPassword,
        State::Unverified,
        State::Suspended,
        State::SecondFactor,
        State::FormerParameters,
        State::Unreadable,
    ];
}

impl Flow {
    /// All of them.
    pub const ALL: [Flow; 6] = [
        Flow::WrongPassword,
        Flow::LockingPassword,
        Flow::EarlyPassword,
        Flow::AskToSignIn,
        Flow::AskToReset,
        Flow::AskToRegister,
    ];
}

/// What was seen of one flow: what was asked of the store, and what was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What was asked of the store, and the hashes.
    pub trace: Vec<Op>,
    /// What was answered.
    pub told: String,
}

const RIGHT: &str = "marmalade under the pavement";
const WRONG: &str = "pavement under the marmalade";

/// Runs every flow on an account in every state, which it adds to the store, and compares each with the
/// one on no account.
///
/// # Errors
/// The first flow that tells a state.
pub async fn is_the_same_for_all<S: LoginStore>(
    store: S,
    passwords: Passwords<'_>,
    now: SystemTime,
) -> Result<(), Violation> {
    for flow in Flow::ALL {
        let expected = see(store.clone(), passwords, (flow, State::Unknown), now).await?;
        for state in State::ALL {
            let seen = see(store.clone(), passwords, (flow, state), now).await?;
            if seen != expected {
                let rule = format!("{flow:?} does not tell {state:?} from no account");
                return Err(Violation::new(rule, (seen, expected)));
            }
        }
    }
    right_but_not_let_in(store, passwords, now).await
}

/// Runs a flow on an account of its own.
///
/// # Errors
/// When the store fails, or somebody is signed in.
pub async fn see<S: LoginStore>(
    store: S,
    passwords: Passwords<'_>,
    (flow, state): (Flow, State),
    now: SystemTime,
) -> Result<Seen, Violation> {
    let mailbox = add(&store, passwords, state).await?;
    let key = PseudonymKey::new(&*random::bytes().map_err(store_failed)?);
    let earlier = match flow {
        Flow::LockingPassword => {
            Limits::new(key.clone())
                .password_failures(&mailbox)
                .backoff
                .most()
                - 1
        }
        Flow::EarlyPassword => Limits::new(key.clone())
            .password_failures(&mailbox)
            .backoff
            .free(),
        _ => 0,
    };
    let charge = Limits::new(key.clone()).password_failures(&mailbox);
    let mut now = now;
    for _ in 0..earlier {
        now += charge.backoff.longest();
        let counted = store.count_failure(&charge, now).await;
        counted.map_err(store_failed)?;
    }
    if flow == Flow::LockingPassword {
        now += charge.backoff.longest();
    }
    let probe = Probe::new(store);
    let login = Login::new(probe.clone(), passwords.hasher.clone(), key);
    let login = login.with_offload(probe.clone());
    let visit = Visit::from(network()?, now);
    let told = match flow {
        Flow::WrongPassword | Flow::LockingPassword | Flow::EarlyPassword => {
            told(login.password(&mailbox, password(WRONG)?, visit).await)
        }
        Flow::AskToSignIn => told(login.ask_to_sign_in(&mailbox, None, &visit).await),
        Flow::AskToReset => told(login.ask_to_reset(&mailbox, None, &visit).await),
        Flow::AskToRegister => {
            let chosen = chosen(WRONG)?;
            told(login.ask_to_register(&mailbox, chosen, None, &visit).await)
        }
    };
    let trace = probe.take_trace();
    Ok(Seen { trace, told })
}

/// The right password of an account that may not sign in is refused like a wrong one.
async fn right_but_not_let_in<S: LoginStore>(
    store: S,
    passwords: Passwords<'_>,
    now: SystemTime,
) -> Result<(), Violation> {
    let wrong = (Flow::WrongPassword, State::Unknown);
    let expected = see(store.clone(), passwords, wrong, now).await?;
    for state in [State::Unverified, State::Suspended] {
        let mailbox = add(&store, passwords, state).await?;
        let key = PseudonymKey::new(&*random::bytes().map_err(store_failed)?);
        let probe = Probe::new(store.clone());
        let login = Login::new(probe.clone(), passwords.hasher.clone(), key);
        let login = login.with_offload(probe.clone());
        let visit = Visit::from(network()?, now);
        let told = told(login.password(&mailbox, password(RIGHT)?, visit).await);
        let trace = probe.take_trace();
        let seen = Seen { trace, told };
        if seen != expected {
            let rule = format!("the right password of {state:?} is refused like a wrong one");
            return Err(Violation::new(rule, (seen, expected)));
        }
    }
    Ok(())
}

/// Adds an account in that state, and returns its mailbox.
async fn add<S: LoginStore>(
    store: &S,
    passwords: Passwords<'_>,
    state: State,
) -> Result<Mailbox, Violation> {
    let id = AccountId::generate().map_err(store_failed)?;
    let hex: String = id
        .as_bytes()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let mailbox = Mailbox::parse(&format!("{hex}@trace.example")).map_err(store_failed)?;
    if state == State::Unknown {
        return Ok(mailbox);
    }
    let hash = match state {
        State::NoPassword => None,
        State::Unreadable => {
            Some("$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$dGFn".to_owned())
        }
        State::FormerParameters => Some(passwords.former.to_owned()),
        _ => {
            let place = passwords.hasher.enter().map_err(store_failed)?;
            let hash = place.await.hash(&chosen(RIGHT)?).map_err(store_failed)?;
            Some(hash.expose().to_owned())
        }
    };
    let account = Account {
        id,
        mailbox: mailbox.clone(),
        password: hash,
        state: match state {
            State::Unverified => AccountState::Unverified,
            _ => AccountState::Active,
        },
        second_factor: false,
        break_glass: false,
        epoch: 0,
    };
    store.create_account(&account).await.map_err(store_failed)?;
    if state == State::Suspended {
        store.suspend_account(id).await.map_err(store_failed)?;
    }
    if state == State::SecondFactor {
        let totp = StoredTotp {
            sealed: b"sealed".to_vec(),
            last_step: Step::from_number(1),
        };
        store
            .enrol_totp(id, &totp, &[])
            .await
            .map_err(store_failed)?;
    }
    Ok(mailbox)
}

fn told<T, R: fmt::Debug, E: fmt::Debug>(answer: Result<T, crate::Error<R, E>>) -> String {
    match answer {
        Ok(_) => "done".to_owned(),
        Err(error) => format!("{error:?}"),
    }
}

fn password(text: &str) -> Result<Password, Violation> {
    Password::new(text).map_err(store_failed)
}

fn chosen(text: &str) -> Result<NewPassword, Violation> {
    let policy = Policy::alone();
    policy.accept(password(text)?, &[]).map_err(store_failed)
}

fn network() -> Result<Network, Violation> {
    let bytes = *random::bytes::<4>().map_err(store_failed)?;
    Ok(Network::of(std::net::Ipv4Addr::from(bytes).into()))
}
