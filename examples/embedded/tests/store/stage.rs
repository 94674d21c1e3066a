//! A store of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use ring::digest;
use uuid::Uuid;
use weft_embedded::store::{Master, Settings, Store};
use weft_storage::{
    Answer, Bucket, ContentType, Downloads, Encryption, FileName, Form, Found, Key, Kind, SNIFFED,
    Sha256, Sizes, StoreError, Ttl, Upload, Uploads, Worker,
};

use crate::signing::{self, Presign};
use crate::wire::{Request, Response};

pub(crate) const SITE: &str = "https://localhost:8443";
pub(crate) const TTL: Ttl = Ttl::MOST;

pub(crate) struct Stage {
    pub(crate) settings: Settings,
    pub(crate) uploads: Uploads,
    pub(crate) downloads: Downloads,
    pub(crate) worker: Worker,
    pub(crate) store: Option<Store>,
    _folder: Scratch,
}

struct Scratch(PathBuf);

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::started_by(|settings| Store::within(settings).unwrap())
    }

    /// One at which nothing takes longer than a second.
    pub(crate) fn hasty() -> Stage {
        Stage::started_by(|settings| {
            let mut settings = settings.clone();
            settings.slowest = Duration::from_secs(1);
            Store::within(&settings).unwrap()
        })
    }

    pub(crate) fn started_by(start: impl FnOnce(&Settings) -> Store) -> Stage {
        let folder = Scratch(std::env::temp_dir().join(format!("weft-store-{}", Uuid::new_v4())));
        let mut settings = Settings::new(&folder.0, SITE, Master::random().unwrap()).unwrap();
        settings.largest = 300 << 20;
        let store = start(&settings);
        settings.port = store.port();
        let bucket = Bucket::embedded(store.port(), Settings::BUCKET).unwrap();
        Stage {
            uploads: Uploads::new(bucket.clone(), settings.writer.credentials().unwrap()),
            downloads: Downloads::new(bucket.clone(), settings.reader.credentials().unwrap()),
            worker: Worker::new(bucket, settings.worker.credentials().unwrap()),
            settings,
            store: Some(store),
            _folder: folder,
        }
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.settings.folder
    }

    pub(crate) fn send(&self, request: &Request) -> Response {
        request.send(self.settings.port)
    }

    /// What `weft-storage` signs to put these bytes.
    pub(crate) fn put_of(&self, key: &Key, bytes: &[u8]) -> Request {
        let upload = upload(Sizes::exactly(bytes.len() as u64).unwrap()).with_sha256(sha256(bytes));
        let put = self.uploads.put(key, &upload, TTL, now()).unwrap();
        Request::new("PUT", put.url().expose())
            .with_headers(put.headers())
            .with_body(bytes)
    }

    /// How many uploads are under way.
    pub(crate) fn drafts(&self) -> usize {
        fs::read_dir(self.folder().join("drafts")).unwrap().count()
    }

    /// How many connections the store holds, as the system sees it.
    pub(crate) fn connections(&self) -> usize {
        let of_store = format!("0100007F:{:04X}", self.settings.port);
        let all = fs::read_to_string("/proc/net/tcp").unwrap();
        let held = all.lines().filter(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            // Established, or hung up on by the other end.
            words[1] == of_store && ["01", "08"].contains(&words[3])
        });
        held.count()
    }

    /// An object of these bytes.
    pub(crate) fn put(&self, bytes: &[u8]) -> Key {
        let key = key();
        let answer = self.send(&self.put_of(&key, bytes));
        assert_eq!(answer.status, 200, "{}", answer.text());
        key
    }

    pub(crate) fn get_of(&self, key: &Key) -> Request {
        let name = FileName::tidied("report.pdf");
        Request::new("GET", self.downloads.get(key, &name, TTL, now()).expose())
    }

    pub(crate) fn get(&self, key: &Key) -> Response {
        self.send(&self.get_of(key))
    }

    pub(crate) fn head(&self, key: &Key) -> Result<Found, StoreError> {
        let answer = self.send(&Request::signed(&self.worker.head(key, now())));
        read(&answer).found(now())
    }

    pub(crate) fn first_bytes(&self, key: &Key) -> Vec<u8> {
        let request = self.worker.first_bytes(key, SNIFFED, now());
        let answer = self.send(&Request::signed(&request));
        read(&answer).first_bytes(now()).unwrap().to_vec()
    }

    pub(crate) fn delete(&self, key: &Key) {
        let answer = self.send(&Request::signed(&self.worker.delete(key, now())));
        read(&answer).deleted(now()).unwrap();
    }

    /// Whether nothing of that key is there.
    pub(crate) fn lacks(&self, key: &Key) -> bool {
        matches!(self.head(key), Err(StoreError::NotFound))
    }

    /// A form for up to `most` bytes.
    pub(crate) fn form_of(&self, key: &Key, most: u64) -> Form {
        let upload = upload(Sizes::up_to(most).unwrap());
        self.uploads.post_policy(key, &upload, TTL, now()).unwrap()
    }

    /// What somebody signs by hand: for now, and for a minute.
    pub(crate) fn presign<'s>(&'s self, method: &'s str, key: &Key) -> Presign<'s> {
        let login = match method {
            "GET" => &self.settings.reader,
            "HEAD" | "DELETE" => &self.settings.worker,
            _ => &self.settings.writer,
        };
        Presign {
            login: signing::of(login),
            method,
            path: format!("/{}/{key}", Settings::BUCKET),
            query: Vec::new(),
            headers: Vec::new(),
            host: format!("127.0.0.1:{}", self.settings.port),
            at: now(),
            ttl: 60,
            region: "local",
        }
    }
}

pub(crate) fn read(answer: &Response) -> Answer<'_> {
    let headers = answer
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    Answer::new(answer.status, headers, &answer.body)
}

pub(crate) fn upload(sizes: Sizes) -> Upload {
    let content_type = ContentType::new("application/pdf").unwrap();
    Upload::new(content_type, sizes, Encryption::Unasked)
}

pub(crate) fn key_of(tenant: Uuid) -> Key {
    Key::new(tenant, Kind::new("attachments").unwrap(), Uuid::new_v4())
}

pub(crate) fn key() -> Key {
    key_of(Uuid::new_v4())
}

pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    let hash = digest::digest(&digest::SHA256, bytes);
    Sha256(hash.as_ref().try_into().unwrap())
}

pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Tries for a while.
pub(crate) fn at_last<T>(mut found: impl FnMut() -> Option<T>) -> T {
    for _ in 0..1000 {
        if let Some(found) = found() {
            return found;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("it does not come")
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
