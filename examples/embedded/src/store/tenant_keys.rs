use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use uuid::Uuid;
use weft_storage::envelope::{DataKey, MasterKeys};

use super::disk;

/// The data keys of the tenants, wrapped, a file for each.
pub(super) struct TenantKeys {
    folder: PathBuf,
    master: MasterKeys,
}

impl TenantKeys {
    /// Those in `folder`; what is wrapped under an old master key is wrapped again.
    pub(super) fn open(folder: PathBuf, master: MasterKeys) -> io::Result<TenantKeys> {
        disk::folder(&folder)?;
        let keys = TenantKeys { folder, master };
        for file in fs::read_dir(&keys.folder)? {
            let file = file?;
            let tenant = file
                .file_name()
                .to_str()
                .and_then(|name| Uuid::try_parse(name).ok());
            match tenant {
                Some(tenant) => keys.renew(&file.path(), tenant)?,
                // A draft, of a process that was killed.
                None => fs::remove_file(file.path())?,
            }
        }
        Ok(keys)
    }

    fn renew(&self, path: &Path, tenant: Uuid) -> io::Result<()> {
        let wrapped = fs::read(path)?;
        if self.master.is_current(&wrapped) {
            return Ok(());
        }
        let key = self.master.unwrap(&wrapped, tenant)?;
        let draft = self.draft();
        disk::write(&draft, &self.master.wrap(&key, tenant)?)?;
        disk::replace(&draft, path)
    }

    /// The key of a tenant, unless it has none, or none any more.
    pub(super) fn find(&self, tenant: Uuid) -> io::Result<Option<DataKey>> {
        let wrapped = disk::if_there(fs::read(path(&self.folder, tenant)))?;
        let unwrap = |wrapped: Vec<u8>| self.master.unwrap(&wrapped, tenant);
        Ok(wrapped.map(unwrap).transpose()?)
    }

    /// The same, made if missing.
    pub(super) fn find_or_make(&self, tenant: Uuid) -> io::Result<DataKey> {
        if let Some(key) = self.find(tenant)? {
            return Ok(key);
        }
        let key = DataKey::generate()?;
        let draft = self.draft();
        disk::write(&draft, &self.master.wrap(&key, tenant)?)?;
        let placed = disk::place(&draft, &path(&self.folder, tenant));
        fs::remove_file(&draft)?;
        match placed {
            Ok(()) => Ok(key),
            // Another upload of the same tenant was first.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                self.find(tenant)?.ok_or(error)
            }
            Err(error) => Err(error),
        }
    }

    fn draft(&self) -> PathBuf {
        self.folder.join(format!("draft-{}", Uuid::new_v4()))
    }
}

/// Where the key of a tenant is.
pub(super) fn path(folder: &Path, tenant: Uuid) -> PathBuf {
    folder.join(tenant.hyphenated().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "old:q1nBxgk0v9mVbS2m3yD4rC5tE6uF7wG8hJ9kL0mN1oQ=";
    const NEW: &str = "new:S3kpL0nq0Jt0h8iIh2q0dJ8mWc7Yv5oXb1uR4eTz6aE=";

    #[test]
    fn a_master_key_can_be_taken_out_after_a_start_with_both() {
        let folder = std::env::temp_dir().join(format!("weft-keys-{}", Uuid::new_v4()));
        let open = |text: &str| TenantKeys::open(folder.clone(), text.parse().unwrap());
        let tenant = Uuid::from_u128(1);
        open(OLD).unwrap().find_or_make(tenant).unwrap();
        assert!(open(NEW).is_err());
        open(&format!("{OLD} {NEW}")).unwrap();
        assert!(open(NEW).unwrap().find(tenant).unwrap().is_some());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1, "a draft is left");
        fs::remove_dir_all(&folder).unwrap();
    }
}
