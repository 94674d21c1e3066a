#![cfg_attr(feature = "diesel", doc = include_str!("../README.md"))]
#![cfg_attr(
    not(feature = "diesel"),
    doc = "From SQL text to guarded SQL text; the hook on Diesel is behind the feature `diesel`."
)]

#[cfg(feature = "async")]
mod async_conn;
#[cfg(feature = "async")]
mod async_snapshot;
#[cfg(feature = "async")]
mod async_transaction;
#[cfg(feature = "diesel")]
mod conn;
#[cfg(feature = "diesel")]
mod context;
#[cfg(feature = "signed")]
mod context_key;
mod declare;
#[cfg(feature = "doctor")]
pub mod doctor;
#[cfg(feature = "diesel")]
mod explain;
#[cfg(feature = "diesel")]
mod fence;
#[cfg(feature = "async")]
mod flight;
pub mod guard;
#[cfg(feature = "diesel")]
mod inner;
mod key;
mod migration;
mod policy;
mod refusal;
mod roles;
#[cfg(feature = "diesel")]
mod row_security;
mod scope;
#[cfg(feature = "diesel")]
mod session;
#[cfg(feature = "diesel")]
mod statement;
#[cfg(feature = "diesel")]
mod trace;
#[cfg(feature = "diesel")]
mod transaction;
#[cfg(feature = "diesel")]
mod unscoped;

#[cfg(feature = "async")]
pub use async_conn::AsyncOrgConn;
#[cfg(feature = "async")]
pub use async_snapshot::AsyncSnapshot;
#[cfg(feature = "async")]
pub use async_transaction::{AsyncOrgTransactionManager, AsyncWork};
#[cfg(feature = "diesel")]
pub use conn::OrgConn;
#[cfg(feature = "signed")]
pub use context_key::{ContextKey, ContextKeyError};
pub use declare::{Class, DeclarationError, Table, Tenancy};
#[cfg(feature = "diesel")]
pub use explain::Explained;
#[cfg(feature = "diesel")]
pub use inner::PgInner;
pub use key::{Key, KeyType};
pub use migration::{MigrationError, NewTable};
pub use policy::{Policies, Policy};
pub use refusal::{Refusal, RefusalKind};
pub use roles::Roles;
#[cfg(feature = "diesel")]
pub use row_security::RowSecurity;
pub use scope::Scope;
#[cfg(feature = "diesel")]
pub use trace::{Counters, counters};
#[cfg(feature = "diesel")]
pub use transaction::{OrgTransactionManager, TransactionBuilder};
#[cfg(feature = "diesel")]
pub use unscoped::{AUDIT_TABLE_SQL, Unscoped, UnscopedConn, UnscopedTransactionManager};
#[cfg(feature = "async")]
pub use unscoped::{AsyncUnscoped, AsyncUnscopedConn, AsyncUnscopedTransactionManager};

#[cfg(feature = "diesel")]
#[doc(hidden)]
pub use declare::macros as __private;
