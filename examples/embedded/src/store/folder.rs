use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::time::Instant;
use uuid::Uuid;
use weft_storage::envelope::{DataKey, MasterKeys, open_range, plain_length};
use weft_storage::{Key, Kind, Prefix, Ttl};

use super::access::parse_key;
use super::disk;
use super::draft::{Draft, FACTS, Facts, Leave};
use super::parts::Parts;
use super::places::{Place, Places};
use super::settings::Settings;
use super::spent::Spent;
use super::tenant_keys::{self, TenantKeys};

/// The folder that everything is in: `keys`, `objects` named as their keys are, and what is not finished in
/// `drafts` and `parts`; `spent` are keys that are not taken again.
pub(super) struct Folder {
    root: PathBuf,
    pub(super) keys: TenantKeys,
    pub(super) parts: Parts,
    spent: Spent,
    places: Arc<Places>,
    most: u64,
    slowest: Duration,
    _lock: File,
}

/// A sealed file, open.
pub(super) struct Object {
    file: File,
    key: DataKey,
    name: String,
    pub(super) size: u64,
    pub(super) facts: Facts,
    pub(super) modified: SystemTime,
}

/// An object in a list.
pub(super) struct Listed {
    pub(super) key: String,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl Folder {
    pub(super) fn open(settings: &Settings, master: MasterKeys) -> io::Result<Folder> {
        let root = std::path::absolute(&settings.folder)?;
        disk::folder(&root)?;
        let lock = File::options()
            .create(true)
            .append(true)
            .open(root.join("lock"))?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => io::Error::new(
                ErrorKind::ResourceBusy,
                format!("{} is in use by another store", root.display()),
            ),
        })?;
        // Of uploads that were under way when a process ended.
        disk::if_there(fs::remove_dir_all(root.join("drafts")))?;
        for name in ["drafts", "objects"] {
            disk::folder(&root.join(name))?;
        }
        Ok(Folder {
            keys: TenantKeys::open(root.join("keys"), master)?,
            parts: Parts::open(root.join("parts"))?,
            spent: Spent::open(
                root.join("spent"),
                Ttl::MOST.as_duration() + settings.slowest,
            )?,
            places: Arc::default(),
            root,
            most: settings.largest,
            slowest: settings.slowest,
            _lock: lock,
        })
    }

    /// A draft of that name, for something of an object, which `end` ends.
    pub(super) fn draft(&self, key: &Key, name: &str, end: &Arc<Notify>) -> io::Result<Draft> {
        let place = self.place(key, end)?;
        self.draft_at(&Uuid::new_v4().to_string(), key, name, place)
    }

    fn draft_at(&self, file: &str, key: &Key, name: &str, place: Place) -> io::Result<Draft> {
        let leave = Leave {
            most: self.most,
            until: self.until(),
            place,
        };
        let key = self.keys.find_or_make(key.tenant())?;
        Draft::new(self.root.join("drafts").join(file), &key, name, leave)
    }

    /// When something that begins now has to be over.
    pub(super) fn until(&self) -> Instant {
        Instant::now() + self.slowest
    }

    /// A place among those that send or are sent something, for one that `end` ends.
    ///
    /// # Errors
    /// With `QuotaExceeded` when there is none.
    pub(super) fn place(&self, key: &Key, end: &Arc<Notify>) -> io::Result<Place> {
        self.places.take(key, end)
    }

    /// The draft of a new object, which `end` ends.
    ///
    /// # Errors
    /// With `AlreadyExists` when there is one of that key, was one, or is a draft of one.
    pub(super) fn create(&self, key: &Key, end: &Arc<Notify>) -> io::Result<Draft> {
        // Before it looks: whoever deletes says so before they end what is under way.
        let place = self.place(key, end)?;
        match self.path(key).try_exists()? || self.spent.has(key)? {
            true => Err(ErrorKind::AlreadyExists.into()),
            false => self.draft_at(&disk::flat(key), key, &key.to_string(), place),
        }
    }

    /// Makes the draft that object.
    ///
    /// # Errors
    /// With `AlreadyExists` when there is one by now, or was one.
    pub(super) fn keep(&self, key: &Key, draft: Draft, content_type: &str) -> io::Result<Facts> {
        let path = self.path(key);
        draft.finish(content_type, |draft| {
            path.parent().map_or(Ok(()), disk::folder)?;
            disk::place(draft, &path)?;
            // Whoever deletes says so first.
            match self.spent.has(key)? {
                true => {
                    disk::if_there(fs::remove_file(&path))?;
                    Err(ErrorKind::AlreadyExists.into())
                }
                false => Ok(()),
            }
        })
    }

    /// The object of that key, if it is there.
    pub(super) fn find(&self, key: &Key) -> io::Result<Option<Object>> {
        self.open_as(&self.path(key), key.tenant(), key.to_string())
    }

    /// A file that was sealed for a tenant by that name, if it is there and its key is.
    pub(super) fn open_as(
        &self,
        path: &Path,
        tenant: Uuid,
        name: String,
    ) -> io::Result<Option<Object>> {
        let Some(file) = disk::if_there(File::open(path))? else {
            return Ok(None);
        };
        match self.keys.find(tenant)? {
            Some(key) => Object::open(file, key, name).map(Some),
            None => Ok(None),
        }
    }

    /// Deletes an object for good, and what is under way of it.
    pub(super) fn remove(&self, key: &Key) -> io::Result<()> {
        self.spent.add(key)?;
        self.places.clear(key)?;
        let path = self.path(key);
        match disk::if_there(fs::remove_file(&path))? {
            Some(()) => path.parent().map_or(Ok(()), disk::sync),
            None => Ok(()),
        }
    }

    /// Up to `most` objects below a prefix, from the one behind `after` on, and whether there are more.
    pub(super) fn list(
        &self,
        prefix: &Prefix,
        after: &str,
        most: usize,
    ) -> io::Result<(Vec<Listed>, bool)> {
        let prefix = prefix.to_string();
        let mut keys = Vec::new();
        self.collect(&prefix, &mut keys)?;
        keys.retain(|key| key.as_str() > after && parse_key(key).is_some());
        keys.sort_unstable();
        let more = keys.len() > most;
        keys.truncate(most);
        let listed = keys.into_iter().map(|key| {
            let file = disk::if_there(fs::metadata(self.root.join("objects").join(&key)))?;
            let Some(file) = file else {
                return Ok(None);
            };
            let size = plain_length(file.len()).and_then(|plain| plain.checked_sub(FACTS as u64));
            let (size, modified) = (size.unwrap_or_default(), file.modified()?);
            Ok(Some(Listed {
                key,
                size,
                modified,
            }))
        });
        let listed: io::Result<Vec<_>> = listed.filter_map(Result::transpose).collect();
        Ok((listed?, more))
    }

    /// The names of all files below `at`, which ends with a slash.
    fn collect(&self, at: &str, keys: &mut Vec<String>) -> io::Result<()> {
        let found = disk::if_there(fs::read_dir(self.root.join("objects").join(at)))?;
        for entry in found.into_iter().flatten() {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            match entry.file_type()?.is_dir() {
                true => self.collect(&format!("{at}{name}/"), keys)?,
                false => keys.push(format!("{at}{name}")),
            }
        }
        Ok(())
    }

    /// Where an object is. Its key has no parts that a path would read as something else.
    fn path(&self, key: &Key) -> PathBuf {
        self.root.join("objects").join(key.to_string())
    }
}

