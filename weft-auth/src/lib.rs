#![doc = include_str!("../README.md")]

pub mod password;
mod random;
pub mod token;
pub mod totp;

pub use random::NoRandomness;
