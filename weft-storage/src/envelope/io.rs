use std::fmt;
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::ops::Range;

use super::EnvelopeError;
use super::data_key::DataKey;
use super::opener::Opener;
use super::sealer::Sealer;
use super::stream::{HEADER, SEGMENT, TAG};

/// Seals what is written to it, and writes that on.
///
/// Without [`finish`](Sealing::finish) the stream has no end, and does not open: half a backup is none.
#[must_use = "a stream that is not finished does not open"]
pub struct Sealing<W> {
    /// None once something could not be written.
    sealer: Option<Sealer>,
    /// What was written and is not known not to be the end.
    segment: Vec<u8>,
    to: W,
}

/// Opens what is read through it.
///
/// # Security
/// What it has read was authenticated; that there was all of it is only known once it has read to the end
/// without an error.
pub struct Opening<R> {
    state: State,
    from: R,
    /// A segment, and the byte behind it, which tells that it is not the last one.
    buffer: Box<[u8]>,
    /// How much of `buffer` was read.
    filled: usize,
    /// Where in `buffer` the plain text is that nobody has read yet.
    plain: Range<usize>,
}

enum State {
    Reading(Box<Opener>),
    Ended,
    Failed,
}

impl<W: Write> Sealing<W> {
    /// Seals for the tenant of that key, as the object of that name.
    ///
    /// # Errors
    /// When the system has no randomness to give, or the header cannot be written.
    pub fn new(mut to: W, key: &DataKey, object: &[u8]) -> io::Result<Sealing<W>> {
        let (sealer, header) = Sealer::new(key, object)?;
        to.write_all(&header)?;
        let segment = Vec::with_capacity(WHOLE);
        Ok(Sealing {
            sealer: Some(sealer),
            segment,
            to,
        })
    }

    /// Ends the stream, and gives back what it was written to.
    ///
    /// # Errors
    /// When the last of it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        let sealer = self.sealer.take().ok_or(ErrorKind::BrokenPipe)?;
        let tag = sealer.seal_last(&mut self.segment)?;
        self.segment.extend_from_slice(&tag);
        self.to.write_all(&self.segment)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        if self.segment.len() == SEGMENT && !plain.is_empty() {
            let mut sealer = self.sealer.take().ok_or(ErrorKind::BrokenPipe)?;
            let tag = sealer.seal_segment(&mut self.segment)?;
            self.segment.extend_from_slice(&tag);
            let written = self.to.write_all(&self.segment);
            self.segment.clear();
            // Nobody knows how much of it was written: what follows would not open.
            written?;
            self.sealer = Some(sealer);
        }
        let room = SEGMENT - self.segment.len();
        let now = &plain[..plain.len().min(room)];
        self.segment.extend_from_slice(now);
        Ok(now.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

impl<R: Read> Opening<R> {
    /// Opens for the tenant of that key, the object of that name.
    ///
    /// # Errors
    /// When it is no envelope, or was sealed under another key or as another object.
    pub fn new(mut from: R, key: &DataKey, object: &[u8]) -> io::Result<Opening<R>> {
        let mut header = [0; HEADER];
        from.read_exact(&mut header)
            .map_err(|error| match error.kind() {
                ErrorKind::UnexpectedEof => EnvelopeError::NotAnEnvelope.into(),
                _ => error,
            })?;
        Ok(Opening {
            state: State::Reading(Box::new(Opener::new(&header, key, object)?)),
            from,
            buffer: vec![0; WHOLE + 1].into_boxed_slice(),
            filled: 0,
            plain: 0..0,
        })
    }

    /// Opens the segment that comes next.
    fn next(&mut self) -> io::Result<()> {
        if self.filled > WHOLE {
            self.buffer[0] = self.buffer[WHOLE];
            self.filled = 1;
        }
        while self.filled <= WHOLE {
            match self.from.read(&mut self.buffer[self.filled..]) {
                Ok(0) => break,
                Ok(count) => self.filled += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.state = match std::mem::replace(&mut self.state, State::Failed) {
            State::Reading(mut opener) if self.filled > WHOLE => {
                self.plain = 0..opener.open_segment(&mut self.buffer[..WHOLE])?.len();
                State::Reading(opener)
            }
            State::Reading(opener) => {
                self.plain = 0..opener.open_last(&mut self.buffer[..self.filled])?.len();
                State::Ended
            }
            other => other,
        };
        Ok(())
    }
}

impl<R: Read> BufRead for Opening<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.plain.is_empty() {
            match self.state {
                State::Reading(_) => self.next()?,
                State::Ended => {}
                State::Failed => return Err(EnvelopeError::Corrupt.into()),
            }
        }
        Ok(&self.buffer[self.plain.clone()])
    }

    fn consume(&mut self, count: usize) {
        self.plain.start = self.plain.end.min(self.plain.start + count);
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// A sealed segment that is not the last one.
const WHOLE: usize = SEGMENT + TAG;

impl<W> fmt::Debug for Sealing<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sealing").field(&self.sealer).finish()
    }
}

impl<R> fmt::Debug for Opening<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: &dyn fmt::Debug = match &self.state {
            State::Reading(opener) => opener,
            State::Ended => &"ended",
            State::Failed => &"failed",
        };
        f.debug_tuple("Opening").field(state).finish()
    }
}
