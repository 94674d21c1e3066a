//! Files that go with messages. Browsers send them to the store and fetch them there; what passes here is
//! leave to do so, and the store's word on what has come.

mod ending;
mod judge;
mod sweep;

use std::{io, sync::Arc, time::SystemTime};

use axum::http::{Request, Response};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use weft_auth::sso::Transport;
use weft_storage::{
    Answer, Encryption, FileName, Form, Found, Key, Kind, SNIFFED, SignedPut, SignedRequest,
    SignedUrl, Sizes, Store, StoreError, Ttl, Upload, UploadError,
};

pub use judge::Refusal;
pub use sweep::sweep;

pub(crate) use ending::ending_as;
pub(crate) use judge::{Announced, judge};
pub(crate) use sweep::{STALE_AFTER, keep_swept, stale};

use crate::{client::Client, error::Problem, object_store::ObjectStore};

/// The way to the files. Cloning is cheap.
#[derive(Clone)]
pub struct Attachments(Arc<Inner>);

struct Inner {
    store: Option<ObjectStore>,
    client: Client,
}

/// A file that may be sent.
#[derive(Debug, Clone)]
pub(crate) struct Expected {
    pub(crate) key: Key,
    pub(crate) announced: Announced,
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
    /// The files in that store; without one, there are none.
    ///
    /// # Errors
    /// When there is no TLS to be had.
    pub fn new(store: Option<ObjectStore>) -> io::Result<Attachments> {
        let client = Client::new()?;
        Ok(Attachments(Arc::new(Inner { store, client })))
    }

    /// The origin that browsers send to and fetch from, where there is a store.
    pub fn origin(&self) -> Option<&str> {
        self.0.store.as_ref().map(ObjectStore::origin)
    }

    /// Whether files can be sent by a form.
    pub(crate) fn takes_forms(&self) -> bool {
        self.kind().is_some_and(Store::takes_policies)
    }

    /// Whether nothing can come to a key any more whose object was erased.
    pub(crate) fn takes_keys_once(&self) -> bool {
        self.kind().is_some_and(Store::takes_keys_once)
    }

    fn kind(&self) -> Option<Store> {
        let store = self.0.store.as_ref()?;
        Some(store.uploads().bucket().store())
    }

    /// That there are files at all.
    ///
    /// # Errors
    /// When there is no store.
    pub(crate) fn must_be_there(&self) -> Result<(), Problem> {
        self.store().map(drop)
    }

    fn store(&self) -> Result<&ObjectStore, Problem> {
        let store = self.0.store.as_ref();
        store.ok_or_else(|| Problem::conflict("this server keeps no files"))
    }

    /// Leave to send that file and no other.
    ///
    /// # Errors
    /// When the time is over, or the store needs to know more.
    pub(crate) fn offer(&self, expected: &Expected, now: SystemTime) -> Result<Offer, Problem> {
        let uploads = self.store()?.uploads();
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
    ///
    /// # Errors
    /// When there is no store.
    pub(crate) fn link(
        &self,
        key: &Key,
        name: &FileName,
        now: SystemTime,
    ) -> Result<SignedUrl, Problem> {
        Ok(self.store()?.downloads().get(key, name, Ttl::MOST, now))
    }

    /// What has come, if anything has.
    ///
    /// # Errors
    /// When the store does not say.
    pub(crate) async fn find(&self, key: &Key) -> Result<Option<Found>, Problem> {
        let now = SystemTime::now();
        let answer = self.ask(&self.store()?.worker().head(key, now)).await?;
        match there(read(&answer).found(now))? {
            Some(found) if found.content_type.is_none() || found.etag.is_none() => {
                Err(unwell(StoreError::Unreadable))
            }
            found => Ok(found),
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
        let now = SystemTime::now();
        let request = self.store()?.worker().first_bytes(key, SNIFFED, now);
        let answer = self.ask(&request).await?;
        let answer = read(&answer);
        let same = there(answer.found(now))?.is_some_and(|meant| meant.etag == found.etag);
        let first = there(answer.first_bytes(now))?;
        Ok(first.filter(|_| same).map(<[u8]>::to_vec))
    }

    /// Deletes a file, if it is there, and says whether it is gone.
    ///
    /// # Errors
    /// When nobody answers.
    pub(crate) async fn erase(&self, key: &Key) -> Result<bool, Problem> {
        let now = SystemTime::now();
        let answer = self.ask(&self.store()?.worker().delete(key, now)).await?;
        let deleted = read(&answer).deleted(now);
        if let Err(error) = deleted {
            tracing::warn!(%key, %error, "a file is still there");
        }
        Ok(deleted.is_ok())
    }

    async fn ask(&self, signed: &SignedRequest) -> Result<Response<Vec<u8>>, Problem> {
        let request = signed.headers().fold(
            Request::builder().method(signed.method()).uri(signed.url()),
            |request, (name, value)| request.header(name, value),
        );
        let request = request.body(signed.body().to_vec());
        let request = request.map_err(|_| Problem::internal())?;
        self.0.client.send(request).await.map_err(|reason| {
            tracing::warn!(%reason, "the object store does not answer");
            Problem::unavailable()
        })
    }
}

fn read(answer: &Response<Vec<u8>>) -> Answer<'_> {
    let headers = answer.headers().iter();
    let headers = headers.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
    Answer::new(answer.status().as_u16(), headers, answer.body())
}

fn there<T>(said: Result<T, StoreError>) -> Result<Option<T>, Problem> {
    match said {
        Ok(said) => Ok(Some(said)),
        Err(StoreError::NotFound) => Ok(None),
        Err(error) => Err(unwell(error)),
    }
}

fn unwell(error: StoreError) -> Problem {
    tracing::warn!(%error, "the object store is not well");
    Problem::unavailable()
}

/// Where the bytes of an attachment are.
pub(crate) fn key(org: Uuid, id: Uuid) -> Key {
    Key::new(org, KIND, id)
}

/// Until when something may be sent that is asked for at `now`.
pub(crate) fn expiry(now: DateTime<Utc>) -> DateTime<Utc> {
    now + TimeDelta::seconds(Ttl::MOST.as_secs().into())
}

fn upload(expected: &Expected, store: Store) -> Result<Upload, Problem> {
    let announced = &expected.announced;
    let (least, most) = announced.sizes;
    let sizes = Sizes::within(least..=most).map_err(unsigned)?;
    let encryption = match store.takes_provider_encryption() {
        true => Encryption::Provider,
        false => Encryption::Unasked,
    };
    let upload = Upload::new(announced.content_type.clone(), sizes, encryption);
    let upload = match announced.sha256 {
        Some(sha256) => upload.with_sha256(sha256),
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

const KIND: Kind = match Kind::new("attachments") {
    Ok(kind) => kind,
    Err(_) => panic!("the name of a kind"),
};

/// The largest file, in bytes.
pub(crate) const LARGEST: i64 = 256 << 20;
