//! The flows on the store in memory: the failures of others by name, and faults at every step.

#![allow(clippy::unwrap_used, clippy::panic)]

mod api_tokens;
mod conformance;
mod faults;
mod links;
mod overtaken;
mod passwords;
mod second_factors;
mod sessions;
mod stage;
mod trace;
