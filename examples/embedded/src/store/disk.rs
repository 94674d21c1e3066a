//! Files that are there whole, or not at all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use weft_storage::Key;

/// Makes a folder for its owner alone, unless it is there, and the ones above it.
pub(super) fn folder(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => path.parent().map_or(Ok(()), sync),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            folder(path.parent().ok_or(error)?)?;
            folder(path)
        }
        Err(error) => Err(error),
    }
}

/// A name for a file, of all of a key's parts.
pub(super) fn flat(key: &Key) -> String {
    // In no key there is such a sign.
    key.to_string().replace('/', "+")
}

/// A file that was not there.
pub(super) fn new_file(path: &Path) -> io::Result<File> {
    File::options()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

/// Writes a new file and has it reach the disk.
pub(super) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = new_file(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Gives a finished draft its name, which nothing else has.
///
/// # Errors
/// With `AlreadyExists` when something has.
pub(super) fn place(draft: &Path, path: &Path) -> io::Result<()> {
    // A link is not made over a file, as renaming would.
    fs::hard_link(draft, path)?;
    path.parent().map_or(Ok(()), sync)
}

/// The same over whatever has the name.
pub(super) fn replace(draft: &Path, path: &Path) -> io::Result<()> {
    fs::rename(draft, path)?;
    path.parent().map_or(Ok(()), sync)
}

/// Has what changed in a folder reach the disk.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// `None` where there is nothing.
pub(super) fn if_there<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
