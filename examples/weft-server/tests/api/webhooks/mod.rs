//! Webhooks: what is delivered, what is refused, and who sees it.

mod effects;
mod endpoints;
mod hostile;
#[path = "../../../../../weft-webhooks/tests/webhooks/libraries.rs"]
mod libraries;
mod official;
mod once;
mod outgoing;
pub(crate) mod process;
pub(crate) mod records;
pub(crate) mod sender;
