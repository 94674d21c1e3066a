//! The work whose instructions callgrind counts, marked by its function's name.

use std::hint::black_box;

/// How many calls are counted at a time.
pub const COUNTED: u32 = 200;

/// Runs `work` [`COUNTED`] times, under a name that callgrind can be told to collect at.
#[inline(never)]
pub fn counted_calls(work: &mut dyn FnMut(u32)) {
    black_box(work)(COUNTED);
}
