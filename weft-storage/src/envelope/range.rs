use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::ops::Range;

use super::EnvelopeError;
use super::data_key::DataKey;
use super::stream::{HEADER, Number, SEGMENT, Stream, TAG};

/// Opens a part of a sealed stream, and reads no more of it than the segments that the part is in. Each
/// goes to `to` once it is authentic.
///
/// # Errors
/// When there is no such range, it was sealed under another key or as another object, one of those
/// segments was changed, or something cannot be read.
pub fn open_range(
    mut from: impl Read + Seek,
    (key, object): (&DataKey, &[u8]),
    range: Range<u64>,
    mut to: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<()> {
    const SEALED: u64 = (SEGMENT + TAG) as u64;
    let length = from.seek(SeekFrom::End(0))?;
    from.seek(SeekFrom::Start(0))?;
    let mut header = [0; HEADER];
    from.read_exact(&mut header)
        .map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => EnvelopeError::NotAnEnvelope.into(),
            _ => error,
        })?;
    let stream = Stream::of(&header, key, object)?;
    let body = length
        .checked_sub(HEADER as u64)
        .ok_or(EnvelopeError::NotAnEnvelope)?;
    let segments = body.div_ceil(SEALED);
    let tags = segments * TAG as u64;
    let plain = body.checked_sub(tags).ok_or(EnvelopeError::Corrupt)?;
    if segments == 0 || range.start > range.end || range.end > plain {
        return Err(EnvelopeError::Range.into());
    }
    let mut sealed = vec![0; SEGMENT + TAG];
    let mut at = range.start / SEGMENT as u64;
    while at * (SEGMENT as u64) < range.end {
        let start = at * SEALED;
        let size = (body - start).min(SEALED) as usize;
        from.seek(SeekFrom::Start(HEADER as u64 + start))?;
        from.read_exact(&mut sealed[..size])?;
        let number = Number {
            at,
            last: at + 1 == segments,
        };
        let opened = stream.open(number, &mut sealed[..size])?;
        let first = at * SEGMENT as u64;
        let within = |place: u64| (place.saturating_sub(first) as usize).min(opened.len());
        to(&opened[within(range.start)..within(range.end)])?;
        at += 1;
    }
    Ok(())
}
