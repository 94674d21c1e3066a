use super::{RowError, RowErrorKind};
use csv_core::ReadRecordResult;
use std::io::{BufRead, BufReader, Chain, Cursor, Read};

const ROW_LIMIT: usize = 1 << 20;
const CELL_LIMIT: usize = 1 << 16;
const CELLS_LIMIT: usize = 512;

/// One row of CSV, its cells unquoted.
#[derive(Default)]
pub(super) struct Row {
    pub(super) line: u64,
    text: String,
    ends: Vec<usize>,
}

impl Row {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn cell(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|index| self.cell(index))
    }
}

/// Rows of CSV, each with the physical line on which it begins.
///
/// This drives `csv-core`, the parser of the `csv` crate, rather than that crate: its line numbers
/// are off after CRLF and after blank lines (rust-csv issues 395 and 208), it holds a row of any
/// length in memory and it takes a quote that is never closed for a cell.
pub(super) struct Rows<R> {
    input: BufReader<Chain<Cursor<Vec<u8>>, R>>,
    parser: csv_core::Reader,
    text: Box<[u8]>,
    ends: Box<[usize]>,
    line: u64,
    bytes: u64,
    after_cr: bool,
}

impl<R: Read> Rows<R> {
    /// Skips the byte order mark that Excel puts at the start.
    pub(super) fn new(mut input: R) -> Result<Self, RowError> {
        let mut start = Vec::new();
        let error = |cause| RowError::row(1, RowErrorKind::Io(cause));
        input
            .by_ref()
            .take(3)
            .read_to_end(&mut start)
            .map_err(error)?;
        let mark = start == [0xef, 0xbb, 0xbf];
        if mark {
            start.clear();
        }
        Ok(Self {
            input: BufReader::with_capacity(1 << 16, Cursor::new(start).chain(input)),
            parser: csv_core::Reader::new(),
            text: vec![0; ROW_LIMIT].into(),
            ends: vec![0; CELLS_LIMIT].into(),
            line: 1,
            bytes: if mark { 3 } else { 0 },
            after_cr: false,
        })
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Reads the next row over the old one; false at the end of the file.
    pub(super) fn read(&mut self, row: &mut Row) -> Result<bool, RowError> {
        if !self.skip_line_ends()? {
            return Ok(false);
        }
        row.line = self.line;
        let error = |kind| RowError::row(row.line, kind);
        let (mut text, mut cells) = (0, 0);
        loop {
            let input = self
                .input
                .fill_buf()
                .map_err(|cause| error(RowErrorKind::Io(cause)))?;
            let at_end = input.is_empty();
            // Only an open quote keeps a line end inside the row.
            let input = if at_end { b"\n" } else { input };
            let (result, read, written, ended) =
                self.parser
                    .read_record(input, &mut self.text[text..], &mut self.ends[cells..]);
            text += written;
            cells += ended;
            if !at_end {
                (self.line, self.after_cr) = count_lines(&input[..read], self.line, self.after_cr);
                self.bytes += read as u64;
                self.input.consume(read);
            }
            match result {
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::InputEmpty if at_end => {
                    return Err(error(RowErrorKind::UnclosedQuote));
                }
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => return Err(error(RowErrorKind::RowTooLong)),
                ReadRecordResult::OutputEndsFull => return Err(error(RowErrorKind::TooManyCells)),
            }
        }
        let ends = &self.ends[..cells];
        let text = str::from_utf8(&self.text[..text]).map_err(|_| error(RowErrorKind::NotUtf8))?;
        // Two halves of a character in neighbouring cells would pass as one.
        if ends.iter().any(|&end| !text.is_char_boundary(end)) {
            return Err(error(RowErrorKind::NotUtf8));
        }
        if text.contains('\0') {
            return Err(error(RowErrorKind::Nul));
        }
        if std::iter::once(&0)
            .chain(ends)
            .zip(ends)
            .any(|(start, end)| end - start > CELL_LIMIT)
        {
            return Err(error(RowErrorKind::CellTooLong));
        }
        row.text.clear();
        row.text.push_str(text);
        row.ends.clear();
        row.ends.extend_from_slice(ends);
        Ok(true)
    }

    fn skip_line_ends(&mut self) -> Result<bool, RowError> {
        loop {
            let error = |cause| RowError::row(self.line, RowErrorKind::Io(cause));
            let input = self.input.fill_buf().map_err(error)?;
            let ends = input
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
            (self.line, self.after_cr) = count_lines(&input[..ends], self.line, self.after_cr);
            if ends < input.len() {
                self.input.consume(ends);
                self.bytes += ends as u64;
                return Ok(true);
            }
            if input.is_empty() {
                return Ok(false);
            }
            self.input.consume(ends);
            self.bytes += ends as u64;
        }
    }
}

/// Counts LF, CR and CRLF as one line end each, the latter also when split between two reads.
fn count_lines(bytes: &[u8], line: u64, after_cr: bool) -> (u64, bool) {
    bytes
        .iter()
        .fold((line, after_cr), |(line, after_cr), byte| {
            let ends_line = *byte == b'\r' || (*byte == b'\n' && !after_cr);
            (line + u64::from(ends_line), *byte == b'\r')
        })
}
