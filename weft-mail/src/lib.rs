//! Nothing leaves without an aligned signature and a tenant in good standing.
//!
//! This crate is a name and a promise; there is no code in it yet. It will decide whether a message
//! may leave: SPF, DKIM and DMARC alignment, the tenant's bounces and complaints against their
//! thresholds, and credentials that are stored as Argon2 hashes and never shown.
//!
//! It will not be a mail server; it is made to stand in front of Stalwart.
