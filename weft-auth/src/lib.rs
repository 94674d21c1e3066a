#![doc = include_str!("../README.md")]

pub mod audit;
mod clock;
pub mod cookie;
pub mod csrf;
pub mod doctor;
mod error;
pub mod headers;
mod id;
mod keys;
pub mod link;
pub mod login;
mod mailbox;
mod origin;
pub mod password;
#[cfg(feature = "diesel")]
pub mod postgres;
mod pseudonym;
mod random;
pub mod session;
#[cfg(feature = "sso")]
pub mod sso;
pub mod store;
#[cfg(feature = "testkit")]
pub mod testkit;
pub mod throttle;
pub mod token;
pub mod totp;

pub use error::Error;
pub use id::{AccountId, ApiTokenId, SessionId};
pub use mailbox::{Mailbox, NotAMailbox};
pub use origin::{Origin, OriginError};
pub use pseudonym::{Pseudonym, PseudonymKey};
pub use random::NoRandomness;
