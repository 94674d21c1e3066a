//! What every store has to keep, as functions that say which rule it does not.
//!
//! Each takes a [`Subject`], which makes handles to one store, and adds rows under random ids, so that it
//! can run beside others and on a database that is in use by nobody else. [`all`] runs what every sign-in
//! needs, [`sso`] what single sign-on needs besides.
//!
//! ```
//! use weft_auth::testkit::{Memory, Threads, conformance::{self, Subject}};
//!
//! struct InMemory(Memory);
//!
//! impl Subject for InMemory {
//!     type Store = Memory;
//!
//!     fn connect(&self) -> Memory {
//!         self.0.clone()
//!     }
//! }
//!
//! let subject = InMemory(Memory::new());
//! Threads::block_on(conformance::all(&subject, &Threads))?;
//! # Ok::<(), weft_auth::testkit::Violation>(())
//! ```

mod accounts;
mod api_tokens;
mod audit;
mod counters;
mod directory;
mod fixtures;
mod flows;
mod identities;
mod links;
mod revocations;
mod second_factors;
mod sessions;

use super::race::Race;
use super::violation::Violation;
use crate::login::LoginStore;
use crate::store::{SsoStore, Store};

pub use accounts::accounts;
pub use api_tokens::api_tokens;
pub use audit::audit;
pub use counters::counters;
pub use directory::directory;
pub use flows::flows;
pub use identities::identities;
pub use links::links;
pub use second_factors::second_factors;
pub use sessions::sessions;

/// How many race for one thing.
pub(crate) const RACERS: usize = 16;

/// A store to be tested.
pub trait Subject: Sync {
    /// A handle to it.
    type Store: Store + 'static;

    /// A new handle, such as another process has.
    fn connect(&self) -> Self::Store;

    /// What becomes of the handle of a request that failed: it is thrown away, its transaction, if there
    /// is one, rolled back.
    fn abandon(&self, store: Self::Store) {
        drop(store);
    }
}

/// Everything that a sign-in needs. [`sso`] and [`api_tokens`] are for who has those.
///
/// # Errors
/// The first rule that is not kept.
pub async fn all<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: LoginStore,
{
    accounts(subject, race).await?;
    sessions(subject, race).await?;
    links(subject, race).await?;
    counters(subject, race).await?;
    second_factors(subject, race).await?;
    audit(subject, race).await
}

/// Everything that single sign-on needs besides.
///
/// # Errors
/// The first rule that is not kept.
pub async fn sso<T>(subject: &T, race: &impl Race) -> Result<(), Violation>
where
    T: Subject,
    T::Store: LoginStore + SsoStore,
{
    flows(subject, race).await?;
    identities(subject, race).await?;
    directory(subject, race).await
}

/// How many of the racers got what they raced for.
pub(crate) async fn winners<S, F, E>(
    race: &impl Race,
    connect: impl Fn() -> S,
    racer: impl Fn(usize, S) -> F,
) -> Result<usize, Violation>
where
    F: Future<Output = Result<bool, E>> + Send + 'static,
    E: std::fmt::Debug + Send + 'static,
{
    let racers = (0..RACERS).map(|place| racer(place, connect())).collect();
    let ended = race.race(racers).await;
    if ended.len() != RACERS {
        return Err(Violation::new("no racer panics", ended.len()));
    }
    let mut won = 0;
    for result in ended {
        won += usize::from(result.map_err(super::violation::store_failed)?);
    }
    Ok(won)
}
