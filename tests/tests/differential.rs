//! Non-interference: what an organisation gets and does in a shared database equals what it would
//! where it is alone, under the hook, under row-level security and under both.
//!
//! `WEFT_DIFFERENTIAL` sets how many statements are generated, `WEFT_DIFFERENTIAL_SEED` the first
//! seed; with a seed alone its one statement is replayed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod differential {
    mod generated;
    mod layers;
    mod sharpness;
}
