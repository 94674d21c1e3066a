//! Time-based one-time passwords (RFC 6238), and the codes for when the device is gone.
//!
//! A code is six digits for 30 seconds. It is good once: [`Totp::check`] says which [`Step`] it belongs
//! to, and takes none that is not later than the last one. The caller makes that so under any
//! concurrency by one conditional statement:
//!
//! ```sql
//! UPDATE totp SET last_step = $step WHERE user_id = $user AND last_step < $step
//! ```
//!
//! One row means that the code was accepted; no row, that somebody else was first. Attempts need a limit
//! of their own, apart from that of passwords, and counted before the check: five at one challenge, ten
//! in a quarter of an hour.

mod base32;
mod code;
mod enrolment;
#[cfg(feature = "qr")]
mod qr;
mod recovery;
#[cfg(feature = "seal")]
pub mod seal;
mod secret;
mod step;
mod verify;

pub use code::{Code, NotACode};
pub use enrolment::{Enrolment, EnrolmentError};
pub use recovery::{NotARecoveryCode, RecoveryCode, RecoveryDigest};
pub use secret::{Secret, SecretLength};
pub use step::Step;
pub use verify::{Algorithm, Totp};
