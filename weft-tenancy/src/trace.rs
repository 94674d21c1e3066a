//! What the hook did, for logs and for the live page: names of tables and rules, never values.

use std::panic::Location;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::Refusal;
use crate::guard::Guarded;

static GUARDED: AtomicU64 = AtomicU64::new(0);
static REFUSED: AtomicU64 = AtomicU64::new(0);
static UNSCOPED: AtomicU64 = AtomicU64::new(0);

/// How many statements of this process went which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Counters {
    /// Statements that were guarded and handed to the connection.
    pub guarded: u64,
    /// Statements that were refused.
    pub refused: u64,
    /// Statements that ran unscoped, each under an audit record.
    pub unscoped: u64,
}

/// The process's counters since it started.
pub fn counters() -> Counters {
    Counters {
        guarded: GUARDED.load(Ordering::Relaxed),
        refused: REFUSED.load(Ordering::Relaxed),
        unscoped: UNSCOPED.load(Ordering::Relaxed),
    }
}

pub(crate) fn guarded(guarded: &Guarded) {
    GUARDED.fetch_add(1, Ordering::Relaxed);
    tracing::debug!(
        tables = ?guarded.tables(),
        narrowed = guarded.shop_bind().is_some(),
        checks = guarded.checks().len(),
        "statement guarded"
    );
}

pub(crate) fn refused(refusal: &Refusal) {
    REFUSED.fetch_add(1, Ordering::Relaxed);
    tracing::warn!(
        kind = refusal.kind().name(),
        table = refusal.table(),
        "statement refused"
    );
}

pub(crate) fn unscoped() {
    UNSCOPED.fetch_add(1, Ordering::Relaxed);
}

pub(crate) fn unscoped_opened(reason: &str, actor: &str, at: &Location<'_>) {
    tracing::warn!(
        reason,
        actor,
        file = at.file(),
        line = at.line(),
        "unscoped access opened"
    );
}

pub(crate) fn unscoped_closed(reason: &str, actor: &str, at: &Location<'_>, statements: u64) {
    tracing::warn!(
        reason,
        actor,
        file = at.file(),
        line = at.line(),
        statements,
        "unscoped access closed"
    );
}
