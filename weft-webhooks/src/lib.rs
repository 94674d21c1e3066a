#![doc = include_str!("../README.md")]

mod encoding;
mod headers;
mod limits;
mod mac;
pub mod outgoing;
mod refusal;
mod scheme;
mod secret;
mod signer;
mod signing_key;
mod verified;
mod verifier;
mod window;

pub use encoding::Encoding;
pub use refusal::{Refusal, RefusalKind};
pub use scheme::{Generic, Scheme, SignedTime};
pub use secret::{Secret, SecretError};
pub use signer::{SignError, Signer};
pub use verified::{Digest, Unsigned, Verified};
pub use verifier::Verifier;
pub use window::{Unit, Window};
