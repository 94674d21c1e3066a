//! The third road: statements of the whole service, each time with a reason on record.

#[cfg(feature = "async")]
mod asynchronous;
mod audit;
mod control;
mod sync;

#[cfg(feature = "async")]
pub use asynchronous::{AsyncUnscoped, AsyncUnscopedConn, AsyncUnscopedTransactionManager};
pub use audit::AUDIT_TABLE_SQL;
pub use sync::{Unscoped, UnscopedConn, UnscopedTransactionManager};
