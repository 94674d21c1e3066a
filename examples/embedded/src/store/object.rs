//! What s3s has done with requests that it verified.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::stream::poll_fn;
use futures_util::{Stream, StreamExt};
use s3s::dto::*;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, timeout_at};
use weft_storage::{ContentType, Key, SNIFFED};

use super::access::parse_key;
use super::draft::Draft;
use super::folder::{Folder, Object, parse_prefix};
use super::refused::{failed, invalid, unknown};
use super::visit::Visit;

/// The objects in a folder.
pub(super) struct Objects(Arc<Folder>);

/// How long a client may be silent while it sends.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// How many pieces wait between a connection and the disk.
const PIECES: usize = 4;
/// The most keys of one list.
const PAGE: i32 = 1000;

impl Objects {
    pub(super) fn new(folder: Arc<Folder>) -> Objects {
        Objects(folder)
    }

    /// Has the folder do something that blocks.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Folder) -> io::Result<T> + Send + 'static,
    ) -> S3Result<T> {
        let folder = Arc::clone(&self.0);
        blocking(move || work(&folder)).await
    }

    async fn find(&self, key: Key) -> S3Result<Object> {
        let found = self.blocking(move |folder| folder.find(&key)).await?;
        found.ok_or_else(|| S3ErrorCode::NoSuchKey.into())
    }
}

pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> S3Result<T> {
    let done = spawn_blocking(work)
        .await
        .map_err(|error| failed(io::Error::other(error)))?;
    done.map_err(of_io)
}

fn of_io(error: io::Error) -> S3Error {
    match error.kind() {
        io::ErrorKind::AlreadyExists => S3ErrorCode::PreconditionFailed.into(),
        io::ErrorKind::FileTooLarge => S3ErrorCode::EntityTooLarge.into(),
        io::ErrorKind::QuotaExceeded => S3ErrorCode::SlowDown.into(),
        _ => failed(error),
    }
}

pub(super) fn key_of(text: &str) -> S3Result<Key> {
    parse_key(text).ok_or_else(|| invalid("there are no such names here"))
}

/// The type as it is written, or the one that says nothing.
pub(super) fn type_of(text: Option<&str>) -> S3Result<String> {
    let text = text.unwrap_or("application/octet-stream");
    match ContentType::new(text) {
        Ok(plain) if text.len() <= 255 => Ok(plain.as_str().to_owned()),
        _ => Err(invalid("the type is none")),
    }
}

/// The checksum that an upload has to have.
pub(super) fn sha256_of(text: Option<&str>) -> S3Result<Option<[u8; 32]>> {
    let decode = |text| {
        STANDARD
            .decode(text)
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
    };
    match text.map(decode) {
        Some(None) => Err(invalid("the checksum is none")),
        sha256 => Ok(sha256.flatten()),
    }
}

/// Writes a body to a draft while it comes.
pub(super) async fn receive<E>(
    mut body: impl Stream<Item = Result<Bytes, E>> + Unpin,
    mut draft: Draft,
) -> S3Result<Draft> {
    let until = draft.until;
    let (to, mut from) = mpsc::channel::<Bytes>(PIECES);
    let writing = spawn_blocking(move || {
        while let Some(piece) = from.blocking_recv() {
            draft.write(&piece)?;
        }
        Ok(draft)
    });
    loop {
        match timeout_at(soon(until), body.next()).await {
            Ok(None) => break,
            Ok(Some(Ok(piece))) => {
                if to.send(piece).await.is_err() {
                    break;
                }
            }
            Ok(Some(Err(_))) | Err(_) => return Err(S3ErrorCode::IncompleteBody.into()),
        }
    }
    drop(to);
    let written = writing
        .await
        .map_err(|error| failed(io::Error::other(error)))?;
    written.map_err(of_io)
}

/// Whether what came is what was announced.
pub(super) fn verify(draft: &Draft, sha256: Option<[u8; 32]>) -> S3Result<()> {
    match sha256 {
        Some(sha256) if sha256 != draft.sha256() => Err(S3ErrorCode::BadDigest.into()),
        _ => Ok(()),
    }
}

