//! One pass over a file before anything is asked. Owns its counts and its digest, by which a later run knows the file
//! again; keeps no row.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::{InputError, InputKind, Row, Rows};

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scan {
    /// All rows, those that cannot be asked among them.
    pub rows: u64,
    /// Lines that are no row.
    pub blank: u64,
    /// Rows that cannot be asked.
    pub unusable: u64,
    /// The length of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
}

/// Reads all rows, and shows each.
///
/// # Errors
/// As [`Rows`].
pub fn scan(
    reader: impl Read,
    kind: InputKind,
    column: Option<&str>,
    mut each: impl FnMut(&Row),
) -> Result<Scan, InputError> {
    let mut tap = Tap { inner: reader, bytes: 0, hash: Sha256::new() };
    let mut rows = Rows::open(&mut tap, kind, column)?;
    let (mut count, mut unusable) = (0, 0);
    for row in &mut rows {
        let row = row?;
        count += 1;
        unusable += u64::from(row.unusable.is_some());
        each(&row);
    }
    let blank = rows.blank();
    drop(rows);
    Ok(Scan { rows: count, blank, unusable, bytes: tap.bytes, digest: tap.hash.finalize().into() })
}

/// The first half of a text's SHA-256, by which a row is known again.
#[must_use]
pub fn row_digest(text: &str) -> [u8; 16] {
    let whole: [u8; 32] = Sha256::digest(text.as_bytes()).into();
    let mut half = [0; 16];
    half.copy_from_slice(&whole[..16]);
    half
}

/// A reader that counts and hashes what passes.
struct Tap<R> {
    inner: R,
    bytes: u64,
    hash: Sha256,
}

impl<R: Read> Read for Tap<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        self.hash.update(&buffer[..read]);
        Ok(read)
    }
}
