//! Requests that no sender would send, to an endpoint of each scheme.

mod property;
pub(crate) mod request;
pub(crate) mod sender;

pub(crate) use property::{Outcome, outcome};
