//! What becomes of a message that is sent: where it may go, what an attempt came to, when the next one
//! is due, and when an endpoint is given up. Decisions only; the feature `send` adds `Sender`, which
//! makes an attempt.
//!
//! ```
//! use std::time::{Duration, SystemTime};
//! use http::{HeaderMap, StatusCode};
//! use weft_webhooks::outgoing::{
//!     Answer, Destination, Disabling, Networks, Next, Outcome, RetrySchedule, Standing,
//! };
//!
//! let destination = Destination::parse("https://hooks.example.com/weft", &Networks::none())?;
//! assert!(destination.pin(["10.0.0.7".parse()?]).is_err());
//!
//! let now = SystemTime::now();
//! let outcome = Outcome::from(Answer::new(
//!     StatusCode::SERVICE_UNAVAILABLE,
//!     &HeaderMap::new(),
//!     Vec::new(),
//! ));
//! assert_eq!(
//!     RetrySchedule::standard().next(1, &outcome, now, 0),
//!     Next::TryAgain(now + Duration::from_secs(5)),
//! );
//! assert_eq!(
//!     Disabling::standard().judge(None, &outcome, now),
//!     Standing::FailingSince(now),
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answer;
mod destination;
mod destination_error;
mod disabling;
mod failure;
mod host;
mod http_date;
mod networks;
mod outcome;
mod public;
mod retry_after;
mod retry_schedule;
#[cfg(feature = "send")]
mod send;
mod url;

pub use answer::Answer;
pub use destination::{Destination, Pinned};
pub use destination_error::DestinationError;
pub use disabling::{DisableReason, Disabling, Standing};
pub use failure::Failure;
pub use networks::{Network, NetworkError, Networks};
pub use outcome::Outcome;
pub use retry_after::RetryAfter;
pub use retry_schedule::{Next, RetrySchedule};
#[cfg(feature = "send")]
pub use send::{Resolve, Roots, Sender, SystemResolver, TlsError};
