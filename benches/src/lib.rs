//! What the promises cost, each figure against a peer that ran in turns with it.
//!
//! One question per file in `benches/`, in its first line; the answers stand in `README.md`.

mod clock;
mod instructions;
mod interval;
mod paired;
mod stage;
mod texts;
mod turns;

pub use instructions::{COUNTED, counted_calls};
pub use interval::Interval;
pub use paired::{bootstrap, welch};
pub use stage::{TENANCY, database, orders, tokio_runtime};
pub use texts::{JOIN, of_a_kilobyte};
pub use turns::{Series, in_turns};
