//! The server, asked everything it should answer and everything it should not.

#![allow(missing_docs, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

mod bad_input;
mod citus;
mod demo;
mod doctor;
mod faults;
mod imports;
mod members;
mod others;
mod pages;
mod roads;
mod shapes;
mod socket;
mod spec;
mod stage;
mod webhooks;
mod world;
