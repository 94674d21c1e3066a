//! Any request to endpoints of Standard Webhooks and of Svix: see `webhooks/property.rs`.

#![no_main]

#[macro_use]
#[path = "../webhooks/target.rs"]
mod target;
#[path = "../webhooks/mutate.rs"]
mod mutate;
#[path = "../webhooks/mod.rs"]
mod webhooks;

target!("standard");
