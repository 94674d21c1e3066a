//! The store of weft-auth on a real Postgres, over synchronous and asynchronous connections.

#![allow(clippy::panic, clippy::unwrap_used)]

mod auth {
    mod conformance;
    mod crash;
    mod flow;
    mod outbox;
    mod processes;
    mod races;
    mod requests;
    mod role;
    mod stage;
    mod tables;
    mod webhooks;
    mod wire;
}
