//! Who is signed in, for how long, and how sure that is.
//!
//! The token is in the cookie and its SHA-256 in the store. A session is a row while it lasts and no row
//! afterwards: nothing saves one again, requests only touch what is there, so that a sign-out wins over
//! every request that began before it (CVE-2025-46336).
//!
//! [`Policy::judge`] decides on a row, and [`Sessions`] brings it from a [store](crate::store).

mod assurance;
mod device;
mod policy;
mod record;
mod refusal;
mod sessions;
mod signed_in;

pub use assurance::{Assurance, Factor, OneFactor, Proof, Proofs, TwoFactors};
pub use device::Device;
pub use policy::{LifetimeError, Lifetimes, Policy};
pub use record::Record;
pub use refusal::{Refusal, RefusalKind};
pub use sessions::{Arrival, Authenticated, Sessions, Started};
pub use signed_in::{Recent, Session};
