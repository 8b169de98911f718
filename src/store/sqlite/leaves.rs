//! Rows read straight from a database's pages, for when the tree above them is damaged. Owns the file
//! format of table leaves (<https://sqlite.org/fileformat2.html#b_tree_pages>); what a row belongs to is
//! told by its shape alone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use rusqlite::types::Value;

use super::header::{self, PAGE};
use super::{files, wal};

/// The kind of page that holds rows of a table.
const LEAF: u8 = 0x0D;
/// The longest row that stands in its page whole; of a longer one at least so much does.
const LONGEST_WHOLE: usize = PAGE - 35;
const LEAST_LOCAL: usize = (PAGE - 12) * 32 / 255 - 23;
/// A row is at most as long as SQLite lets it be by default.
const LONGEST_ROW: usize = 1_000_000_000;

/// One row: its id, and its values as they are stored.
pub(super) struct Record {
    pub rowid: i64,
    pub values: Vec<Value>,
}

/// The pages of a database and its log, each as it was written last.
pub(super) struct Pages {
    file: File,
    count: u32,
    log: Vec<u8>,
    /// Where in the log a page begins.
    newest: HashMap<u32, usize>,
}

impl Pages {
    /// Opens the database at `path` and the log beside it.
    pub fn open(path: &Path) -> io::Result<Self> {
        let log = files::beside(path, "-wal");
        let log = if files::size(&log) > 0 { std::fs::read(log)? } else { Vec::new() };
        let newest: HashMap<u32, usize> = wal::pages(&log).collect();
        let in_file = u32::try_from(files::size(path) / PAGE as u64).unwrap_or(u32::MAX);
        let count = newest.keys().copied().max().unwrap_or(0).max(in_file);
        Ok(Self { file: File::open(path)?, count, log, newest })
    }

    /// Gives every row of every leaf to `take`.
    pub fn each_record<E: From<io::Error>>(&mut self, mut take: impl FnMut(Record) -> Result<(), E>) -> Result<(), E> {
        for number in 1..=self.count {
            let Some(page) = self.read(number)? else { continue };
            let start = if number == 1 { header::BYTES } else { 0 };
            for cell in cells(&page, start) {
                if let Some(record) = self.record(&page, cell)? {
                    take(record)?;
                }
            }
        }
        Ok(())
    }

