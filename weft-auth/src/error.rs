use std::fmt;

use crate::NoRandomness;

/// Why there is no answer but no: somebody was refused, or the program could not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error<R, E> {
    /// It was decided, and the answer is no.
    Refused(R),
    /// The store failed, so nothing was decided. Answer with a 500 that says nothing.
    Store(E),
    /// The system has no randomness to give.
    Randomness,
}

impl<R, E> Error<R, E> {
    /// What was refused, unless something failed.
    pub fn refusal(&self) -> Option<&R> {
        match self {
            Error::Refused(refusal) => Some(refusal),
            Error::Store(_) | Error::Randomness => None,
        }
    }
}

impl<R, E> From<NoRandomness> for Error<R, E> {
    fn from(_: NoRandomness) -> Error<R, E> {
        Error::Randomness
    }
}

impl<R: fmt::Display, E> fmt::Display for Error<R, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Refused(refusal) => refusal.fmt(f),
            Error::Store(_) => f.write_str("the store failed"),
            Error::Randomness => NoRandomness.fmt(f),
        }
    }
}

impl<R, E> std::error::Error for Error<R, E>
where
    R: fmt::Debug + fmt::Display,
    E: std::error::Error + 'static,
{
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Store(error) => Some(error),
            Error::Refused(_) | Error::Randomness => None,
        }
    }
}
