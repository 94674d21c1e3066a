//! How a sender's record is read, and why it cannot be used.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::Value;

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

/// Reads JSON as Postgres can keep it: without U+0000, which anybody who writes a note can put there.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RecordError> {
    if !body.windows(NUL.len()).any(|part| part == NUL) {
        return Ok(serde_json::from_slice(body)?);
    }
    let mut value: Value = serde_json::from_slice(body)?;
    remove_nul(&mut value);
    Ok(T::deserialize(value)?)
}

fn remove_nul(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|c| c != '\0'),
        Value::Array(values) => values.iter_mut().for_each(remove_nul),
        Value::Object(fields) => fields.values_mut().for_each(remove_nul),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// As JSON writes it; it has no other spelling.
const NUL: &[u8] = br"\u0000";

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
