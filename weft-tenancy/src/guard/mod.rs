//! From SQL text to guarded SQL text.

mod cache;
mod cells;
mod change;
mod edits;
mod expr;
mod from;
#[doc(hidden)]
pub mod functions;
mod insert;
mod limits;
mod lock;
mod names;
mod nature;
mod pass;
mod place;
mod query;
#[doc(hidden)]
pub mod reading;
mod sight;
mod split;
mod tree;
#[doc(hidden)]
pub mod types;
mod verify;
mod with;

use std::{
    sync::{Arc, atomic::Ordering},
    thread,
};

pub(crate) use cache::Cache;
#[cfg(any(feature = "diesel", feature = "toml"))]
pub(crate) use limits::MAX_TEXT;
pub(crate) use names::quote;
use pass::{Guards, Pass};
pub use split::split;

use crate::{Refusal, RefusalKind, Scope, Tenancy};

/// What of a scope decides the text of a guarded statement; its values never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    /// The scope is narrowed to shops.
    pub narrowed: bool,
    /// Rows that are soft-deleted are shown.
    pub show_deleted: bool,
}

/// A statement with its guards, and what remains to be checked at each execution.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guarded {
    pub(crate) sql: String,
    pub(crate) org_bind: Option<u16>,
    pub(crate) shop_bind: Option<u16>,
    pub(crate) checks: Vec<Check>,
    pub(crate) tables: Vec<Box<str>>,
}

/// A cell of the caller's that must agree with the scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub(crate) table: Box<str>,
    pub(crate) column: Box<str>,
    pub(crate) shop: bool,
    pub(crate) cell: Cell,
}

/// Where the value to check is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// The caller's bind of this number.
    Bind(u16),
    /// A literal of the text.
    Literal(Box<str>),
    /// The cell is filled with the scope's shop, which must be exactly one.
    Shops,
}

impl Guarded {
    /// The text to send.
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The number of the bind that carries the organisation.
    pub fn org_bind(&self) -> Option<u16> {
        self.org_bind
    }

    /// The number of the bind that carries the array of shops.
    pub fn shop_bind(&self) -> Option<u16> {
        self.shop_bind
    }

    /// The tenant tables it touches, as the declaration displays them.
    pub fn tables(&self) -> &[Box<str>] {
        &self.tables
    }

    /// What must be compared with the scope before each execution.
    pub fn checks(&self) -> &[Check] {
        &self.checks
    }
}

impl Check {
    /// The table, as the declaration displays it.
    pub fn table(&self) -> &str {
        &self.table
    }

    /// The column.
    pub fn column(&self) -> &str {
        &self.column
    }

    /// Whether it is a shop that is checked, and not the organisation.
    pub fn is_shop(&self) -> bool {
        self.shop
    }

    /// Where the value is.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// Compares what needs no bind with `scope`: a literal, or the one shop to fill in.
    ///
    /// # Errors
    /// When the cell is another's, or the scope does not hold exactly one shop; for a bind always,
    /// since its value is not here.
    pub fn judge(&self, tenancy: &Tenancy, scope: &Scope) -> Result<(), Refusal> {
        let agrees = match (&self.cell, self.shop) {
            (Cell::Literal(text), false) => tenancy
                .key()
                .parse(text)
                .is_some_and(|org| org == scope.org_key()),
            (Cell::Literal(text), true) => tenancy
                .shop_key()
                .parse(text)
                .is_some_and(|shop| scope.contains_shop(shop)),
            (Cell::Shops, _) => {
                if scope.shops().is_some_and(|shops| shops.len() == 1) {
                    return Ok(());
                }
                let detail = "the shop is left out, and the scope does not hold exactly one";
                return Err(Refusal::new(RefusalKind::AmbiguousShop, detail).on(&self.table));
            }
            (Cell::Bind(_), _) => false,
        };
        if agrees { Ok(()) } else { Err(self.mismatch()) }
    }

