//! A folder of a test's own, which the server's user can enter when we are root.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use weft_embedded::{Cluster, Options, Search};

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("weft-{}-{number}", std::process::id()));
        let scratch = Self(folder);
        scratch.folder("");
        scratch
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// A folder inside, open to all.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(&path).unwrap();
        for folder in path
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.0))
        {
            fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
        }
        path
    }

    /// A program inside.
    pub(crate) fn script(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        self.folder(Path::new(name).parent().unwrap().to_str().unwrap());
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        path
    }

    pub(crate) fn options(&self) -> Options {
        Options::new("test").with_state_dir(self.path())
    }

    pub(crate) fn start(&self) -> Cluster {
        Cluster::start(self.options()).unwrap()
    }

    /// Nothing installed and nothing on the path but what the test puts there.
    pub(crate) fn search(&self) -> Search {
        Search {
            named: None,
            installed: self.folder("installed"),
            path: self.folder("path").into(),
            cache: Some(self.path().join("cache")),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
