//! What happened, in a chain that nobody can mend.
//!
//! Each [`Event`] becomes a [`Record`] of one length without personal data in clear: people and networks
//! are pseudonyms. The store appends it behind the last one with the hash of all so far ([`Head`]), and
//! [`verify`] finds the first entry that is not what was written.
//!
//! Who can write to the database can write the chain anew from any place on. So let a [`Checkpoint`] of
//! the head go somewhere else from time to time, such as to a log or a mailbox: a chain that does not lead
//! through it was changed or cut off.

mod chain;
mod event;
mod record;

pub use chain::{Broken, Checkpoint, CheckpointKey, Entry, Head, verify};
pub use event::{Event, Reason};
pub use record::Record;
