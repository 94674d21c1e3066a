//! What is asked of a database: one trait for each concern, to be implemented by whoever needs it.
//!
//! Three rules hold for every method:
//!
//! 1. **One method is one statement, committed when it returns.** What it reads and what it writes is one
//!    atomic step, whatever other processes do, and is there after a crash. A handle must not put it into
//!    a transaction that a failing request rolls back (CVE-2026-35597): counters are what failing
//!    requests leave behind.
//! 2. **What takes something away says whether this call did.** There is no way to look and to take
//!    afterwards: `bool` or `Option` is of this call, and of N at once one gets it.
//! 3. **NULL and blank equal nothing**, not even each other (CVE-2019-16109, GHSA-cq3f-vc6p-68fh).
//!
//! `now` is always an argument, so that no statement asks the database's clock. Futures are `Send` and
//! need no runtime: a synchronous store returns ones that are ready. The `testkit` feature has the same
//! rules as a suite that runs on any store.

mod accounts;
mod api_tokens;
mod audit;
mod counters;
#[cfg(feature = "sso")]
mod directory;
#[cfg(feature = "sso")]
mod flows;
#[cfg(feature = "sso")]
mod identities;
mod links;
mod outbox;
mod second_factors;
mod sessions;

pub use accounts::{Account, AccountState, AccountStore};
pub use api_tokens::ApiTokenStore;
pub use audit::AuditStore;
pub use counters::CounterStore;
#[cfg(feature = "sso")]
pub use directory::DirectoryStore;
#[cfg(feature = "sso")]
pub use flows::FlowStore;
#[cfg(feature = "sso")]
pub use identities::IdentityStore;
pub use links::{LinkStore, SpentLink};
pub use outbox::{Mail, MailKind, OutboxStore};
pub use second_factors::{SecondFactorStore, StoredTotp};
pub use sessions::SessionStore;

/// A database that this crate's flows run on.
pub trait Store: Send + Sync {
    /// Why it failed.
    type Error: std::error::Error + Send + Sync + 'static;
}

/// All that single sign-on needs of a store besides what every sign-in does.
#[cfg(feature = "sso")]
pub trait SsoStore: FlowStore + IdentityStore + DirectoryStore {}

#[cfg(feature = "sso")]
impl<S: FlowStore + IdentityStore + DirectoryStore> SsoStore for S {}

/// What a store answers.
pub type Answer<T, S> = Result<T, <S as Store>::Error>;