    pub(crate) fn mismatch(&self) -> Refusal {
        let (kind, whose) = if self.shop {
            (RefusalKind::ShopMismatch, "a shop outside the scope")
        } else {
            (RefusalKind::OrgMismatch, "another organisation")
        };
        let detail = format!("column {} names {whose}", self.column);
        Refusal::new(kind, detail).on(&self.table)
    }
}

/// The number of the highest `$k` in `sql`.
///
/// # Errors
/// When the text crosses a limit, or a placeholder is out of range.
pub fn highest_bind(sql: &str) -> Result<u16, Refusal> {
    limits::scan(sql, limits::MAX_TEXT)
}

impl Tenancy {
    /// Lowers the length of text that is read at all, in bytes; it starts at 768 KiB and only falls.
    pub fn limit_text(&self, bytes: usize) {
        self.declared()
            .longest_text
            .fetch_min(bytes, Ordering::Relaxed);
    }

    /// Guards one statement that carries `binds` parameters.
    ///
    /// The result is taken from the cache when the same text was guarded before.
    ///
    /// # Errors
    /// A [`Refusal`] when the statement breaks a rule, or is not proved to keep all of them.
    pub fn guard(&self, sql: &str, binds: u16, shape: Shape) -> Result<Arc<Guarded>, Refusal> {
        let cache = &self.declared().cache;
        if let Some(guarded) = cache.find(sql, binds, shape) {
            return Ok(guarded);
        }
        let guarded = Arc::new(self.guard_anew(sql, binds, shape)?);
        cache.keep(sql, binds, shape, &guarded);
        Ok(guarded)
    }

    fn guard_anew(&self, sql: &str, binds: u16, shape: Shape) -> Result<Guarded, Refusal> {
        let longest = self.declared().longest_text.load(Ordering::Relaxed);
        let highest = limits::scan(sql, longest)?;
        if highest > binds {
            let detail = format!("${highest} has no bind, there are {binds}");
            return Err(Refusal::new(RefusalKind::Placeholder, detail));
        }
        if sql.len() <= SHORT {
            return self.rewrite(sql, binds, shape);
        }
        tree::begins_as_dml(sql)?;
        thread::scope(|scope| {
            thread::Builder::new()
                .stack_size(STACK)
                .spawn_scoped(scope, || self.rewrite(sql, binds, shape))
                .ok()
                .and_then(|rewriting| rewriting.join().ok())
                .unwrap_or_else(|| {
                    Err(Refusal::new(
                        RefusalKind::Unproved,
                        "no stack to read it on",
                    ))
                })
        })
    }

    fn rewrite(&self, sql: &str, binds: u16, shape: Shape) -> Result<Guarded, Refusal> {
        let statement = tree::parse(sql)?;
        let guards = || Guards::new(self, shape, binds);
        let mut numbering = guards();
        let mut pass = Pass::new(self, shape, guards());
        pass.statement(&statement)?;
        if pass.guards.shops_used && !pass.guards.org_used {
            numbering = numbering.of_shops_alone();
            pass = Pass::new(self, shape, guards().of_shops_alone());
            pass.statement(&statement)?;
        }
        let Pass {
            guards,
            edits,
            checks,
            ..
        } = pass;
        let number = |used: bool, number: u32| {
            if !used {
                return Ok(None);
            }
            u16::try_from(number).map(Some).map_err(|_| {
                let detail = "no number is left for the guard's own binds";
                Refusal::new(RefusalKind::Placeholder, detail)
            })
        };
        let org_bind = number(guards.org_used, guards.org)?;
        let shop_bind = number(guards.shops_used, guards.shops)?;
        let tables = guards.tables.iter().map(|table| (*table).into()).collect();
        let (text, inserted) = edits.apply(sql);
        verify::verify(sql, &text, &inserted, self, numbering)?;
        Ok(Guarded {
            sql: text,
            org_bind,
            shop_bind,
            checks,
            tables,
        })
    }
}

/// Longer texts are read on a stack of their own: the limits are counted so that a small one does,
/// and this is what stands behind a miscount.
const SHORT: usize = 1024;
const STACK: usize = 64 * 1024 * 1024;
