#![doc = include_str!("../README.md")]

pub mod cookie;
pub mod csrf;
pub mod doctor;
pub mod headers;
mod origin;
pub mod password;
mod random;
#[cfg(feature = "sso")]
pub mod sso;
pub mod token;
pub mod totp;

pub use origin::{Origin, OriginError};
pub use random::NoRandomness;
