//! Races for one thing, run in this process or in another.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use uuid::Uuid;
use weft_auth::link::Purpose;
use weft_auth::postgres::{Lend, PgStore};
use weft_auth::store::{CounterStore, LinkStore, SecondFactorStore, SessionStore};
use weft_auth::testkit::{Race, Threads};
use weft_auth::throttle::{Charge, Rate};
use weft_auth::token::{Browser, Challenge, Link, Session, Token};
use weft_auth::totp::{RecoveryCode, Step};
use weft_auth::{AccountId, Pseudonym};

/// What is raced for, as one word.
#[derive(Debug, Clone)]
pub enum Prize {
    /// A link that signs in, by its token, and the secret of its browser.
    Link(String, String),
    /// A step of an account's app.
    Step(Uuid, u64),
    /// A recovery code of an account.
    Code(Uuid, String),
    /// The end of a challenge.
    Challenge(String),
    /// A session's next token.
    Rotation(String),
    /// One of ten a minute.
    Rate(u8),
}

/// The time of the races.
pub fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_790_000_000)
}

/// How many of `racers` threads won the prize.
#[allow(clippy::expect_used)]
pub fn winners<L: Lend + Clone + 'static>(
    store: &PgStore<L>,
    prize: &Prize,
    racers: usize,
) -> usize {
    let racers = (0..racers).map(|_| {
        let (store, prize) = (store.clone(), prize.clone());
        async move { wins(&store, &prize).await }
    });
    let ended = Threads::block_on(Threads.race(racers.collect()));
    ended.into_iter().filter(|won| *won).count()
}

#[allow(clippy::expect_used)]
async fn wins<L: Lend>(store: &PgStore<L>, prize: &Prize) -> bool {
    let won = match prize {
        Prize::Link(token, browser) => {
            let token = Token::<Link>::parse(token).expect("a token").digest();
            let browser = Token::<Browser>::parse(browser).expect("a token").digest();
            let spent = store
                .consume_link(&token, Purpose::SignIn, Some(&browser), now())
                .await;
            spent.map(|spent| spent.is_some())
        }
        Prize::Step(account, step) => {
            let account = AccountId::from(*account);
            store.accept_step(account, Step::from_number(*step)).await
        }
        Prize::Code(account, code) => {
            let code = RecoveryCode::parse(code).expect("a code").digest();
            store
                .consume_recovery_code(AccountId::from(*account), &code)
                .await
        }
        Prize::Challenge(token) => {
            let token = Token::<Challenge>::parse(token).expect("a token");
            store.close_challenge(&token.digest()).await
        }
        Prize::Rotation(token) => {
            let old = Token::<Session>::parse(token).expect("a token").digest();
            let new = Token::<Session>::generate().expect("randomness").digest();
            store
                .rotate_session(&old, &new, &Default::default(), now())
                .await
        }
        Prize::Rate(key) => {
            let charge = Charge {
                key: Pseudonym::from_bytes([*key; 32]),
                rate: Rate::new(10, Duration::from_secs(60)),
            };
            store.take(&[charge], now()).await
        }
    };
    won.expect("an answer")
}

impl fmt::Display for Prize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Prize::Link(token, browser) => write!(f, "link,{token},{browser}"),
            Prize::Step(account, step) => write!(f, "step,{account},{step}"),
            Prize::Code(account, code) => write!(f, "code,{account},{code}"),
            Prize::Challenge(token) => write!(f, "challenge,{token}"),
            Prize::Rotation(token) => write!(f, "rotation,{token}"),
            Prize::Rate(key) => write!(f, "rate,{key}"),
        }
    }
}

/// The word is no prize.
#[derive(Debug)]
pub struct NoPrize;

impl FromStr for Prize {
    type Err = NoPrize;

    fn from_str(text: &str) -> Result<Prize, NoPrize> {
        let words: Vec<&str> = text.split(',').collect();
        let uuid = |text: &str| text.parse().map_err(|_| NoPrize);
        Ok(match *words {
            ["link", token, browser] => Prize::Link(token.to_owned(), browser.to_owned()),
            ["step", account, step] => {
                Prize::Step(uuid(account)?, step.parse().map_err(|_| NoPrize)?)
            }
            ["code", account, code] => Prize::Code(uuid(account)?, code.to_owned()),
            ["challenge", token] => Prize::Challenge(token.to_owned()),
            ["rotation", token] => Prize::Rotation(token.to_owned()),
            ["rate", key] => Prize::Rate(key.parse().map_err(|_| NoPrize)?),
            _ => return Err(NoPrize),
        })
    }
}
