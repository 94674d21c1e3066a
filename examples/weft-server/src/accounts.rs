//! weft-auth, put together for this server: who signs in, and by what.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use weft_auth::{
    AccountId,
    login::{Login, Offload, padding},
    password::{Config, Hasher, Params},
    postgres::PgStore,
    store::{Account, AccountStore, CounterStore},
    throttle::{Limits, Network},
    token::GrantRefusal,
    totp::seal::Keyring,
};

use crate::{
    error::Problem,
    keys::Keys,
    roads::{AuthRoad, Identity},
    token::{ApiToken, ApiTokens, PREFIX, Permission},
};

/// The accounts, on the road of role `weft_auth`.
pub type Store = PgStore<AuthRoad>;

/// How people sign in, and what is kept of that.
#[derive(Clone)]
pub struct Accounts {
    login: Login<Store, Blocking>,
    store: Store,
    tokens: ApiTokens<Store>,
    secrets: Keyring,
    auth: AuthRoad,
    hasher: Hasher,
    uneven: Arc<AtomicBool>,
    limits: Limits,
}

impl Accounts {
    /// Accounts at the end of `auth`, with keys of their own derived from `keys`.
    ///
    /// # Errors
    /// When the keys cannot be used, or the system has neither the memory for hashes nor randomness.
    pub fn new(auth: AuthRoad, keys: &Keys) -> io::Result<Accounts> {
        let store = PgStore::new(auth.clone(), keys.derived("mail")?);
        let config = Config::new(Params::OWASP, MEMORY).with_peppers(keys.peppers()?);
        let hasher = Hasher::new(config).map_err(io::Error::other)?;
        let login = Login::new(store.clone(), hasher.clone(), keys.pseudonyms()?);
        Ok(Accounts {
            login: login.with_offload(Blocking),
            tokens: ApiTokens::new(store.clone(), PREFIX),
            store,
            secrets: keys.derived("apps")?,
            auth,
            hasher,
            uneven: Arc::default(),
            limits: Limits::new(keys.pseudonyms()?),
        })
    }

    /// The one way to be signed in.
    pub fn login(&self) -> &Login<Store, Blocking> {
        &self.login
    }

    /// The account of that id.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn find(&self, id: AccountId) -> Result<Option<Account>, Problem> {
        self.store.account(id).await.map_err(|error| failed(&error))
    }

    /// The tokens of programs.
    pub fn tokens(&self) -> &ApiTokens<Store> {
        &self.tokens
    }

    /// Whom a program speaks for that needs that permission.
    ///
    /// # Errors
    /// When the token is unknown or expired, its owner is no member any more, it has not the permission, or
    /// the database does not answer.
    pub async fn program(&self, token: &ApiToken, needed: Permission) -> Result<Identity, Problem> {
        let record = self
            .tokens
            .authorize(token, needed, SystemTime::now())
            .await
            .map_err(|error| match error {
                weft_auth::Error::Refused(GrantRefusal::Scope) => {
                    Problem::forbidden("this token is not for that")
                }
                weft_auth::Error::Refused(_) => Problem::unauthorized(),
                error => failed(&error),
            })?;
        let org = record.audience.ok_or_else(Problem::unauthorized)?;
        let identity = self.auth.identity(record.account, org).await?;
        identity.ok_or_else(Problem::unauthorized)
    }

    /// Whether hashes of passwords are left that may take longer than new ones, as far as was looked.
    pub fn is_uneven(&self) -> bool {
        self.uneven.load(Ordering::Relaxed)
    }

    /// Looks for such hashes.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn look_at_hashes(&self) -> Result<(), Problem> {
        let kinds = self.auth.kinds_of_hashes().await?;
        // What cannot be read is not obeyed, and takes as long as a new one.
        let is_old = |hash: &String| self.hasher.needs_rehash(hash) == Ok(true);
        self.uneven
            .store(kinds.iter().any(is_old), Ordering::Relaxed);
        Ok(())
    }

    /// The same again and again, for as long as it is polled.
    pub(crate) async fn watch_hashes(&self) {
        loop {
            if let Err(problem) = self.look_at_hashes().await {
                tracing::warn!(status = %problem.status(), "the hashes were not looked at");
            }
            tokio::time::sleep(PERIOD).await;
        }
    }

    /// Waits before a refusal goes out of what `began` then, as long as such hashes are left: their time
    /// would tell that there is an account.
    pub(crate) async fn even_out(&self, began: Instant) {
        if self.is_uneven() {
            tokio::time::sleep(padding(began.elapsed(), QUANTUM)).await;
        }
    }

    /// Charges a network for something that is written for whoever asks, and says whether it may.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn admits(&self, network: Network) -> Result<bool, Problem> {
        let charges = self.limits.network(network);
        let taken = self.store.take(&charges, SystemTime::now()).await;
        taken.map_err(|error| failed(&error))
    }

    /// What is kept.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// What secrets of authenticator apps are sealed under.
    pub fn secrets(&self) -> &Keyring {
        &self.secrets
    }
}

/// What somebody is told where the accounts could not be asked; the log says why.
pub(crate) fn failed(error: &impl std::error::Error) -> Problem {
    let source = error.source().map(ToString::to_string);
    tracing::error!(%error, source, "the accounts cannot be reached");
    Problem::unavailable()
}

/// Hashes on a thread that may block.
#[derive(Debug, Clone, Copy)]
pub struct Blocking;

impl Offload for Blocking {
    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        match tokio::task::spawn_blocking(work).await {
            Ok(done) => done,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

/// What all hashes together may take: four at once.
const MEMORY: usize = 160 << 20;

/// Longer than any hash that is obeyed takes.
pub const QUANTUM: Duration = Duration::from_secs(1);

const PERIOD: Duration = Duration::from_secs(60 * 60);
