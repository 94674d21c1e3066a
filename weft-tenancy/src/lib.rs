#![doc = include_str!("../README.md")]

mod declare;
pub mod guard;
mod key;
mod refusal;
mod scope;

pub use declare::{Class, DeclarationError, Table, Tenancy};
pub use key::{Key, KeyType};
pub use refusal::{Refusal, RefusalKind};
pub use scope::Scope;

#[cfg(feature = "diesel")]
#[doc(hidden)]
pub use declare::macros as __private;
