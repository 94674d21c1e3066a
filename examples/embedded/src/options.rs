use std::path::PathBuf;

use crate::Search;

/// Which server to start, and where its data lives.
#[derive(Debug, Clone)]
pub struct Options {
    pub(crate) name: String,
    pub(crate) profile: Profile,
    pub(crate) state_dir: Option<PathBuf>,
    pub(crate) search: Search,
}

/// What the server owes its data after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// Nothing: writes are never flushed. Fast.
    Test,
    /// Everything that was committed.
    Durable,
}

impl Options {
    /// The server called `name`, with [`Profile::Test`]. Any text will do; the path of the
    /// checkout makes one server per checkout. The same name and profile mean the same server.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            profile: Profile::Test,
            state_dir: None,
            search: Search::system(),
        }
    }

    /// Another profile; it is a server of its own.
    #[must_use = "it returns the changed options"]
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// The folder in which the server's folder is made. As root it must be open to the server's
    /// user all the way down.
    ///
    /// Without it: `/var/tmp` as root, else the user's state folder (`XDG_STATE_HOME`).
    #[must_use = "it returns the changed options"]
    pub fn with_state_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.state_dir = Some(folder.into());
        self
    }

    /// Where to look for the binaries; [`Search::system`] unless told.
    #[must_use = "it returns the changed options"]
    pub fn with_search(mut self, search: Search) -> Self {
        self.search = search;
        self
    }
}

impl Profile {
    /// The settings that differ from Postgres's defaults.
    pub(crate) fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Test => &[
                "fsync=off",
                "synchronous_commit=off",
                "full_page_writes=off",
            ],
            Self::Durable => &[],
        }
    }
}
