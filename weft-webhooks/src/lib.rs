//! Bytes and headers in, a `Verified` event or a refusal out.
//!
//! This crate is a name and a promise; there is no code in it yet. It will hold the schemes of
//! Stripe, Shopify, Slack and others, each an HMAC over the exact bytes that arrived, with a replay
//! window where the sender signs a time. A value of `Verified` will only come from a passed check
//! and carry only what was signed; a refused request will cause no statement at all.
//!
//! It will do no I/O of its own.
