use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use weft_storage::Key;

/// The places of those who send or are sent something; other requests have one besides.
#[derive(Default)]
pub(super) struct Places {
    taken: Mutex<Vec<Taken>>,
    left: Condvar,
}

struct Taken {
    key: Key,
    end: Arc<Notify>,
}

/// A place, which is free again with the end of this value.
pub(super) struct Place {
    places: Arc<Places>,
    end: Arc<Notify>,
}

/// How many there are.
const ALL: usize = 64;
/// How many of them one tenant takes.
const OF_TENANT: usize = 16;
/// How many of those one object does.
const OF_OBJECT: usize = 4;
/// How long those have to leave who are told to.
const LEAVING: Duration = Duration::from_secs(5);

impl Places {
    /// A place for a transfer of that object, which `end` ends.
    ///
    /// # Errors
    /// With `QuotaExceeded` when all are taken, or the tenant's or the object's share of them.
    pub(super) fn take(self: &Arc<Places>, key: &Key, end: &Arc<Notify>) -> io::Result<Place> {
        let mut taken = self.taken();
        let of = |is: &dyn Fn(&Key) -> bool| taken.iter().filter(|other| is(&other.key)).count();
        if taken.len() >= ALL
            || of(&|other| other.tenant() == key.tenant()) >= OF_TENANT
            || of(&|other| other == key) >= OF_OBJECT
        {
            return Err(ErrorKind::QuotaExceeded.into());
        }
        taken.push(Taken {
            key: *key,
            end: Arc::clone(end),
        });
        Ok(Place {
            places: Arc::clone(self),
            end: Arc::clone(end),
        })
    }

    /// Ends all transfers of an object, and waits until they have.
    ///
    /// # Errors
    /// With `QuotaExceeded` when one of them does not.
    pub(super) fn clear(&self, key: &Key) -> io::Result<()> {
        let is_there = |taken: &mut Vec<Taken>| taken.iter().any(|other| other.key == *key);
        let taken = self.taken();
        for other in taken.iter().filter(|other| other.key == *key) {
            other.end.notify_one();
        }
        let waited = self.left.wait_timeout_while(taken, LEAVING, is_there);
        match waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            true => Err(ErrorKind::QuotaExceeded.into()),
            false => Ok(()),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Taken>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        if let Some(at) = taken
            .iter()
            .position(|one| Arc::ptr_eq(&one.end, &self.end))
        {
            taken.swap_remove(at);
        }
        drop(taken);
        self.places.left.notify_all();
    }
}
