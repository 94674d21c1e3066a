use std::{fmt, io};

/// Why a command cannot tell.
pub(crate) enum Failure {
    /// It was called otherwise than it can be.
    Usage(String),
    /// A file, a secret or a capture is not what it should be.
    Input(String),
    Output(io::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Usage(message) | Failure::Input(message) => f.write_str(message),
            Failure::Output(error) => error.fmt(f),
        }
    }
}

impl From<lexopt::Error> for Failure {
    fn from(error: lexopt::Error) -> Failure {
        Failure::Usage(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}
