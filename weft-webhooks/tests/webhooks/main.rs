//! Every scheme against its sender, written a second time, and against those who are not it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod allocation;
mod conformance;
mod hostile;
mod libraries;
mod proof;
mod replay;
#[path = "../../../fuzz/webhooks/mod.rs"]
mod requests;
mod sender;
mod signer;
