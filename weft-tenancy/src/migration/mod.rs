//! Text for migrations: tables that come with everything a tenant table needs, and changes of data
//! under forced row security.

mod data;
mod new_table;
mod syntax;

use std::fmt;

pub use new_table::NewTable;

/// Why no text was written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MigrationError {
    /// A name is empty, longer than the 63 bytes that Postgres keeps, reserved, or not one line.
    Name {
        /// The name.
        name: String,
    },
    /// The table is declared already.
    Declared {
        /// The table.
        table: String,
    },
    /// What follows a column's name is not one type with NOT NULL, DEFAULT, CHECK, COLLATE or
    /// GENERATED; keys and references are the table's to write.
    Column {
        /// The column.
        column: String,
    },
    /// No declared tenant table of that name, or none that can be referred to.
    Target {
        /// The table.
        table: String,
    },
    /// The change of data is not a list of SELECT, INSERT, UPDATE, DELETE and MERGE without binds.
    Body,
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use MigrationError as E;
        match self {
            E::Name { name } => write!(f, "name {name:?} cannot be a name here"),
            E::Declared { table } => write!(f, "table {table} is declared already"),
            E::Column { column } => write!(
                f,
                "column {column} is not one type with NOT NULL, DEFAULT, CHECK, COLLATE or GENERATED"
            ),
            E::Target { table } => write!(f, "{table} is no declared table of tenants to refer to"),
            E::Body => f.write_str(
                "the change of data is not a list of SELECT, INSERT, UPDATE, DELETE and MERGE",
            ),
        }
    }
}

impl std::error::Error for MigrationError {}
