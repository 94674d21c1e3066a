//! An object store that speaks S3 to this machine alone and seals what it keeps (feature `store`).
//!
//! [`Store::start`] runs it as a child process, on `127.0.0.1`: a host of its own, so that a browser's
//! cookies for `localhost` do not go there. [`Store::within`] runs it in this process, for tests.
//! Requests are signed by `weft-storage`; s3s verifies the signatures.
//!
//! # Security
//! - What is not signed is not there: a header `x-amz-*`, or one about the content of an upload, that was
//!   not signed is refused, as is any that this store does not act upon, signed or not (CVE-2026-54330).
//! - A path is the bucket and a key of `weft-storage`'s, in one spelling: no dots, no escapes, no other
//!   bucket.
//! - Nothing is good for longer than 15 minutes, or dated in the future.
//! - Who uploads cannot read, who reads cannot upload, and nothing is ever overwritten.
//! - Whoever does not say who they are makes way for those who come after them; a tenant takes a
//!   quarter of the places to send or be sent something, and whoever is silent or reads nothing loses theirs.
//! - What is deleted while it comes or goes is broken off before the deletion is answered.
//! - Bytes, types and checksums are sealed under a key of the tenant's own; [`erase`] destroys it.

mod access;
mod child;
mod cors;
mod disk;
mod draft;
mod folder;
mod form;
mod listener;
mod moment;
mod object;
mod parts;
mod patient;
mod places;
mod refused;
mod roles;
mod server;
mod service;
mod settings;
mod spent;
mod supervisor;
mod tenant_keys;
mod visit;

pub use child::child;
pub use folder::erase;
pub use settings::{Login, Master, Settings};
pub use supervisor::Store;
