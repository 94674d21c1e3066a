//! The measuring of `weft-benches` without the database that comes with it.

#[path = "../../src/clock.rs"]
mod clock;
#[path = "../../src/interval.rs"]
mod interval;
#[path = "../../src/turns.rs"]
mod turns;

pub use interval::Interval;
pub use turns::{Series, in_turns};
