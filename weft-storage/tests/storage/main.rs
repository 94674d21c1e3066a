//! What is signed leads nowhere else, what is answered is read strictly, and what is known to have gone
//! wrong elsewhere does not here. `WEFT_SEED` replays a run.

#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

mod allocations;
mod answers;
mod generated;
mod hostile;
mod keys;
mod random;
mod store;