    fn read(&mut self, number: u32) -> io::Result<Option<Vec<u8>>> {
        if let Some(page) = self.newest.get(&number).and_then(|at| self.log.get(*at..*at + PAGE)) {
            return Ok(Some(page.to_owned()));
        }
        let mut page = vec![0; PAGE];
        self.file.seek(SeekFrom::Start(u64::from(number.saturating_sub(1)) * PAGE as u64))?;
        match self.file.read_exact(&mut page) {
            Ok(()) => Ok(Some(page)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The row of the cell at `at`; `None` where it is none.
    fn record(&mut self, page: &[u8], at: usize) -> io::Result<Option<Record>> {
        let Some((length, rowid, local)) = cell(page, at) else { return Ok(None) };
        let here = local_length(length);
        let Some(mut payload) = local.get(..here).map(<[u8]>::to_owned) else { return Ok(None) };
        let mut next = local.get(here..here + 4).map_or(0, |bytes| number(bytes) as u32);
        // Each page of a row is read once: a circle ends where the row does.
        while payload.len() < length {
            let Some(page) = (if next == 0 { None } else { self.read(next)? }) else { return Ok(None) };
            let rest = (length - payload.len()).min(PAGE - 4);
            payload.extend(&page[4..4 + rest]);
            next = number(&page[..4]) as u32;
        }
        Ok(values(&payload).map(|values| Record { rowid, values }))
    }
}

/// Where the cells of a leaf begin; none for another kind of page.
fn cells(page: &[u8], start: usize) -> Vec<usize> {
    if page[start] != LEAF {
        return Vec::new();
    }
    let count = number(&page[start + 3..start + 5]) as usize;
    let places = page[start + 8..].chunks_exact(2).take(count);
    places.map(|place| number(place) as usize).collect()
}

/// The length of a cell's row, its id, and the bytes from there.
fn cell(page: &[u8], at: usize) -> Option<(usize, i64, &[u8])> {
    let (length, rest) = varint(page.get(at..)?)?;
    let (rowid, rest) = varint(rest)?;
    let length = usize::try_from(length).ok().filter(|length| *length <= LONGEST_ROW)?;
    Some((length, rowid, rest))
}

/// How much of a row stands in its own page.
const fn local_length(length: usize) -> usize {
    if length <= LONGEST_WHOLE {
        return length;
    }
    let fitting = LEAST_LOCAL + (length - LEAST_LOCAL) % (PAGE - 4);
    if fitting <= LONGEST_WHOLE { fitting } else { LEAST_LOCAL }
}

/// The values of a row; `None` where the bytes are none.
fn values(payload: &[u8]) -> Option<Vec<Value>> {
    let (length, _) = varint(payload)?;
    let (header, mut body) = payload.split_at_checked(usize::try_from(length).ok()?)?;
    let (_, mut types) = varint(header)?;
    let mut values = Vec::new();
    while !types.is_empty() {
        let (kind, rest) = varint(types)?;
        types = rest;
        let (bytes, rest) = body.split_at_checked(size(kind)?)?;
        body = rest;
        values.push(value(kind, bytes));
    }
    Some(values)
}

fn size(kind: i64) -> Option<usize> {
    match kind {
        0 | 8 | 9 => Some(0),
        1..=4 => usize::try_from(kind).ok(),
        5 => Some(6),
        6 | 7 => Some(8),
        12.. => usize::try_from((kind - 12) / 2).ok(),
        _ => None,
    }
}

fn value(kind: i64, bytes: &[u8]) -> Value {
    match kind {
        0 => Value::Null,
        7 => Value::Real(f64::from_bits(number(bytes).cast_unsigned())),
        8 => Value::Integer(0),
        9 => Value::Integer(1),
        1..=6 => {
            // Two's complement, of fewer bytes than eight.
            let unused = 64 - 8 * bytes.len() as u32;
            Value::Integer(number(bytes) << unused >> unused)
        }
        _ if kind % 2 == 0 => Value::Blob(bytes.to_owned()),
        _ => Value::Text(String::from_utf8_lossy(bytes).into_owned()),
    }
}

/// Big-endian, at most eight bytes.
fn number(bytes: &[u8]) -> i64 {
    bytes.iter().fold(0, |number, byte| number << 8 | i64::from(*byte))
}

/// A number of one to nine bytes, and what follows it.
fn varint(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut number = 0_i64;
    for (at, byte) in bytes.iter().take(9).enumerate() {
        if at == 8 {
            return Some((number << 8 | i64::from(*byte), &bytes[9..]));
        }
        number = number << 7 | i64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            return Some((number, &bytes[at + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params};

    use super::*;

    #[test]
    fn every_row_is_read_with_any_value_and_any_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let conn = Connection::open(&path).unwrap();
        conn.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE t (a INTEGER PRIMARY KEY, b, c)").unwrap();
        let numbers = [0, 1, -1, 127, -128, 32_768, 1 << 23, -(1 << 31), 1 << 40, i64::MIN, i64::MAX];
        let lengths = [0, 1, 4_000, 4_061, 4_100, 4_600, 20_000, 100_000];
        let mut expected = Vec::new();
        for (at, number) in numbers.into_iter().enumerate() {
            let text = "ह".repeat(lengths[at % lengths.len()] / 3);
            conn.execute("INSERT INTO t VALUES (?1, ?2, ?3)", params![number, number, text]).unwrap();
            expected.push((number, vec![Value::Null, Value::Integer(number), Value::Text(text)]));
        }
        conn.execute("INSERT INTO t VALUES (5, 0.5, x'00ff')", []).unwrap();
        expected.push((5, vec![Value::Null, Value::Real(0.5), Value::Blob(vec![0, 255])]));
        expected.sort_by_key(|(rowid, _)| *rowid);
        // From the log, and then from the file alone.
        for _ in 0..2 {
            let mut found = Vec::new();
            let mut pages = Pages::open(&path).unwrap();
            pages
                .each_record(|record| {
                    if record.values.len() == 3 {
                        found.push((record.rowid, record.values));
                    }
                    Ok::<_, io::Error>(())
                })
                .unwrap();
            found.sort_by_key(|(rowid, _)| *rowid);
            assert!(found == expected);
            conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        }
    }

    #[test]
    fn noise_gives_rows_or_none_and_never_a_panic() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let mut state = 1_u64;
        for _ in 0..200 {
            let mut bytes = vec![0; PAGE * 2];
            for byte in &mut bytes {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                *byte = (state >> 56) as u8;
            }
            (bytes[header::BYTES], bytes[PAGE]) = (LEAF, LEAF);
            std::fs::write(&path, &bytes).unwrap();
            Pages::open(&path).unwrap().each_record(|_| Ok::<_, io::Error>(())).unwrap();
        }
    }
}
