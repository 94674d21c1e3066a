use std::fmt;

use super::EnvelopeError;
use super::data_key::DataKey;
use super::stream::{HEADER, Number, SEGMENT, Stream, TAG};

/// Opens a stream that is pushed into it, whatever the sizes of the pieces.
///
/// [`Opening`](super::Opening) does the same to whatever is read from.
///
/// # Security
/// What it appends was authenticated, segment by segment. Only [`finish`](Opener::finish) says that
/// nothing is missing at the end.
pub struct Opener {
    stream: Stream,
    number: Number,
    /// What was pushed and is not known not to be the end.
    held: Vec<u8>,
}

impl Opener {
    /// Opens for the tenant of that key, the object of that name that begins with `header`.
    ///
    /// # Errors
    /// When it is no envelope, or was sealed under another key or as another object.
    pub fn new(
        header: &[u8; HEADER],
        key: &DataKey,
        object: &[u8],
    ) -> Result<Opener, EnvelopeError> {
        Ok(Opener {
            stream: Stream::of(header, key, object)?,
            number: Number { at: 0, last: false },
            held: Vec::with_capacity(SEGMENT + TAG),
        })
    }

    /// Takes what comes next, and appends to `plain` what is authentic by then.
    ///
    /// # Errors
    /// When a segment was changed or moved.
    pub fn push(&mut self, mut sealed: &[u8], plain: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        while !sealed.is_empty() {
            if self.held.len() == SEGMENT + TAG {
                self.open(plain)?;
            }
            let room = SEGMENT + TAG - self.held.len();
            let (now, later) = sealed.split_at(sealed.len().min(room));
            self.held.extend_from_slice(now);
            sealed = later;
        }
        Ok(())
    }

    /// Opens a whole segment that is not the last one where it lies, with the tag behind it. This is for
    /// whoever reads into a buffer of their own, and spares copying.
    ///
    /// # Errors
    /// When it has not [`SEGMENT`] bytes and a tag, what was pushed before is not whole segments, or it was
    /// changed or moved.
    pub fn open_segment<'s>(&mut self, sealed: &'s mut [u8]) -> Result<&'s [u8], EnvelopeError> {
        if sealed.len() != SEGMENT + TAG || !self.held.is_empty() {
            return Err(EnvelopeError::NotASegment);
        }
        let opened = self.stream.open(self.number, sealed)?;
        self.number = self.number.next()?;
        Ok(opened)
    }

    /// The same with the last one, which may be shorter: it says that nothing is missing behind it.
    ///
    /// # Errors
    /// When it is longer, what was pushed before is not whole segments, or it was changed or is not the
    /// last one.
    pub fn open_last(self, sealed: &mut [u8]) -> Result<&[u8], EnvelopeError> {
        if sealed.len() > SEGMENT + TAG || !self.held.is_empty() {
            return Err(EnvelopeError::NotASegment);
        }
        let last = true;
        self.stream.open(
            Number {
                last,
                ..self.number
            },
            sealed,
        )
    }

    /// Says that nothing comes any more, and appends the last segment to `plain`.
    ///
    /// # Errors
    /// When the stream was cut off, or its last segment was changed.
    pub fn finish(mut self, plain: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        self.number.last = true;
        self.open(plain)
    }

    fn open(&mut self, plain: &mut Vec<u8>) -> Result<(), EnvelopeError> {
        let opened = self.stream.open(self.number, &mut self.held)?;
        plain.extend_from_slice(opened);
        self.held.clear();
        self.number = self.number.next()?;
        Ok(())
    }
}

impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener")
            .field("segment", &self.number.at)
            .finish_non_exhaustive()
    }
}
