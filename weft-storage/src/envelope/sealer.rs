use std::fmt;

use super::EnvelopeError;
use super::data_key::DataKey;
use super::stream::{HEADER, Number, SEGMENT, Stream, TAG};

/// Seals a stream that is pushed into it, whatever the sizes of the pieces.
///
/// [`Sealing`](super::Sealing) does the same to whatever is written to.
pub struct Sealer {
    stream: Stream,
    number: Number,
    /// What was pushed and is not known not to be the end.
    held: Vec<u8>,
}

impl Sealer {
    /// Seals for the tenant of that key, as the object of that name. The header comes first.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn new(key: &DataKey, object: &[u8]) -> Result<(Sealer, [u8; HEADER]), EnvelopeError> {
        let (stream, header) = Stream::new(key, object)?;
        let sealer = Sealer {
            stream,
            number: Number { at: 0, last: false },
            held: Vec::with_capacity(SEGMENT),
        };
        Ok((sealer, header))
    }

    /// Takes what comes next, and appends to `sealed` what can be sent by then.
    ///
    /// # Errors
    /// When there are more segments than can be counted.
    pub fn push(&mut self, mut plain: &[u8], sealed: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        while !plain.is_empty() {
            if self.held.len() == SEGMENT {
                self.seal(sealed)?;
            }
            // Whole segments that are not the end go past the buffer.
            while self.held.is_empty() && plain.len() > SEGMENT {
                let (segment, rest) = plain.split_at(SEGMENT);
                self.append(segment, sealed)?;
                plain = rest;
            }
            let room = SEGMENT - self.held.len();
            let (now, later) = plain.split_at(plain.len().min(room));
            self.held.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Seals a whole segment that is not the last one where it lies, and returns the tag that goes behind
    /// it. This is for whoever reads into a buffer of their own, and spares copying.
    ///
    /// # Errors
    /// When it has not [`SEGMENT`] bytes, or what was pushed before is not whole segments.
    pub fn seal_segment(&mut self, segment: &mut [u8]) -> Result<[u8; TAG], EnvelopeError> {
        if segment.len() != SEGMENT || !self.held.is_empty() {
            return Err(EnvelopeError::NotASegment);
        }
        let tag = self.stream.seal(self.number, segment)?;
        self.number = self.number.next()?;
        Ok(tag)
    }

    /// The same with the last one, which may be shorter.
    ///
    /// # Errors
    /// When it has more than [`SEGMENT`] bytes, or what was pushed before is not whole segments.
    pub fn seal_last(self, segment: &mut [u8]) -> Result<[u8; TAG], EnvelopeError> {
        if segment.len() > SEGMENT || !self.held.is_empty() {
            return Err(EnvelopeError::NotASegment);
        }
        let last = true;
        self.stream.seal(
            Number {
                last,
                ..self.number
            },
            segment,
        )
    }

    /// Ends the stream, and appends its last segment to `sealed`.
    ///
    /// # Errors
    /// When there are more segments than can be counted.
    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        self.number.last = true;
        self.seal(sealed)
    }

    fn seal(&mut self, sealed: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let held = std::mem::take(&mut self.held);
        self.append(&held, sealed)?;
        self.held = held;
        self.held.clear();
        Ok(())
    }

    fn append(&mut self, plain: &[u8], sealed: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let start = sealed.len();
        sealed.reserve(plain.len() + TAG);
        sealed.extend_from_slice(plain);
        let tag = self.stream.seal(self.number, &mut sealed[start..])?;
        sealed.extend_from_slice(&tag);
        self.number = self.number.next()?;
        Ok(())
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealer")
            .field("segment", &self.number.at)
            .finish_non_exhaustive()
    }
}
