//! `multipart/form-data` (RFC 7578) while it comes, with its file last.

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use http_body_util::BodyDataStream;
use hyper::body::Incoming;
use memchr::memmem;
use s3s::S3Result;
use tokio::time::timeout;

use super::super::object::SILENCE;
use super::malformed;

/// A form that is being read.
pub(super) struct Multipart {
    body: BodyDataStream<Incoming>,
    held: BytesMut,
    /// What ends a part: the end of its line, two hyphens and the boundary.
    mark: Vec<u8>,
    /// How much of the form may still come before its file.
    room: usize,
}

/// The most bytes before the file.
const HEAD: usize = 64 * 1024;

impl Multipart {
    pub(super) fn new(content_type: &str, body: Incoming) -> S3Result<Multipart> {
        let boundary = boundary(content_type).ok_or_else(|| malformed("there is no boundary"))?;
        Ok(Multipart {
            body: BodyDataStream::new(body),
            // So that the first mark is like the others.
            held: BytesMut::from(&b"\r\n"[..]),
            mark: [b"\r\n--", boundary.as_bytes()].concat(),
            room: HEAD,
        })
    }

    /// Goes to the next part, and says its name.
    pub(super) async fn part(&mut self) -> S3Result<String> {
        let before = self.until(&self.mark.clone()).await?;
        let rest = self.until(b"\r\n\r\n").await?;
        let head = rest.strip_prefix(b"\r\n").filter(|_| before.is_empty());
        let head = head.and_then(|head| str::from_utf8(head).ok());
        let name = head.and_then(name);
        name.ok_or_else(|| malformed("there is no part with a name"))
    }

    /// The value of a part that is a field.
    pub(super) async fn value(&mut self) -> S3Result<String> {
        let mark = self.mark.clone();
        let value = self.until(&mark).await?;
        // The mark is where the next part begins as well.
        let held = std::mem::take(&mut self.held);
        self.held.extend_from_slice(&mark);
        self.held.unsplit(held);
        String::from_utf8(value.into()).map_err(|_| malformed("a field is not UTF-8"))
    }

    /// What precedes `end`, which is skipped.
    async fn until(&mut self, end: &[u8]) -> S3Result<Bytes> {
        let too_long = || malformed("the fields are too long");
        loop {
            if let Some(at) = memmem::find(&self.held, end) {
                let taken = at + end.len();
                self.room = self.room.checked_sub(taken).ok_or_else(too_long)?;
                let before = self.held.split_to(at).freeze();
                let _ = self.held.split_to(end.len());
                return Ok(before);
            }
            if self.held.len() > self.room {
                return Err(too_long());
            }
            let piece = self.next().await?;
            self.held.extend_from_slice(&piece);
        }
    }

    async fn next(&mut self) -> S3Result<Bytes> {
        match timeout(SILENCE, self.body.next()).await {
            Ok(Some(Ok(piece))) => Ok(piece),
            _ => Err(malformed("the form has no end")),
        }
    }

    /// The bytes of the file, up to the end of the form.
    pub(super) fn into_stream(self) -> impl Stream<Item = S3Result<Bytes>> + Unpin {
        let pieces = stream::try_unfold(Some(self), async |form| {
            let Some(mut form) = form else {
                return Ok(None);
            };
            loop {
                match memmem::find(&form.held, &form.mark) {
                    Some(at) => {
                        let last = form.held.split_to(at).freeze();
                        form.close().await?;
                        return Ok(Some((last, None)));
                    }
                    // A mark may have begun.
                    None if form.held.len() >= form.mark.len() => {
                        let sure = form.held.len() - (form.mark.len() - 1);
                        let piece = form.held.split_to(sure).freeze();
                        return Ok(Some((piece, Some(form))));
                    }
                    None => {
                        let piece = form.next().await?;
                        form.held.extend_from_slice(&piece);
                    }
                }
            }
        });
        Box::pin(pieces)
    }

    /// What follows the file is the end.
    async fn close(&mut self) -> S3Result<()> {
        let end = self.mark.len() + 2;
        while self.held.len() < end {
            let piece = self.next().await?;
            self.held.extend_from_slice(&piece);
        }
        match &self.held[self.mark.len()..end] {
            b"--" => Ok(()),
            _ => Err(malformed("the file is not the last of the form")),
        }
    }
}

/// RFC 2046, section 5.1.1, without space.
fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameter) = content_type.split_once(';')?;
    let (name, value) = parameter.trim().split_once('=')?;
    let value = value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value);
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"'()+_,-./:=?".contains(&c);
    let is_one = kind.trim().eq_ignore_ascii_case("multipart/form-data")
        && name.eq_ignore_ascii_case("boundary")
        && (1..=70).contains(&value.len())
        && value.bytes().all(plain);
    is_one.then_some(value)
}

/// The name in a part's `Content-Disposition`, which comes first in it, as browsers write it.
fn name(head: &str) -> Option<String> {
    let mut names = head.split("\r\n").filter_map(|line| {
        let (field, value) = line.split_once(':')?;
        let is_named = field.eq_ignore_ascii_case("content-disposition");
        is_named.then(|| value.trim())
    });
    let value = names.next()?.strip_prefix("form-data;")?;
    let (name, _) = value
        .trim_start()
        .strip_prefix("name=\"")?
        .split_once('"')?;
    names.next().is_none().then(|| name.to_owned())
}
