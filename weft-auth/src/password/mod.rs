//! Passwords: what may be one, and how one is kept and verified.
//!
//! [`Policy`] says what may be chosen, [`Hasher`] keeps it as Argon2id in a PHC string. Who verifies is
//! admitted first ([`Hasher::enter`]), then looks the account up, then hashes: so an overload is refused
//! before anything depends on the account, and every account costs the same from there on.

mod admission;
mod argon2id;
mod blocklist;
mod config;
mod hasher;
mod memory;
mod params;
mod pepper;
mod phc;
mod plain;
mod policy;
mod refusal;
#[cfg(test)]
mod tests;

pub use admission::{Busy, Entering, Permit};
pub use config::{Config, ConfigError};
pub use hasher::{HashError, Hasher, Match, PasswordHash};
pub use params::{Params, ParamsError};
pub use pepper::{Pepper, PepperError, Peppers};
pub use phc::StoredError;
pub use plain::{Password, PasswordError};
pub use policy::{NewPassword, Objection, Policy};
pub use refusal::{Refusal, RefusalKind};
