//! The server, asked everything it should answer and everything it should not.

#![allow(missing_docs)]

mod bad_input;
mod demo;
mod imports;
mod members;
mod others;
mod pages;
mod roads;
mod socket;
mod spec;
mod stage;
mod world;