/// When a client has been silent for too long, or all of it has taken too long.
fn soon(until: Instant) -> Instant {
    until.min(Instant::now() + SILENCE)
}

fn send(mut object: Object, range: std::ops::Range<u64>, until: Instant) -> StreamingBlob {
    let (to, mut from) = mpsc::channel::<io::Result<Bytes>>(PIECES);
    spawn_blocking(move || {
        let sent = object.read(range, |piece| {
            let piece = Ok(Bytes::copy_from_slice(piece));
            let sent = Handle::current().block_on(timeout_at(soon(until), to.send(piece)));
            match sent {
                Ok(Ok(())) => Ok(()),
                _ => Err(io::ErrorKind::BrokenPipe.into()),
            }
        });
        if let Err(error) = sent {
            if error.kind() != io::ErrorKind::BrokenPipe {
                eprintln!("object store: {error}");
            }
            // Cut off, and not at its end.
            let _ = to.try_send(Err(error));
        }
    });
    StreamingBlob::wrap(poll_fn(move |context| from.poll_recv(context)))
}

fn length(size: u64) -> Option<i64> {
    i64::try_from(size).ok()
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn put_object(
        &self,
        request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let end = Visit::end_of(&request.extensions)?;
        let input = request.input;
        let is_any = input
            .if_none_match
            .as_ref()
            .is_none_or(ETagCondition::is_any);
        if !is_any || input.if_match.is_some() {
            return Err(unknown("nothing is overwritten here"));
        }
        let (key, content_type) = (key_of(&input.key)?, type_of(input.content_type.as_deref())?);
        let sha256 = sha256_of(input.checksum_sha256.as_deref())?;
        let body = input.body.ok_or(S3ErrorCode::IncompleteBody)?;
        let draft = self
            .blocking(move |folder| folder.create(&key, &end))
            .await?;
        let draft = receive(body, draft).await?;
        verify(&draft, sha256)?;
        let kept = self
            .blocking(move |folder| folder.keep(&key, draft, &content_type))
            .await?;
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(ETag::Strong(kept.tag())),
            checksum_sha256: Some(STANDARD.encode(kept.sha256)),
            ..PutObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let visit = Visit::of(&request.extensions)?;
        let input = request.input;
        let key = key_of(&input.key)?;
        let object = self.find(key).await?;
        let size = object.size;
        let whole = 0..size;
        let range = input.range.map(|range| range.check(size)).transpose()?;
        let content_range = range
            .as_ref()
            .map(|range| format!("bytes {}-{}/{size}", range.start, range.end - 1));
        let with_checksum = input.checksum_mode.is_some() && range.is_none();
        let range = range.unwrap_or(whole);
        // To look at the first bytes there is a place always.
        if range.end - range.start > u64::from(SNIFFED) {
            visit.keep(self.0.place(&key, visit.end()).map_err(of_io)?)?;
        }
        let until = self.0.until();
        // What is signed along says more, and takes the place of these.
        Ok(S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: length(range.end - range.start),
            content_range,
            content_disposition: Some("attachment".to_owned()),
            content_type: Some(object.facts.content_type.clone()),
            checksum_sha256: with_checksum.then(|| STANDARD.encode(object.facts.sha256)),
            e_tag: Some(ETag::Strong(object.facts.tag())),
            last_modified: Some(object.modified.into()),
            body: Some(send(object, range, until)),
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let object = self.find(key_of(&request.input.key)?).await?;
        let with_checksum = request.input.checksum_mode.is_some();
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".to_owned()),
            content_length: length(object.size),
            content_type: Some(object.facts.content_type.clone()),
            checksum_sha256: with_checksum.then(|| STANDARD.encode(object.facts.sha256)),
            e_tag: Some(ETag::Strong(object.facts.tag())),
            last_modified: Some(object.modified.into()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let key = key_of(&request.input.key)?;
        self.blocking(move |folder| folder.remove(&key)).await?;
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let prefix = input.prefix.as_deref().and_then(parse_prefix);
        let prefix = prefix.ok_or_else(|| invalid("the prefix is none of a tenant's"))?;
        let most = input.max_keys.unwrap_or(PAGE).clamp(1, PAGE);
        let after = input.continuation_token.clone().unwrap_or_default();
        let listed = self.blocking(move |folder| folder.list(&prefix, &after, most as usize));
        let (listed, more) = listed.await?;
        let contents: ObjectList = listed
            .into_iter()
            .map(|listed| s3s::dto::Object {
                key: Some(listed.key),
                size: length(listed.size),
                last_modified: Some(listed.modified.into()),
                ..s3s::dto::Object::default()
            })
            .collect();
        let last = contents.last().and_then(|last| last.key.clone());
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: input.prefix,
            max_keys: Some(most),
            key_count: i32::try_from(contents.len()).ok(),
            is_truncated: Some(more),
            next_continuation_token: last.filter(|_| more),
            continuation_token: input.continuation_token,
            encoding_type: input.encoding_type,
            contents: Some(contents),
            ..ListObjectsV2Output::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let end = Visit::end_of(&request.extensions)?;
        let input = request.input;
        let (key, content_type) = (key_of(&input.key)?, type_of(input.content_type.as_deref())?);
        let id = self
            .blocking(move |folder| folder.begin(&key, &content_type, &end))
            .await?;
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(
        &self,
        request: S3Request<UploadPartInput>,
    ) -> S3Result<S3Response<UploadPartOutput>> {
        let end = Visit::end_of(&request.extensions)?;
        let input = request.input;
        let key = key_of(&input.key)?;
        let sha256 = sha256_of(input.checksum_sha256.as_deref())?;
        let body = input.body.ok_or(S3ErrorCode::IncompleteBody)?;
        let number = u16::try_from(input.part_number)
            .ok()
            .filter(|number| (1..=10_000).contains(number));
        let number = number.ok_or_else(|| invalid("a part's number is not 1 to 10000"))?;
        let id = input.upload_id.clone();
        let draft = self.blocking(move |folder| {
            let begun = folder.begun(&key, &id)?;
            begun.map(|begun| begun.part(number, &end)).transpose()
        });
        let draft = receive(body, draft.await?.ok_or(S3ErrorCode::NoSuchUpload)?).await?;
        verify(&draft, sha256)?;
        let kept = self.blocking(move |folder| {
            let begun = folder.begun(&key, &input.upload_id)?;
            begun.map(|begun| begun.keep(number, draft)).transpose()
        });
        let kept = kept.await?.ok_or(S3ErrorCode::NoSuchUpload)?;
        Ok(S3Response::new(UploadPartOutput {
            e_tag: Some(ETag::Strong(kept.tag())),
            checksum_sha256: Some(STANDARD.encode(kept.sha256)),
            ..UploadPartOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let end = Visit::end_of(&request.extensions)?;
        let input = request.input;
        let key = key_of(&input.key)?;
        let parts = input
            .multipart_upload
            .and_then(|upload| upload.parts)
            .unwrap_or_default();
        let chosen = parts.into_iter().map(|part| {
            let number = u16::try_from(part.part_number?).ok()?;
            Some((number, part.e_tag?.into_value()))
        });
        let chosen: Option<Vec<_>> = chosen.collect();
        let chosen = chosen.ok_or(S3ErrorCode::InvalidPart)?;
        if chosen.is_empty() || !chosen.is_sorted_by(|(a, _), (b, _)| a < b) {
            return Err(S3ErrorCode::InvalidPartOrder.into());
        }
        let made = self.blocking(move |folder| {
            let begun = folder.begun(&key, &input.upload_id)?;
            begun.map(|begun| begun.complete(&chosen, &end)).transpose()
        });
        let made = made.await?.ok_or(S3ErrorCode::NoSuchUpload)?;
        let made = made.ok_or(S3ErrorCode::InvalidPart)?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(ETag::Strong(made.tag())),
            checksum_sha256: Some(STANDARD.encode(made.sha256)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        let input = request.input;
        let key = key_of(&input.key)?;
        let aborted = self.blocking(move |folder| {
            let begun = folder.begun(&key, &input.upload_id)?;
            begun.map(|begun| begun.abort()).transpose()
        });
        aborted.await?.ok_or(S3ErrorCode::NoSuchUpload)?;
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }
}
