use std::{error, fmt, io};

/// Why a file is not a Shopify order export, and where.
///
/// Order exports are full of personal data and errors end in logs, so the message names the line
/// and the column and shows a cell only where Shopify, not a person, wrote it: a status.
#[derive(Debug)]
pub struct RowError {
    /// The physical line on which the row begins, the header being line 1.
    pub line: u64,
    /// The header of the cell at fault, when one cell is.
    pub column: Option<&'static str>,
    /// What is wrong.
    pub kind: RowErrorKind,
}

/// What is wrong with a row.
#[derive(Debug)]
#[non_exhaustive]
pub enum RowErrorKind {
    /// The source could not be read.
    Io(io::Error),
    /// The file is empty.
    NoHeader,
    /// A column that an order cannot do without is not in the header.
    MissingColumn,
    /// Two columns have the same header, and either could be meant.
    RepeatedColumn,
    /// The row has more or fewer cells than the header.
    CellCount {
        /// How many it has.
        found: usize,
        /// How many the header has.
        expected: usize,
    },
    /// The header or a row has more cells than any export.
    TooManyCells,
    /// The row is longer than any export's.
    RowTooLong,
    /// The cell is longer than any export's.
    CellTooLong,
    /// The order has more rows than Shopify lets an order have.
    TooManyLineItems,
    /// A quoted cell runs to the end of the file.
    UnclosedQuote,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A NUL byte, which Postgres text cannot hold.
    Nul,
    /// A cell that must have a value has none.
    Empty,
    /// Line breaks or other control characters where one line is expected.
    ControlCharacter,
    /// Not an email address.
    NotAnEmail,
    /// Not a positive whole number.
    NotANumber,
    /// Not a decimal amount.
    NotAnAmount,
    /// An amount below zero.
    NegativeAmount,
    /// More decimals than the order's currency has.
    TooManyDecimals,
    /// More money than 64 bits of minor units hold.
    AmountTooLarge,
    /// Not three capital letters.
    NotACurrency,
    /// Not `2024-03-05 14:22:10 -0500`.
    NotATime,
    /// A status that Shopify does not document; the text is shortened.
    UnknownStatus(String),
    /// The order's earlier rows are separated from this one.
    OrderResumed {
        /// The line on which the order began.
        first: u64,
    },
    /// The row has only a line item and the order's first row is not above it.
    NoOrder,
    /// The cell differs from the one in the order's first row.
    Contradiction {
        /// The line on which the order began.
        first: u64,
    },
}

impl RowError {
    pub(super) fn row(line: u64, kind: RowErrorKind) -> Self {
        Self {
            line,
            column: None,
            kind,
        }
    }

    pub(super) fn cell(line: u64, column: &'static str, kind: RowErrorKind) -> Self {
        Self {
            line,
            column: Some(column),
            kind,
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}", self.line)?;
        if let Some(column) = self.column {
            write!(f, ", column {column}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

impl fmt::Display for RowErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Io(_) => "the file could not be read",
            Self::NoHeader => "the file has no header",
            Self::MissingColumn => "missing from the header",
            Self::RepeatedColumn => "twice in the header",
            Self::CellCount { found, expected } => {
                return write!(f, "has {found} cells where the header has {expected}");
            }
            Self::TooManyCells => "too many cells",
            Self::RowTooLong => "the row is too long",
            Self::CellTooLong => "the cell is too long",
            Self::TooManyLineItems => "the order has too many line items",
            Self::UnclosedQuote => "a quote is opened and never closed",
            Self::NotUtf8 => "not utf-8",
            Self::Nul => "holds a NUL byte",
            Self::Empty => "must not be empty",
            Self::ControlCharacter => "holds a line break or another control character",
            Self::NotAnEmail => "not an email address",
            Self::NotANumber => "not a positive whole number",
            Self::NotAnAmount => "not an amount of money",
            Self::NegativeAmount => "an amount below zero",
            Self::TooManyDecimals => "more decimals than the currency has",
            Self::AmountTooLarge => "the amount is too large",
            Self::NotACurrency => "not a currency code of three capital letters",
            Self::NotATime => "not a time such as 2024-03-05 14:22:10 -0500",
            Self::UnknownStatus(text) => return write!(f, "unknown status {text:?}"),
            Self::OrderResumed { first } => {
                return write!(
                    f,
                    "the order began on line {first} and ended before this row"
                );
            }
            Self::NoOrder => "a further line item without its order above it",
            Self::Contradiction { first } => {
                return write!(f, "differs from the order's first row on line {first}");
            }
        })
    }
}

impl error::Error for RowError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        match &self.kind {
            RowErrorKind::Io(error) => Some(error),
            _ => None,
        }
    }
}
