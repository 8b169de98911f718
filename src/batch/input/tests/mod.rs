//! What a user notices of a file that is read.

mod csv;
mod faults;
mod json;
mod laws;
mod scans;
mod text;

use std::io::{self, Read};

use super::{InputError, InputKind, Row, Rows};

const CSV: InputKind = InputKind::Csv { delimiter: b',' };

/// A reader that gives so many bytes at a time, in turn.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::slice::Iter<'a, usize>>,
}

impl<'a> Pieces<'a> {
    fn new(bytes: &'a [u8], sizes: &'a [usize]) -> Self {
        Self { bytes, sizes: sizes.iter().cycle() }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().map_or(1, |size| (*size).min(buffer.len()));
        self.bytes.read(&mut buffer[..size])
    }
}

/// All rows, up to the first error, and that as its sentence.
fn read(reader: impl Read, kind: InputKind, column: Option<&str>) -> (Vec<Row>, Option<String>) {
    let mut out = Vec::new();
    match Rows::open(reader, kind, column) {
        Err(error) => return (out, Some(error.to_string())),
        Ok(rows) => {
            for row in rows {
                match row {
                    Ok(row) => out.push(row),
                    Err(error) => return (out, Some(error.to_string())),
                }
            }
        }
    }
    (out, None)
}

/// Numbers and texts of a file that can be read.
fn texts(bytes: impl AsRef<[u8]>, kind: InputKind, column: Option<&str>) -> Vec<(u64, String)> {
    let (rows, error) = read(bytes.as_ref(), kind, column);
    assert_eq!(error, None);
    rows.into_iter().map(|row| (row.number, row.text)).collect()
}

/// Why a file cannot be read.
fn refusal(bytes: impl AsRef<[u8]>, kind: InputKind, column: Option<&str>) -> String {
    read(bytes.as_ref(), kind, column).1.expect("an error")
}

fn pairs(expected: &[(u64, &str)]) -> Vec<(u64, String)> {
    expected.iter().map(|(number, text)| (*number, (*text).to_owned())).collect()
}
