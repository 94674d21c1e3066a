//! What a service writes itself, sealed (feature `envelope`): an embedded store, backups, and what workers
//! make.
//!
//! Each tenant has a [`DataKey`], which is stored wrapped by [`MasterKeys`] that are not in the database.
//! A stream is sealed in segments of 64 KiB under a key of its own, derived from the data key, a random
//! salt and the name of the object:
//!
//! | bytes | |
//! |---|---|
//! | 5 | `WEFT` and the version, 1 |
//! | 32 | the salt |
//! | 32 | the commitment to the key |
//! | up to 65 536 + 16, over and over | a segment, by AES-256-GCM |
//!
//! ```
//! use std::io::{Read, Write};
//!
//! use uuid::Uuid;
//! use weft_storage::envelope::{DataKey, MasterKeys, Opening, Sealing};
//!
//! let master: MasterKeys = "2026-11:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=".parse()?;
//! let tenant = Uuid::from_u128(1);
//! let key = DataKey::generate()?;
//! let wrapped = master.wrap(&key, tenant)?; // to the database, in the tenant's row
//!
//! let mut sealing = Sealing::new(Vec::new(), &key, b"1/backups/2")?;
//! sealing.write_all(b"what nobody else is to read")?;
//! let sealed = sealing.finish()?;
//!
//! let key = master.unwrap(&wrapped, tenant)?;
//! let mut opened = String::new();
//! Opening::new(&sealed[..], &key, b"1/backups/2")?.read_to_string(&mut opened)?;
//! assert_eq!(opened, "what nobody else is to read");
//! assert!(Opening::new(&sealed[..], &key, b"1/backups/3").is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Security
//! - Without the wrapped key nothing opens: delete it, and wherever copies are, they are erased.
//! - A stream that is cut off, continued, reordered or put in another one's place does not open, and what
//!   is read of a segment has been authenticated.
//! - The key that opens is the one that sealed: no ciphertext opens under two (CVE-2025-14762).
//! - Its length is not hidden.

mod data_key;
mod io;
mod master;
mod opener;
mod range;
mod sealer;
mod stream;

use std::fmt;

pub use data_key::DataKey;
pub use io::{Opening, Sealing};
pub use master::{KeyringError, MasterKeys};
pub use opener::Opener;
pub use range::open_range;
pub use sealer::Sealer;
pub use stream::{HEADER, SEGMENT, TAG, plain_length, sealed_length};

/// Why something was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The system has no randomness to give.
    Randomness,
    /// It was wrapped under a key that is not here.
    UnknownKey,
    /// It was wrapped for another tenant, or changed.
    NotForThisTenant,
    /// It is no envelope of a version that is known here.
    NotAnEnvelope,
    /// It was sealed under another key or as another object.
    OtherKey,
    /// A segment was changed, moved, or is missing.
    Corrupt,
    /// It has more segments than can be counted.
    TooLong,
    /// There is no such range in it.
    Range,
    /// What was to be sealed or opened in place is no segment, or begins within one.
    NotASegment,
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            EnvelopeError::Randomness => "the system has no randomness to give",
            EnvelopeError::UnknownKey => "the data key is wrapped under an unknown key",
            EnvelopeError::NotForThisTenant => "the data key is not one of this tenant",
            EnvelopeError::NotAnEnvelope => "there is no envelope of a known version",
            EnvelopeError::OtherKey => "sealed under another key, or as another object",
            EnvelopeError::Corrupt => "a segment is changed or missing",
            EnvelopeError::TooLong => "there are too many segments",
            EnvelopeError::Range => "there is no such range",
            EnvelopeError::NotASegment => "what is in place is no segment",
        })
    }
}

impl std::error::Error for EnvelopeError {}

impl From<EnvelopeError> for std::io::Error {
    fn from(error: EnvelopeError) -> std::io::Error {
        std::io::Error::new(std::io::ErrorKind::InvalidData, error)
    }
}
