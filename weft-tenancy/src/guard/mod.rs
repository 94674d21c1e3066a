//! From SQL text to guarded SQL text.

#[doc(hidden)]
pub mod functions;
#[doc(hidden)]
pub mod types;

use std::sync::Arc;

use crate::{Refusal, RefusalKind, Tenancy};

/// What of a scope decides the text of a guarded statement; its values never do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Shape {
    /// The scope is narrowed to shops.
    pub narrowed: bool,
    /// Rows that are soft-deleted are shown.
    pub show_deleted: bool,
}

/// A statement with its guards, and what remains to be checked at each execution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    pub(crate) sql: String,
    pub(crate) org_bind: Option<u16>,
    pub(crate) shop_bind: Option<u16>,
    pub(crate) checks: Vec<Check>,
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
}

/// Guarded statements by text and shape.
#[derive(Default)]
pub(crate) struct Cache {}

impl Tenancy {
    /// Guards one statement that carries `binds` parameters.
    ///
    /// # Errors
    /// A [`Refusal`] when the statement breaks a rule, or is not proved to keep all of them.
    pub fn guard(&self, sql: &str, binds: u16, shape: Shape) -> Result<Arc<Guarded>, Refusal> {
        let _ = (sql, binds, shape);
        Err(Refusal::new(RefusalKind::Unproved, "not built yet"))
    }
}