impl Object {
    fn open(mut file: File, key: DataKey, name: String) -> io::Result<Object> {
        let found = file.metadata()?;
        let corrupt = || io::Error::new(ErrorKind::InvalidData, "an object is cut off");
        let plain = plain_length(found.len()).ok_or_else(corrupt)?;
        let size = plain.checked_sub(FACTS as u64).ok_or_else(corrupt)?;
        let mut facts = Vec::with_capacity(FACTS);
        open_range(&mut file, (&key, name.as_bytes()), size..plain, |bytes| {
            facts.extend_from_slice(bytes);
            Ok(())
        })?;
        Ok(Object {
            facts: Facts::from_bytes(&facts).ok_or_else(corrupt)?,
            modified: found.modified()?,
            file,
            key,
            name,
            size,
        })
    }

    /// Its bytes of that range, each piece once it is authentic.
    pub(super) fn read(
        &mut self,
        range: Range<u64>,
        to: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        open_range(&mut self.file, (&self.key, self.name.as_bytes()), range, to)
    }
}

/// What a prefix of keys says, if it is one.
pub(super) fn parse_prefix(text: &str) -> Option<Prefix> {
    let (tenant, kind) = text.strip_suffix('/')?.split_once('/').map_or_else(
        || (text.strip_suffix('/').unwrap_or_default(), None),
        |(tenant, kind)| (tenant, Some(kind)),
    );
    let mut prefix = Prefix::of(Uuid::try_parse(tenant).ok()?);
    if let Some(kind) = kind {
        prefix = prefix.with_kind(Kind::new(kind).ok()?);
    }
    (prefix.to_string() == text).then_some(prefix)
}

/// Erases all that a tenant has in the store of that folder: its key first, so that nothing of it can be
/// opened any more, wherever copies are.
///
/// # Errors
/// When something cannot be removed.
pub fn erase(folder: &Path, tenant: Uuid) -> io::Result<()> {
    let keys = folder.join("keys");
    if disk::if_there(fs::remove_file(tenant_keys::path(&keys, tenant)))?.is_some() {
        disk::sync(&keys)?;
    }
    let objects = folder.join("objects");
    if disk::if_there(fs::remove_dir_all(tenant_keys::path(&objects, tenant)))?.is_some() {
        disk::sync(&objects)?;
    }
    Ok(())
}
