use std::fmt;
use std::io::{self, ErrorKind, Read, Write};

use super::EnvelopeError;
use super::data_key::DataKey;
use super::opener::Opener;
use super::sealer::Sealer;
use super::stream::{HEADER, SEGMENT};

/// Seals what is written to it, and writes that on.
///
/// Without [`finish`](Sealing::finish) the stream has no end, and does not open: half a backup is none.
#[must_use = "a stream that is not finished does not open"]
pub struct Sealing<W> {
    sealer: Sealer,
    sealed: Vec<u8>,
    to: W,
}

/// Opens what is read through it.
///
/// # Security
/// What it has read was authenticated; that there was all of it is only known once it has read to the end
/// without an error.
pub struct Opening<R> {
    /// None once the end was reached.
    opener: Option<Opener>,
    from: R,
    sealed: Box<[u8]>,
    plain: Vec<u8>,
    read: usize,
}

impl<W: Write> Sealing<W> {
    /// Seals for the tenant of that key, as the object of that name.
    ///
    /// # Errors
    /// When the system has no randomness to give, or the header cannot be written.
    pub fn new(mut to: W, key: &DataKey, object: &[u8]) -> io::Result<Sealing<W>> {
        let (sealer, header) = Sealer::new(key, object)?;
        to.write_all(&header)?;
        let sealed = Vec::new();
        Ok(Sealing { sealer, sealed, to })
    }

    /// Ends the stream, and gives back what it was written to.
    ///
    /// # Errors
    /// When the last of it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.sealer.finish(&mut self.sealed)?;
        self.to.write_all(&self.sealed)?;
        self.to.flush()?;
        Ok(self.to)
    }
}

impl<W: Write> Write for Sealing<W> {
    fn write(&mut self, plain: &[u8]) -> io::Result<usize> {
        let now = &plain[..plain.len().min(PIECE)];
        self.sealer.push(now, &mut self.sealed)?;
        self.to.write_all(&self.sealed)?;
        self.sealed.clear();
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
            opener: Some(Opener::new(&header, key, object)?),
            from,
            sealed: vec![0; SEGMENT].into_boxed_slice(),
            plain: Vec::new(),
            read: 0,
        })
    }
}

impl<R: Read> Read for Opening<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read == self.plain.len() {
            let Some(opener) = &mut self.opener else {
                return Ok(0);
            };
            self.plain.clear();
            self.read = 0;
            match self.from.read(&mut self.sealed) {
                Ok(0) => {
                    if let Some(opener) = self.opener.take() {
                        opener.finish(&mut self.plain)?;
                    }
                }
                Ok(count) => opener.push(&self.sealed[..count], &mut self.plain)?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let rest = &self.plain[self.read..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.read += count;
        Ok(count)
    }
}

/// How much is sealed at once.
const PIECE: usize = 4 * SEGMENT;

impl<W> fmt::Debug for Sealing<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sealing").field(&self.sealer).finish()
    }
}

impl<R> fmt::Debug for Opening<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Opening").field(&self.opener).finish()
    }
}
