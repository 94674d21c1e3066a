//! The one path by which somebody is signed in.
//!
//! Passwords, links, single sign-on and second factors all end in it, and up to the verdict it takes the
//! same steps whatever the account's state, in this order:
//!
//! 1. The network is charged, then the domain is asked whether it has single sign-on.
//! 2. A place among those who hash is taken, or refused (503).
//! 3. The attempt is counted as a failure of its mailbox, and that is committed (429).
//! 4. One look-up, which answers for every mailbox.
//! 5. One hash, of the account's password or of a dummy.
//! 6. Only now: whether it was right, and whether the account is verified, suspended, or owes a second
//!    factor.
//! 7. One entry in the audit log, of one length.
//!
//! Links are asked for in the same way: the same charges, one look-up, one link and one mail in the
//! outbox, which is a decoy where nobody is to be written to.
//!
//! # Security
//! Left over, and for the caller: the sizes and headers of answers have to be equal (answer each
//! [`RefusalKind`] with one page); a look-up that hits and one that misses differ by microseconds in the
//! database's index; a stored hash with other parameters costs what they cost ([`padding`]). The operation
//! trace is proved equal by the testkit for any store.
//!
//! Of 75 000 instructions around the hash, 25 tell no account from a wrong password, 206 an account
//! without a password, and 323 one that the right password does not let into; where a link is asked for,
//! 210 of 100 000 are of the copies that a store makes. A stored hash that cannot be read is parsed as far
//! as it goes, and the dummy after it: 1 607 instructions more where its parameters are out of bounds, half a
//! microsecond. `tests/constant_time.rs` counts them.

mod api_token;
mod ask;
mod change;
mod conclude;
mod federation;
mod invitation;
mod link;
mod offload;
mod outcome;
mod padding;
mod password;
mod refusal;
mod second_factor;
#[cfg(feature = "sso")]
mod single_sign_on;
mod visit;

use crate::link::Policy as LinkPolicy;
use crate::password::Hasher;
use crate::pseudonym::PseudonymKey;
use crate::session::{Policy as SessionPolicy, Sessions};
use crate::store::{
    AccountStore, AuditStore, CounterStore, LinkStore, OutboxStore, SecondFactorStore,
    SessionStore, Store,
};
use crate::throttle::Limits;

pub use ask::Asked;
pub use invitation::Accepted;
pub use link::{Presented, Shown};
pub use offload::{Inline, Offload};
pub use outcome::{ChallengeRecord, Outcome, Rehash, SecondFactorNeeded, SignedIn};
pub use padding::padding;
pub use refusal::{Refusal, RefusalKind};
pub use second_factor::{OpenSecret, SecondFactor};
#[cfg(feature = "sso")]
pub use single_sign_on::{Acquaintance, Admission};
pub use visit::Visit;

/// All that a sign-in needs of a store.
pub trait LoginStore:
    AccountStore
    + SessionStore
    + LinkStore
    + CounterStore
    + SecondFactorStore
    + AuditStore
    + OutboxStore
    + Clone
{
}

impl<S> LoginStore for S where
    S: AccountStore
        + SessionStore
        + LinkStore
        + CounterStore
        + SecondFactorStore
        + AuditStore
        + OutboxStore
        + Clone
{
}

/// Signs people in.
#[derive(Debug, Clone)]
pub struct Login<S, O = Inline> {
    store: S,
    sessions: Sessions<S>,
    hasher: Hasher,
    offload: O,
    limits: Limits,
    pseudonyms: PseudonymKey,
    links: LinkPolicy,
}

type Result<T, S> = std::result::Result<T, Error<S>>;
type Error<S> = crate::Error<Refusal, <S as Store>::Error>;

impl<S: LoginStore> Login<S> {
    /// Signs in to the accounts of `store`, with its counters and its audit log under `key`.
    pub fn new(store: S, hasher: Hasher, key: PseudonymKey) -> Login<S> {
        Login {
            sessions: Sessions::new(store.clone(), SessionPolicy::default()),
            store,
            hasher,
            offload: Inline,
            limits: Limits::new(key.clone()),
            pseudonyms: key,
            links: LinkPolicy::default(),
        }
    }

    /// The same with hashes computed elsewhere.
    pub fn with_offload<O: Offload>(self, offload: O) -> Login<S, O> {
        Login {
            store: self.store,
            sessions: self.sessions,
            hasher: self.hasher,
            offload,
            limits: self.limits,
            pseudonyms: self.pseudonyms,
            links: self.links,
        }
    }
}

impl<S: LoginStore, O: Offload> Login<S, O> {
    /// The same with sessions of another policy.
    #[must_use]
    pub fn with_sessions(mut self, policy: SessionPolicy) -> Login<S, O> {
        self.sessions = Sessions::new(self.store.clone(), policy);
        self
    }

    /// The same with links of another policy.
    #[must_use]
    pub fn with_links(self, links: LinkPolicy) -> Login<S, O> {
        Login { links, ..self }
    }

    /// The sessions that sign-ins begin.
    pub fn sessions(&self) -> &Sessions<S> {
        &self.sessions
    }
}
