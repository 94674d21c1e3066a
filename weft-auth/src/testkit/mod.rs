//! Proofs that can be run on any store (feature `testkit`).
//!
//! - [`conformance`] holds a store to the rules of [`store`](crate::store): of N at once one wins, what was
//!   counted stays counted, NULL and blank equal nothing, a sign-out wins, no clock revives anything.
//! - [`trace`] signs in to accounts in every state, and compares what was asked of the store. An
//!   [`Attempt`](trace::Attempt) is one such sign-in, to be counted or timed.
//! - [`Memory`] is a store to test against, [`Probe`] records what a store is asked and fails on demand.

pub mod conformance;
#[cfg(test)]
mod flaws;
mod forward;
mod memory;
mod probe;
mod race;
pub mod trace;
mod violation;

pub use memory::Memory;
pub use probe::{Fault, Op, Probe, ProbeError};
pub use race::{Race, Threads};
pub use violation::Violation;
