//! The tokens of programs: weft-auth's, with a prefix of this server's.

use axum::http::Method;
use weft_auth::token::Scope;

pub use weft_auth::token::{ApiToken, ApiTokens, New, Prefix, Scopes};

/// What every token begins with, so that a leaked one is known for what it is.
#[allow(clippy::panic, reason = "it would be the compiler that panics")]
pub const PREFIX: Prefix = match Prefix::new("weft") {
    Ok(prefix) => prefix,
    Err(_) => panic!("not a prefix"),
};

/// What a token may be used for, of all that its owner may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Looking.
    Read,
    /// Changing something.
    Write,
}

impl Permission {
    /// What a request of that method takes.
    pub fn needed(method: &Method) -> Permission {
        match *method {
            Method::GET | Method::HEAD => Permission::Read,
            _ => Permission::Write,
        }
    }
}

impl Scope for Permission {
    const ALL: &'static [Permission] = &[Permission::Read, Permission::Write];

    fn name(self) -> &'static str {
        match self {
            Permission::Read => "read",
            Permission::Write => "write",
        }
    }
}
