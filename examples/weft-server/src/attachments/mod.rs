//! Files that go with messages. Browsers send them to the store and fetch them there; what passes here is
//! leave to do so, and the store's word on what has come.

mod answer;
mod client;
mod judge;
mod kind;
mod sweep;

use std::{io, sync::Arc, time::SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use weft_storage::{
    ContentType, Encryption, FileName, Form, Key, Kind, Sha256, SignedPut, SignedRequest,
    SignedUrl, Sizes, Ttl, Upload, UploadError,
};

pub use judge::Refusal;
pub use sweep::sweep;

pub(crate) use answer::Found;
pub(crate) use judge::{Announced, judge};
pub(crate) use sweep::{STALE_AFTER, keep_swept, stale};

use crate::{error::Problem, object_store::ObjectStore, value::FileType};
use client::Client;

/// The way to the files. Cloning is cheap.
#[derive(Clone)]
pub struct Attachments(Arc<Inner>);

struct Inner {
    store: ObjectStore,
    client: Client,
}

/// A file that may be sent.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) key: Key,
    pub(crate) content_type: FileType,
    /// The fewest bytes and the most.
    pub(crate) sizes: (i64, i64),
    pub(crate) sha256: Option<[u8; 32]>,
    /// Until when.
    pub(crate) until: DateTime<Utc>,
    /// Where a form without a script leads afterwards.
    pub(crate) redirect: Option<String>,
}

/// Leave to send a file.
pub(crate) enum Offer {
    /// By a form.
    Form(Form),
    /// By a PUT.
    Put(SignedPut),
}

impl Attachments {
    /// The files in that store.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(store: ObjectStore) -> io::Result<Attachments> {
        let client = Client::new(store.uploads.bucket().origin())?;
        Ok(Attachments(Arc::new(Inner { store, client })))
    }

    /// The origin that browsers send to and fetch from.
    pub fn origin(&self) -> &str {
        self.0.store.uploads.bucket().origin()
    }

    /// Whether files can be sent by a form.
    pub(crate) fn takes_forms(&self) -> bool {
        self.0.store.uploads.bucket().store().takes_policies()
    }

    /// Leave to send that file and no other.
    ///
    /// # Errors
    /// When the time is over, or the store needs to know more.
    pub(crate) fn offer(&self, expected: &Expected, now: SystemTime) -> Result<Offer, Problem> {
        let uploads = &self.0.store.uploads;
        let left = SystemTime::from(expected.until).duration_since(now);
        let ttl = left
            .ok()
            .and_then(|left| Ttl::new(left.min(Ttl::MOST.as_duration())).ok());
        let ttl = ttl.ok_or_else(|| Problem::conflict("it took too long: begin again"))?;
        let upload = upload(expected, uploads.bucket().store())?;
        let key = &expected.key;
        let offer = match self.takes_forms() {
            true => uploads.post_policy(key, &upload, ttl, now).map(Offer::Form),
            false => uploads.put(key, &upload, ttl, now).map(Offer::Put),
        };
        offer.map_err(unsigned)
    }

    /// Leave to fetch a file, and to save it under that name.
    pub(crate) fn link(&self, key: &Key, name: &FileName, now: SystemTime) -> SignedUrl {
        self.0.store.downloads.get(key, name, Ttl::MOST, now)
    }

    /// What has come, if anything has.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) async fn find(&self, key: &Key) -> Result<Option<Found>, Problem> {
        let answer = self
            .ask(&self.0.store.worker.head(key, SystemTime::now()))
            .await?;
        match answer.status.as_u16() {
            200 => Found::read(&answer.headers).map(Some).ok_or_else(unclear),
            404 => Ok(None),
            status => Err(unwell(status)),
        }
    }

    /// The first bytes of what was found. Nothing, when something else is in its place by now.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) async fn first_bytes(
        &self,
        key: &Key,
        found: &Found,
    ) -> Result<Option<Vec<u8>>, Problem> {
        let worker = &self.0.store.worker;
        let request = worker.first_bytes(key, LOOKED_AT, SystemTime::now());
        let answer = self.ask(&request).await?;
        match answer.status.as_u16() {
            200 | 206 => Ok(found.is_meant(&answer.headers).then_some(answer.body)),
            404 => Ok(None),
            status => Err(unwell(status)),
        }
    }

    /// Deletes a file, if it is there.
    ///
    /// # Errors
    /// When the store does not go along.
    pub(crate) async fn erase(&self, key: &Key) -> Result<(), Problem> {
        let request = self.0.store.worker.delete(key, SystemTime::now());
        match self.ask(&request).await?.status.as_u16() {
            200 | 204 | 404 => Ok(()),
            status => Err(unwell(status)),
        }
    }

    async fn ask(&self, request: &SignedRequest) -> Result<client::Answer, Problem> {
        self.0.client.send(request).await.map_err(|silence| {
            tracing::warn!(%silence, "the object store does not answer");
            Problem::unavailable()
        })
    }
}

/// Where the bytes of an attachment are.
pub(crate) fn key(org: Uuid, id: Uuid) -> Key {
    Key::new(org, KIND, id)
}

/// Until when something may be sent that is asked for at `now`.
pub(crate) fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(Ttl::MOST.as_secs().into())
}

fn upload(expected: &Expected, store: weft_storage::Store) -> Result<Upload, Problem> {
    let (least, most) = expected.sizes;
    let sizes = Sizes::within(least.unsigned_abs()..=most.unsigned_abs()).map_err(unsigned)?;
    let content_type = expected.content_type.as_str();
    let content_type = ContentType::new(content_type).map_err(|_| Problem::internal())?;
    let encryption = match store.takes_provider_encryption() {
        true => Encryption::Provider,
        false => Encryption::Unasked,
    };
    let upload = Upload::new(content_type, sizes, encryption);
    let upload = match expected.sha256 {
        Some(sha256) => upload.with_sha256(Sha256(sha256)),
        None => upload,
    };
    match &expected.redirect {
        Some(url) => upload.with_redirect(url).map_err(unsigned),
        None => Ok(upload),
    }
}

fn unsigned(error: UploadError) -> Problem {
    match error {
        UploadError::ChecksumNotKnown => {
            Problem::unprocessable("this store needs the sha256 of what will be sent")
        }
        error => {
            tracing::error!(%error, "an upload cannot be signed");
            Problem::internal()
        }
    }
}

fn unwell(status: u16) -> Problem {
    tracing::warn!(status, "the object store is not well");
    Problem::unavailable()
}

fn unclear() -> Problem {
    tracing::warn!("the object store says nothing of size, type or tag");
    Problem::unavailable()
}

const KIND: Kind = match Kind::new("attachments") {
    Ok(kind) => kind,
    Err(_) => panic!("the name of a kind"),
};

/// How many of the first bytes are looked at.
const LOOKED_AT: u16 = 4096;

/// The largest file, in bytes.
pub(crate) const LARGEST: i64 = 256 << 20;
