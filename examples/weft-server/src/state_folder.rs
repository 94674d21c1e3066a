//! The folder that outlives a run: certificate, demo tokens, and the database where no other is
//! configured.

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A folder of state, with a part that only its owner reads.
#[derive(Debug, Clone)]
pub struct StateFolder {
    path: PathBuf,
    named: bool,
}

impl StateFolder {
    /// The folder at `path`, or without one the user's own, made if missing.
    ///
    /// # Errors
    /// When there is no telling where it should be, or it cannot be made.
    pub fn open(path: Option<PathBuf>) -> io::Result<StateFolder> {
        let named = path.is_some();
        let path = match path.or_else(default_path) {
            Some(path) => std::path::absolute(path)?,
            None => {
                return Err(io::Error::other(
                    "neither HOME nor XDG_STATE_HOME is set: use --data",
                ));
            }
        };
        fs::create_dir_all(&path)?;
        let folder = StateFolder {
            path: path.canonicalize()?,
            named,
        };
        let private = folder.private();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&private)?;
        fs::set_permissions(&private, fs::Permissions::from_mode(0o700))?;
        Ok(folder)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where the database's folder goes; `None` leaves it to the database's starter. Root lends the
    /// database to another user, who cannot enter a home folder.
    pub fn for_database(&self) -> Option<PathBuf> {
        let is_root = fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0);
        (self.named || !is_root).then(|| self.path.join("postgres"))
    }

    /// What the private file `name` holds, if it is there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, name: &str) -> io::Result<Option<String>> {
        match fs::read_to_string(self.private().join(name)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes the private file `name`, whole or not at all, and says where it is.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> io::Result<PathBuf> {
        let path = self.private().join(name);
        let draft = self
            .private()
            .join(format!("{name}.{}", std::process::id()));
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&draft)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&draft, &path)?;
        Ok(path)
    }

    /// Where the private file `name` is, or would be.
    pub fn file(&self, name: &str) -> PathBuf {
        self.private().join(name)
    }

    fn private(&self) -> PathBuf {
        self.path.join("private")
    }
}

fn default_path() -> Option<PathBuf> {
    let set = |name: &str| {
        env::var_os(name)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from)
    };
    let state = set("XDG_STATE_HOME").or_else(|| Some(set("HOME")?.join(".local/state")))?;
    Some(state.join("weft-server"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_private_is_its_owners_alone() {
        let path = env::temp_dir().join(format!("weft-server-state-{}", std::process::id()));
        let folder = StateFolder::open(Some(path.clone())).unwrap();
        assert_eq!(folder.read("secret").unwrap(), None);
        let file = folder.write("secret", "x").unwrap();
        assert_eq!(folder.read("secret").unwrap().as_deref(), Some("x"));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(&folder.private())), (0o600, 0o700));
        fs::remove_dir_all(path).unwrap();
    }
}
