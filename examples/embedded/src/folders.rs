use std::env;
use std::fs::{self, DirBuilder, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::Doing;
use crate::owner::Owner;

/// The parent of our folders: what `variable` says or the place under the home folder; for root
/// and the homeless `/var/tmp`, which every user can enter.
pub(crate) fn parent(owner: &Owner, variable: &str, under_home: &str) -> PathBuf {
    let absolute = |name| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let home = || absolute("HOME").map(|home| home.join(under_home));
    match absolute(variable).or_else(home) {
        Some(folder) if owner.me != 0 => folder.join("weft"),
        _ => PathBuf::from("/var/tmp"),
    }
}

/// Makes a folder of `uid`'s, or takes the one that is there if it is theirs (or ours, left by a
/// crash between two steps). In `/var/tmp` anybody may have put a link or a folder of their own.
pub(crate) fn own(path: &Path, owner: &Owner, uid: u32, mode: u32) -> Result<(), Error> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        made => made.doing("make", path)?,
    }
    let found = fs::symlink_metadata(path).doing("look at", path)?;
    if !found.is_dir() || ![uid, owner.me].contains(&found.uid()) {
        return Err(Error::ForeignFolder {
            folder: path.to_owned(),
        });
    }
    if found.mode() & 0o777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode)).doing("set the mode of", path)?;
    }
    if found.uid() != uid {
        lchown(path, Some(uid), owner.gid).doing("give away", path)?;
    }
    Ok(())
}

/// Opens a file of ours; closed to others, who could read it, or lock it for ever.
pub(crate) fn file(path: &Path) -> Result<File, Error> {
    File::options()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .doing("open", path)
}

/// Removes a folder that need not be there.
pub(crate) fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.doing("remove", path),
    }
}

/// FNV-1a over the parts, each closed by a byte that no text holds. It gives names that stay the
/// same from build to build; nothing here is secret.
pub(crate) fn hash(parts: &[&str]) -> u64 {
    let bytes = parts.iter().flat_map(|part| part.bytes().chain([0xff]));
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::{hash, own};
    use crate::Error;
    use crate::owner::Owner;

    #[test]
    fn keeps_the_parts_of_a_name_apart() {
        assert_ne!(hash(&["ab", "c"]), hash(&["a", "bc"]));
    }

    #[test]
    fn refuses_the_folder_of_another_user() {
        let mine = std::env::temp_dir().join(format!("weft-own-{}", std::process::id()));
        let owner = Owner::current().unwrap();
        own(&mine, &owner, owner.me, 0o700).unwrap();
        let stranger = Owner {
            me: 4_000_001,
            uid: 4_000_001,
            gid: None,
        };
        let refused = own(&mine, &stranger, stranger.uid, 0o700);
        std::fs::remove_dir(&mine).unwrap();
        assert!(matches!(refused, Err(Error::ForeignFolder { folder }) if folder == mine));
    }
}
