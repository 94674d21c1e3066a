//! Why a sender's record cannot be used.

use std::fmt;

/// Why a body is no record that has an effect. Names fields, and holds none of their values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordError {
    /// It is not JSON of the documented shape, from here on.
    Shape {
        /// The line.
        line: usize,
        /// The column.
        column: usize,
    },
    /// A record of a kind that has no effect here.
    Kind,
    /// A field is not what it should be.
    Field(&'static str),
}

impl From<serde_json::Error> for RecordError {
    fn from(error: serde_json::Error) -> RecordError {
        RecordError::Shape {
            line: error.line(),
            column: error.column(),
        }
    }
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RecordError::Shape { line, column } => {
                write!(
                    f,
                    "not of the documented shape at line {line}, column {column}"
                )
            }
            RecordError::Kind => f.write_str("a record of a kind that has no effect here"),
            RecordError::Field(field) => write!(f, "{field} is not what it should be"),
        }
    }
}

impl std::error::Error for RecordError {}
