//! A CSV file as records, by the csv crate. Owns the length of a record, the line it begins at, and quotes that are never
//! closed: any of these would otherwise make the rest of the file one cell.

use std::io::{self, Read};

use csv::{ErrorKind, ReaderBuilder, StringRecord};

use super::decoder::Decoder;
use super::error::InputError;
use super::header;
use super::place::Place;
use super::{LONGEST_RECORD, Row};

const BUFFER: usize = 64 * 1024;
/// Stands behind the file: a record of its own where all quotes are closed, the end of a cell where one is open. No cell
/// holds a NUL, since the decoder takes none.
const END: &[u8] = b"\n\0";
const END_CELL: &str = "\0";

pub(super) struct Records<R> {
    reader: csv::Reader<Guarded<R>>,
    record: StringRecord,
    /// How many cells a record has, and which of them is asked about.
    cells: usize,
    chosen: usize,
    number: u64,
}

impl<R: Read> Records<R> {
    /// Reads the header, and finds the column.
    pub fn open(reader: R, delimiter: u8, column: Option<&str>) -> Result<Self, InputError> {
        let mut csv = ReaderBuilder::new();
        // The header is a record like others, and lengths are compared here, where the line is known.
        csv.delimiter(delimiter).has_headers(false).flexible(true).buffer_capacity(BUFFER);
        let reader = csv.from_reader(Guarded::new(reader));
        let mut records = Self { reader, record: StringRecord::new(), cells: 0, chosen: 0, number: 0 };
        if records.read()?.is_none() {
            return Err(InputError::NoHeader);
        }
        records.cells = records.record.len();
        records.chosen = header::choose(&records.record, column)?;
        Ok(records)
    }

    pub fn row(&mut self) -> Result<Option<Row>, InputError> {
        self.number += 1;
        let Some(line) = self.read()? else { return Ok(None) };
        let (record, cells) = (self.number, self.record.len());
        match self.record.get(self.chosen) {
            Some(cell) if cells == self.cells => Ok(Some(Row::new(record, cell))),
            _ => Err(InputError::Length { record, line, cells, header: self.cells }),
        }
    }

    /// Reads a record, and tells the line it begins at.
    fn read(&mut self) -> Result<Option<u64>, InputError> {
        let at = self.reader.position().byte();
        self.reader.get_mut().begin(at);
        let read = self.reader.read_record(&mut self.record);
        let (record, line) = (self.number, self.reader.get_ref().line);
        match read {
            Ok(false) => return Ok(None),
            Err(_) if self.reader.get_ref().is_over_limit() => return Err(InputError::LongRecord { record, line }),
            Err(error) => return Err(fault(error)),
            Ok(true) => {}
        }
        match self.record.iter().next_back() {
            Some(END_CELL) if self.record.len() == 1 => Ok(None),
            Some(last) if last.ends_with(END_CELL) => Err(InputError::OpenQuote { record, line }),
            _ => Ok(Some(line)),
        }
    }
}

/// What the decoder said, taken out of its wrappings.
fn fault(error: csv::Error) -> InputError {
    match error.into_kind() {
        ErrorKind::Io(error) => match error.downcast::<InputError>() {
            Ok(said) => said,
            Err(error) => InputError::Read(error),
        },
        other => InputError::Read(io::Error::other(format!("{other:?}"))),
    }
}

/// The decoder as the csv crate reads it. Keeps a copy of what it gave last: where a record begins is always in there,
/// since the crate takes all of it before it asks for more.
struct Guarded<R> {
    source: Decoder<R>,
    last: Vec<u8>,
    /// How many bytes were given before `last`, and how many of `last` the place has passed.
    before: u64,
    counted: usize,
    place: Place,
    /// The line the record begins at; until it has begun, blank lines are passed over.
    line: u64,
    has_begun: bool,
    /// Gives nothing beyond.
    limit: u64,
    ending: &'static [u8],
}

impl<R: Read> Guarded<R> {
    fn new(reader: R) -> Self {
        Self {
            source: Decoder::new(reader),
            last: Vec::new(),
            before: 0,
            counted: 0,
            place: Place::START,
            line: 1,
            has_begun: false,
            limit: 0,
            ending: END,
        }
    }

    /// A record begins at this byte, or behind blank lines there.
    fn begin(&mut self, at: u64) {
        self.limit = at + LONGEST_RECORD as u64;
        self.count_to(at.saturating_sub(self.before) as usize);
        self.has_begun = false;
        self.pass_blank();
    }

    fn pass_blank(&mut self) {
        let blank = self.last[self.counted..].iter().take_while(|byte| matches!(byte, b'\n' | b'\r')).count();
        self.count_to(self.counted + blank);
        self.line = self.place.line;
        self.has_begun = self.counted < self.last.len();
    }

    fn count_to(&mut self, to: usize) {
        let to = to.clamp(self.counted, self.last.len());
        self.place.pass(&self.last[self.counted..to]);
        self.counted = to;
    }

    fn given(&self) -> u64 {
        self.before + self.last.len() as u64
    }

    fn is_over_limit(&self) -> bool {
        self.given() > self.limit
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.is_over_limit() {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.count_to(self.last.len());
        self.before = self.given();
        self.last.clear();
        self.counted = 0;
        let chunk = self.source.chunk().map_err(io::Error::other)?;
        let is_end = chunk.is_empty();
        let chunk = if is_end { self.ending } else { chunk };
        let given = chunk.len().min(buffer.len());
        buffer[..given].copy_from_slice(&chunk[..given]);
        self.last.extend_from_slice(&chunk[..given]);
        if is_end {
            self.ending = &self.ending[given..];
        } else {
            self.source.take(given);
        }
        if !self.has_begun {
            self.pass_blank();
        }
        Ok(given)
    }
}
