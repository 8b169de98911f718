//! A file as the rows to ask about: one a line, a CSV record or a JSON value. Owns where a row begins and how a file that
//! cannot be read is told; refuses to hold the file, and to guess: what is no UTF-8 or no row stops with its place.

mod decoder;
mod error;
mod header;
mod json;
mod lines;
mod place;
mod records;
mod scan;

use std::io::Read;
use std::path::Path;

pub use error::InputError;
pub use scan::{Scan, row_digest, scan};

use json::Values;
use lines::Lines;
use records::Records;

/// The longest text that is asked about, in bytes. A longer one is a row that cannot be asked.
pub const LONGEST_TEXT: usize = 1024 * 1024;
/// The longest CSV record, and the longest line of JSON Lines that is read, in bytes: a row is held whole.
pub const LONGEST_RECORD: usize = 16 * 1024 * 1024;
/// Of a text that is too long, so many characters are kept.
const KEPT: usize = 200;

const BLANK: &str = "the text is empty, so nothing was asked";
const LONG_TEXT: &str = "the text is longer than 1 MiB, so nothing was asked";
const LONG_LINE: &str = "the line is longer than 16 MiB, so nothing was asked";

/// What the lines of a file are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// A row a line.
    Text,
    /// A row a record, below a header that names the columns.
    Csv { delimiter: u8 },
    /// A row a JSON value, one a line.
    JsonLines,
}

impl InputKind {
    /// By the ending of the file's name, in capitals or not: `.csv`, `.tsv`, `.jsonl`, `.ndjson`; all others are text.
    #[must_use]
    pub fn from_name(path: &Path) -> Self {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Self::Csv { delimiter: b',' },
            Some("tsv") => Self::Csv { delimiter: b'\t' },
            Some("jsonl" | "ndjson") => Self::JsonLines,
            _ => Self::Text,
        }
    }
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The number of its line, or of its record below the header, from 1.
    pub number: u64,
    /// What to ask about. Of a text that is too long, its first characters and `…`.
    pub text: String,
    /// Why it cannot be asked, as the clause "the text is empty, so nothing was asked".
    pub unusable: Option<&'static str>,
}

impl Row {
    fn new(number: u64, text: &str) -> Self {
        if text.len() > LONGEST_TEXT {
            return Self::cut(number, text, LONG_TEXT);
        }
        let unusable = text.trim().is_empty().then_some(BLANK);
        Self { number, text: text.to_owned(), unusable }
    }

    fn cut(number: u64, text: &str, why: &'static str) -> Self {
        let text = text.chars().take(KEPT).chain(['…']).collect();
        Self { number, text, unusable: Some(why) }
    }
}

/// The rows of a file, read one by one. After an error there are no more.
pub struct Rows<R> {
    source: Source<R>,
    is_over: bool,
}

enum Source<R> {
    Text(Lines<R>),
    Csv(Records<R>),
    Json(Values<R>),
}

impl<R: Read> Rows<R> {
    /// Begins to read. `column` is the CSV column or the JSON property that holds the text.
    ///
    /// # Errors
    /// Where a column is named for a file that has none; where a CSV file has no header, or its column cannot be told;
    /// where its beginning cannot be read.
    pub fn open(reader: R, kind: InputKind, column: Option<&str>) -> Result<Self, InputError> {
        let source = match (kind, column) {
            (InputKind::Text, Some(name)) => return Err(InputError::TextHasNoColumns { name: name.to_owned() }),
            (InputKind::Text, None) => Source::Text(Lines::new(reader, LONGEST_TEXT)),
            (InputKind::Csv { delimiter }, column) => Source::Csv(Records::open(reader, delimiter, column)?),
            (InputKind::JsonLines, column) => Source::Json(Values::new(reader, column)),
        };
        Ok(Self { source, is_over: false })
    }

    /// How many blank lines were passed over so far; those of a CSV file are not counted.
    pub const fn blank(&self) -> u64 {
        match &self.source {
            Source::Text(lines) => lines.blank(),
            Source::Json(values) => values.blank(),
            Source::Csv(_) => 0,
        }
    }

    fn read(&mut self) -> Result<Option<Row>, InputError> {
        match &mut self.source {
            Source::Csv(records) => records.row(),
            Source::Json(values) => values.row(),
            Source::Text(lines) => Ok(lines.filled()?.map(|line| {
                if line.is_cut {
                    return Row::cut(line.number, line.text, LONG_TEXT);
                }
                Row::new(line.number, line.text)
            })),
        }
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let row = self.read().transpose();
        self.is_over = !matches!(row, Some(Ok(_)));
        row
    }
}

#[cfg(test)]
mod tests;
