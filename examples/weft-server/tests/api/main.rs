//! The server, asked everything it should answer and everything it should not.

#![allow(missing_docs, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "routes of tests")]

mod attachments;
mod bad_input;
mod browser;
mod citus;
mod demo;
mod doctor;
mod faults;
mod imports;
mod keyset;
mod members;
mod migrations;
mod others;
mod people;
mod reading;
mod roads;
mod shapes;
mod shelf;
mod socket;
mod spec;
mod stage;
mod webhooks;
#[allow(dead_code, reason = "some is for those who sign themselves")]
#[path = "../../../embedded/tests/store/wire.rs"]
mod wire;
mod world;
