//! The first hundred bytes of a database, read without SQLite, so that a look changes nothing. Owns what
//! munshi's own files have there; the layout is SQLite's (<https://sqlite.org/fileformat2.html>).

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::{files, schema};
use crate::store::StoreError;

pub(super) const BYTES: usize = 100;
/// SQLite's own default, which munshi's databases have.
pub(super) const PAGE: usize = 4096;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Nobody has so many schemas: a higher one is a flipped bit.
const HIGHEST_SCHEMA: i64 = 10_000;

/// What the header says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Not looked at, since a connection of this process may have it open (see `files`).
    NotTaken,
    /// No file, or one without a byte.
    Empty,
    Schema(i64),
    Damaged(&'static str),
}

/// Looks at the file's header alone.
pub(super) fn look(path: &Path) -> io::Result<Look> {
    let mut header = Vec::with_capacity(BYTES);
    match File::open(path) {
        Ok(file) => file.take(BYTES as u64).read_to_end(&mut header)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Look::Empty),
        Err(error) => return Err(error),
    };
    let logged = files::size(&files::beside(path, "-wal")) > 0;
    if header.is_empty() {
        return Ok(if logged { Look::Damaged("it is empty, but its log is not") } else { Look::Empty });
    }
    let found = judge(&header);
    // While there is a log, the file may be on its way to its size.
    if matches!(found, Look::Schema(_)) && !logged && !is_complete(&header, files::size(path)) {
        return Ok(Look::Damaged("it is cut off"));
    }
    Ok(found)
}

/// Whether a file of `size` bytes has whole pages, as many as its header says.
fn is_complete(header: &[u8], size: u64) -> bool {
    let page = PAGE as u64;
    let counted = number(header, 24) == number(header, 92);
    size.is_multiple_of(page) && (!counted || u64::from(number(header, 28)) * page <= size)
}

fn judge(header: &[u8]) -> Look {
    if header.len() < BYTES {
        return Look::Damaged("it is cut off");
    }
    if &header[..16] != MAGIC {
        return Look::Damaged("it is no SQLite database");
    }
    let version = i64::from(number(header, 60).cast_signed());
    if version > schema::known(schema::STEPS) && version <= HIGHEST_SCHEMA {
        return Look::Schema(version);
    }
    let as_written = usize::from(header[16]) << 8 | usize::from(header[17]) == PAGE
        && matches!(header[18], 1 | 2)
        && header[18] == header[19]
        && header[20..24] == [0, 64, 32, 32]
        && matches!(number(header, 44), 0 | 4)
        && matches!(number(header, 56), 0 | 1)
        && number(header, 32) <= number(header, 28)
        && number(header, 36) <= number(header, 28)
        && header[72..92].iter().all(|byte| *byte == 0)
        // Only a database without a table has no schema yet.
        && (version > 0 || number(header, 44) == 0)
        && (0..=HIGHEST_SCHEMA).contains(&version);
    if as_written { Look::Schema(version) } else { Look::Damaged("its header is not as it was written") }
}

/// The big-endian number at `at`.
fn number(header: &[u8], at: usize) -> u32 {
    header[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Refuses a database of a newer munshi, without changing a byte of it.
pub(super) fn refuse_newer(path: &Path) -> Result<(), StoreError> {
    let Ok(Look::Schema(in_file)) = look(path) else { return Ok(()) };
    // What was not yet copied from the log may say more.
    let logged = files::size(&files::beside(path, "-wal")) > 0;
    let found = logged.then(|| in_log(path).ok()).flatten().unwrap_or(in_file);
    schema::refuse_newer(path, found, schema::known(schema::STEPS))
}

fn in_log(path: &Path) -> rusqlite::Result<i64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    schema::version(&conn)
}

/// Puts a sound header over a damaged one, with the size that the file has; for reading only.
pub(super) fn mend(damaged: &mut [u8], sound: &[u8], pages: u32, logged: bool) {
    let (Some(damaged), Some(sound)) = (damaged.get_mut(..BYTES), sound.get(..BYTES)) else { return };
    damaged.copy_from_slice(sound);
    let format = if logged { 2 } else { 1 };
    damaged[18..20].fill(format);
    damaged[28..32].copy_from_slice(&pages.to_be_bytes());
    // No free pages that anyone would follow.
    damaged[32..40].fill(0);
    damaged.copy_within(24..28, 92);
}
