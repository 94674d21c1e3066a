//! The tokens of programs: weft-auth's, with a prefix of this server's.

pub use weft_auth::token::{Api, ApiToken, Prefix, TokenDigest};

/// What every token begins with, so that a leaked one is known for what it is.
#[allow(clippy::panic, reason = "it would be the compiler that panics")]
pub const PREFIX: Prefix = match Prefix::new("weft") {
    Ok(prefix) => prefix,
    Err(_) => panic!("not a prefix"),
};
