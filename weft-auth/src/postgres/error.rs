use std::fmt;

use diesel::result::{DatabaseErrorKind, Error};

use crate::totp::seal::SealError;

/// Why the store failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum PgError<E> {
    /// There was no connection.
    Lend(E),
    /// The statement failed, or what it returned could not be read.
    Database(Error),
    /// The token of a mail could not be sealed or opened.
    Seal(SealError),
}

impl<E> PgError<E> {
    /// Whether it would have made a second row of what there is one of.
    pub(super) fn is_taken(&self) -> bool {
        let unique = DatabaseErrorKind::UniqueViolation;
        matches!(self, PgError::Database(Error::DatabaseError(kind, _)) if *kind == unique)
    }
}

impl<E> fmt::Display for PgError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PgError::Lend(_) => "no connection to the database",
            PgError::Database(_) => "the database failed",
            PgError::Seal(_) => "the token of a mail could not be sealed or opened",
        })
    }
}

impl<E: std::error::Error + 'static> std::error::Error for PgError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PgError::Lend(error) => Some(error),
            PgError::Database(error) => Some(error),
            PgError::Seal(error) => Some(error),
        }
    }
}
