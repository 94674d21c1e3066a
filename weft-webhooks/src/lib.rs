#![doc = include_str!("../README.md")]

#[cfg(feature = "axum")]
pub mod axum;
mod encoding;
mod headers;
#[cfg(feature = "diesel")]
pub mod inbox;
mod limits;
mod mac;
#[cfg(feature = "diesel")]
mod moment;
#[cfg(feature = "diesel")]
pub mod outbox;
pub mod outgoing;
mod refusal;
mod scheme;
#[cfg(feature = "seal")]
pub mod seal;
mod secret;
mod signer;
mod signing_key;
#[cfg(feature = "diesel")]
mod statement;
#[cfg(feature = "tower")]
pub mod tower;
mod verified;
mod verifier;
mod window;

pub use encoding::Encoding;
#[cfg(feature = "diesel")]
pub use moment::Moment;
pub use refusal::{Refusal, RefusalKind};
pub use scheme::{Generic, Scheme, SignedTime};
pub use secret::{Secret, SecretError};
pub use signer::{SignError, Signer};
#[cfg(feature = "diesel")]
pub use statement::{Returns, Statement};
pub use verified::{Digest, Unsigned, Verified};
pub use verifier::Verifier;
pub use window::{Unit, Window};
