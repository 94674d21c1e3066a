//! Other signers behind one way to ask them, and the measuring of `weft-benches` without the database that
//! comes with it.

#[path = "../../src/clock.rs"]
mod clock;
#[path = "../../src/interval.rs"]
mod interval;
mod peers;
#[path = "../../src/turns.rs"]
mod turns;

pub use interval::Interval;
pub use peers::{Asked, Offline, aws_policy, aws_presigns, aws_signs, rusty_presigns};
pub use turns::{Series, in_turns};
