use std::fmt;
use std::time::SystemTime;

use crate::login::{Inline, Login, LoginStore, Offload, Visit};
use crate::password::{Hasher, NewPassword, Password, PasswordHash, Policy};
use crate::pseudonym::PseudonymKey;
use crate::store::{Account, AccountState, StoredTotp};
use crate::testkit::violation::{Violation, store_failed};
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
    /// Tries the right password, which is refused like a wrong one where the account may not sign in.
    RightPassword,
}

/// The hashes that accounts are made with, and the hasher of what is tried.
#[derive(Debug, Clone)]
pub struct Passwords<'a> {
    hasher: &'a Hasher,
    current: PasswordHash,
    former: &'a str,
}

/// A flow on an account of its own, ready to be run.
#[derive(Debug)]
pub struct Attempt<S, O = Inline> {
    login: Login<S, O>,
    flow: Flow,
    mailbox: Mailbox,
    network: Network,
    now: SystemTime,
}

const RIGHT: &str = "marmalade under the pavement";
const WRONG: &str = "pavement under the marmalade";

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

    /// Those who may not sign in though the password is right.
    pub const NOT_LET_IN: [State; 2] = [State::Unverified, State::Suspended];
}

impl Flow {
    /// All that tell no state.
    pub const ALL: [Flow; 6] = [
        Flow::WrongPassword,
        Flow::LockingPassword,
        Flow::EarlyPassword,
        Flow::AskToSignIn,
        Flow::AskToReset,
        Flow::AskToRegister,
    ];
}

impl<'a> Passwords<'a> {
    /// The hasher of sign-ins, and a hash with former parameters, of whatever password.
    ///
    /// # Errors
    /// When the hasher does not hash.
    pub async fn new(hasher: &'a Hasher, former: &'a str) -> Result<Passwords<'a>, Violation> {
        let place = hasher.enter().map_err(store_failed)?;
        let current = place.await.hash(&chosen(RIGHT)?).map_err(store_failed)?;
        Ok(Passwords {
            hasher,
            current,
            former,
        })
    }

    fn stored(&self, state: State) -> Option<String> {
        let stored = match state {
            State::NoPassword => return None,
            State::Unreadable => "$argon2id$v=19$m=4294967295,t=1,p=1$c2FsdHNhbHQ$dGFn",
            State::FormerParameters => self.former,
            _ => self.current.expose(),
        };
        Some(stored.to_owned())
    }
}

impl<S: LoginStore> Attempt<S> {
    /// Adds an account in that state to the store, if it is one, with the failures that the flow begins
    /// after.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn prepare(
        store: S,
        passwords: &Passwords<'_>,
        (flow, state): (Flow, State),
        now: SystemTime,
    ) -> Result<Attempt<S>, Violation> {
        let mailbox = add(&store, passwords, state).await?;
        let key = PseudonymKey::new(&*random::bytes().map_err(store_failed)?);
        let charge = Limits::new(key.clone()).password_failures(&mailbox);
        let earlier = match flow {
            Flow::LockingPassword => charge.backoff.most() - 1,
            Flow::EarlyPassword => charge.backoff.free(),
            _ => 0,
        };
        let mut now = now;
        for _ in 0..earlier {
            now += charge.backoff.longest();
            let counted = store.count_failure(&charge, now).await;
            counted.map_err(store_failed)?;
        }
        if flow == Flow::LockingPassword {
            now += charge.backoff.longest();
        }
        Ok(Attempt {
            login: Login::new(store, passwords.hasher.clone(), key),
            flow,
            mailbox,
            network: network()?,
            now,
        })
    }

    /// The same with hashes computed elsewhere.
    pub fn with_offload<O: Offload>(self, offload: O) -> Attempt<S, O> {
        Attempt {
            login: self.login.with_offload(offload),
            flow: self.flow,
            mailbox: self.mailbox,
            network: self.network,
            now: self.now,
        }
    }
}

impl<S: LoginStore, O: Offload> Attempt<S, O> {
    /// Whose account it is, or would be.
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }

    /// Runs the flow and says what was answered.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub async fn run(&self) -> Result<String, Violation> {
        let Attempt { login, mailbox, .. } = self;
        let visit = Visit::from(self.network, self.now);
        let told = match self.flow {
            Flow::WrongPassword | Flow::LockingPassword | Flow::EarlyPassword => {
                told(login.password(mailbox, password(WRONG)?, visit).await)
            }
            Flow::RightPassword => told(login.password(mailbox, password(RIGHT)?, visit).await),
            Flow::AskToSignIn => told(login.ask_to_sign_in(mailbox, None, &visit).await),
            Flow::AskToReset => told(login.ask_to_reset(mailbox, None, &visit).await),
            Flow::AskToRegister => {
                let chosen = chosen(WRONG)?;
                told(login.ask_to_register(mailbox, chosen, None, &visit).await)
            }
        };
        Ok(told)
    }
}

/// Adds an account in that state, and returns its mailbox.
async fn add<S: LoginStore>(
    store: &S,
    passwords: &Passwords<'_>,
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
    let account = Account {
        id,
        mailbox: mailbox.clone(),
        password: passwords.stored(state),
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
