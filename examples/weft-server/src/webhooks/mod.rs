//! Webhooks in: from a signed request to rows of one shop, once.
//!
//! A request meets the [`directory`] in memory and a verifier; nothing that is refused reaches the
//! database. What is verified is claimed, body and all, by one statement; the effect and the claim's
//! end share a transaction; what is left of a process that died is picked up.

pub mod directory;
mod effect;
pub(crate) mod process;
mod provider;
pub mod retention;
pub mod secrets;
