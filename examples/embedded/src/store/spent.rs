use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use weft_storage::Key;

use super::disk;

/// The keys of objects that were deleted, which are not taken again for as long as something that was signed
/// for them can come.
pub(super) struct Spent {
    folder: PathBuf,
    lasts: Duration,
    tidied: Mutex<SystemTime>,
}

impl Spent {
    pub(super) fn open(folder: PathBuf, lasts: Duration) -> io::Result<Spent> {
        disk::folder(&folder)?;
        Ok(Spent {
            folder,
            lasts,
            tidied: Mutex::new(SystemTime::UNIX_EPOCH),
        })
    }

    pub(super) fn add(&self, key: &Key) -> io::Result<()> {
        fs::write(self.path(key), [])?;
        self.tidy(SystemTime::now())
    }

    pub(super) fn has(&self, key: &Key) -> io::Result<bool> {
        self.path(key).try_exists()
    }

    /// Forgets those for which nothing can come any more, now and then.
    fn tidy(&self, now: SystemTime) -> io::Result<()> {
        let age = |since: SystemTime| now.duration_since(since).unwrap_or_default();
        {
            let mut tidied = self.tidied.lock().unwrap_or_else(PoisonError::into_inner);
            if age(*tidied) < self.lasts / 8 {
                return Ok(());
            }
            *tidied = now;
        }
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if age(entry.metadata()?.modified()?) > self.lasts {
                disk::if_there(fs::remove_file(entry.path()))?;
            }
        }
        Ok(())
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(disk::flat(key))
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;
    use weft_storage::Kind;

    use super::*;

    #[test]
    fn a_key_is_spent_for_its_time_and_no_longer() {
        let folder = std::env::temp_dir().join(format!("weft-spent-{}", Uuid::new_v4()));
        let spent = Spent::open(folder.clone(), Duration::from_secs(80)).unwrap();
        let key = |id| Key::new(Uuid::nil(), Kind::new("a").unwrap(), Uuid::from_u128(id));
        spent.add(&key(1)).unwrap();
        assert!(spent.has(&key(1)).unwrap() && !spent.has(&key(2)).unwrap());
        let later = |seconds| SystemTime::now() + Duration::from_secs(seconds);
        spent.tidy(later(70)).unwrap();
        assert!(spent.has(&key(1)).unwrap());
        spent.tidy(later(75)).unwrap();
        spent.tidy(later(90)).unwrap();
        assert!(!spent.has(&key(1)).unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
