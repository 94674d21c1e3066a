//! Tokens: 256 random bits for their bearer, a digest for the database.
//!
//! What comes in is looked up by its digest, so no comparison of secrets is there to be timed, and an
//! index tells nothing about a token (CVE-2019-16782). 256 bits need neither salt nor stretching (ASVS
//! 6.5.2 asks for 112).

mod api;
mod bearer;
mod grant;
mod record;
mod rotation;
mod scope;
mod tokens;

pub use api::{ApiToken, Prefix, PrefixError};
pub use bearer::{Api, Browser, Challenge, Kind, Link, NotAToken, Session, Token, TokenDigest};
pub use grant::{Grant, GrantRefusal, GrantUse};
pub use record::ApiTokenRecord;
pub use rotation::{Rotation, RotationError};
pub use scope::{Scope, Scopes, UnknownScope};
pub use tokens::{ApiTokens, New, NoToken};
