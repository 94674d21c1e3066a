//! weft-auth, put together for this server: who signs in, and by what.

use std::{io, time::SystemTime};

use weft_auth::{
    AccountId,
    login::{Login, Offload},
    password::{Config, Hasher, Params},
    postgres::PgStore,
    store::{Account, AccountStore, CounterStore},
    throttle::{Limits, Network},
    totp::seal::Keyring,
};

use crate::{error::Problem, keys::Keys, roads::AuthRoad};

/// The accounts, on the road of role `weft_auth`.
pub type Store = PgStore<AuthRoad>;

/// How people sign in, and what is kept of that.
#[derive(Clone)]
pub struct Accounts {
    login: Login<Store, Blocking>,
    store: Store,
    secrets: Keyring,
    limits: Limits,
}

impl Accounts {
    /// Accounts at the end of `auth`, with keys of their own derived from `keys`.
    ///
    /// # Errors
    /// When the keys cannot be used, or the system has neither the memory for hashes nor randomness.
    pub fn new(auth: AuthRoad, keys: &Keys) -> io::Result<Accounts> {
        let store = PgStore::new(auth, keys.derived("mail")?);
        let config = Config::new(Params::OWASP, MEMORY).with_peppers(keys.peppers()?);
        let hasher = Hasher::new(config).map_err(io::Error::other)?;
        let login = Login::new(store.clone(), hasher, keys.pseudonyms()?);
        Ok(Accounts {
            login: login.with_offload(Blocking),
            store,
            secrets: keys.derived("apps")?,
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
        self.store.account(id).await.map_err(|error| {
            tracing::error!(%error, "an account cannot be read");
            Problem::unavailable()
        })
    }

    /// Charges a network for something that is written for whoever asks, and says whether it may.
    ///
    /// # Errors
    /// When the database does not answer.
    pub(crate) async fn admits(&self, network: Network) -> Result<bool, Problem> {
        let charges = self.limits.network(network);
        let taken = self.store.take(&charges, SystemTime::now()).await;
        taken.map_err(|error| {
            tracing::error!(%error, "a network cannot be charged");
            Problem::unavailable()
        })
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
