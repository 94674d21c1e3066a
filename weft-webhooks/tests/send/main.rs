//! One attempt, against receivers on this machine that do what receivers should not.

#![allow(clippy::unwrap_used, clippy::panic)]

mod answers;
mod names;
mod receiver;
mod trust;
