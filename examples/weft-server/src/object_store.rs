//! Where attachments are: a bucket, and an identity for each of those who ask for something there.

use std::{io, path::Path};

use weft_embedded::store::{Login, Master, Settings, Store};
use weft_storage::{Bucket, Credentials, Downloads, Uploads, Worker};

use crate::{keys::Keys, state_folder::StateFolder};

/// A bucket with those who sign for it.
#[derive(Debug)]
pub struct ObjectStore {
    uploads: Uploads,
    downloads: Downloads,
    worker: Worker,
    // What serves it, if that is ours.
    store: Option<Store>,
}

/// The first word of the command line of the process that is the store.
pub const WORD: &str = "object-store";

impl ObjectStore {
    /// A bucket of somebody's.
    pub fn new(
        bucket: Bucket,
        (writer, reader, worker): (Credentials, Credentials, Credentials),
    ) -> ObjectStore {
        ObjectStore {
            uploads: Uploads::new(bucket.clone(), writer),
            downloads: Downloads::new(bucket.clone(), reader),
            worker: Worker::new(bucket, worker),
            store: None,
        }
    }

    /// The embedded one, as a process of its own that runs for as long as this is held. Pages of `site` may
    /// upload. Who may ask is made up anew at each start.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(folder: &StateFolder, keys: &Keys, site: &str) -> io::Result<ObjectStore> {
        let settings = Settings::new(folder.file("objects"), site, keys.derived("objects")?)?;
        let logins = logins(&settings);
        // The program that runs, even when another is in its place by now.
        let store = Store::start("/proc/self/exe", &[WORD], settings)?;
        ObjectStore::embedded(store, logins)
    }

    /// The embedded one within this process, with a key that is lost with it: for tests.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn within(folder: &Path, site: &str) -> io::Result<ObjectStore> {
        let settings = Settings::new(folder, site, Master::random()?)?;
        let logins = logins(&settings);
        ObjectStore::embedded(Store::within(&settings)?, logins)
    }

    fn embedded(store: Store, logins: [Login; 3]) -> io::Result<ObjectStore> {
        let bucket = Bucket::embedded(store.port(), Settings::BUCKET).map_err(io::Error::other)?;
        let [writer, reader, worker] = logins.map(|login| login.credentials());
        let identity = |credentials: Result<_, _>| credentials.map_err(io::Error::other);
        let identities = (identity(writer)?, identity(reader)?, identity(worker)?);
        Ok(ObjectStore {
            store: Some(store),
            ..ObjectStore::new(bucket, identities)
        })
    }

    /// Signs uploads, by an identity that reads nothing.
    pub fn uploads(&self) -> &Uploads {
        &self.uploads
    }

    /// Signs downloads, by an identity that writes nothing.
    pub fn downloads(&self) -> &Downloads {
        &self.downloads
    }

    /// Signs what the server asks itself: HEAD, first bytes, lists and deletion.
    pub fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Where browsers go: what a Content Security Policy has to allow.
    pub fn origin(&self) -> &str {
        self.uploads.bucket().origin()
    }

    /// The process of the embedded one, where it has one.
    pub fn process(&self) -> Option<u32> {
        self.store.as_ref().and_then(Store::process)
    }
}

fn logins(settings: &Settings) -> [Login; 3] {
    [&settings.writer, &settings.reader, &settings.worker].map(Login::clone)
}
