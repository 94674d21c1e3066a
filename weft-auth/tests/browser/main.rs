//! What browsers are told, and what they are believed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)]

mod cookie;
mod csrf;
mod headers;
