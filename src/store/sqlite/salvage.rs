//! What is done with a damaged database: it is set aside untouched, and every row that can still be read
//! goes into a new one. Killed at any point, the next start goes on from there.

use std::fs;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;
use super::header::{self, PAGE};
use super::notice::Notice;
use super::rescue::{self, OF_EVERY_SCHEMA, TABLES};
use super::{files, leaves, open, schema, wal};

/// What belongs to a database besides its own file.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Sets the database at `path` aside and puts a new one in its place.
pub(super) fn salvage(path: &Path, now_ms: i64) -> Result<Notice, Fault> {
    let number = free_number(path, now_ms);
    let scratch = files::beside(path, ".salvage");
    let fresh = files::beside(path, ".salvage-new");
    remove_all(&scratch)?;
    remove_all(&fresh)?;
    let counts = fill(path, &scratch, &fresh)?;
    remove_all(&scratch)?;
    files::sync_file(&fresh)?;
    // Under this name it is whole, and the only thing left to do is to change places.
    files::rename(&fresh, &salvaged(path, number))?;
    files::sync_folder(files::folder_of(path));
    change_places(path, number)?;
    open::forget_damage(path);
    Ok(Notice::Salvaged {
        path: path.to_owned(),
        original: set_aside(path, number),
        conversations: counts.conversations,
        messages: counts.messages,
    })
}

/// Goes on where a killed salvage was about to change places.
pub(super) fn resume(path: &Path) -> Result<(), Fault> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Ok(()) };
    let prefix = format!("{name}.salvaged-");
    let entries = fs::read_dir(files::folder_of(path))?.flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.strip_prefix(&prefix)?.parse().ok());
    // Two cannot be there, unless someone put them there: the last is the newest.
    match numbers.max() {
        Some(number) => change_places(path, number),
        None => Ok(()),
    }
}

fn change_places(path: &Path, number: i64) -> Result<(), Fault> {
    let original = set_aside(path, number);
    // The log first: a new database must never stand beside an old log.
    for companion in COMPANIONS.iter().rev() {
        files::rename(&files::beside(path, companion), &files::beside(&original, companion))?;
    }
    files::rename(&salvaged(path, number), path)?;
    files::sync_folder(files::folder_of(path));
    Ok(())
}

fn set_aside(path: &Path, number: i64) -> PathBuf {
    files::beside(path, &format!(".damaged-{number}"))
}

fn salvaged(path: &Path, number: i64) -> PathBuf {
    files::beside(path, &format!(".salvaged-{number}"))
}

/// The time, or the next number that nothing bears yet.
fn free_number(path: &Path, now_ms: i64) -> i64 {
    let taken = |number: i64| set_aside(path, number).exists() || salvaged(path, number).exists();
    (now_ms..now_ms.saturating_add(100_000)).find(|number| !taken(*number)).unwrap_or(now_ms)
}

fn remove_all(path: &Path) -> Result<(), Fault> {
    for companion in COMPANIONS.iter().chain(&["-journal"]) {
        files::remove(&files::beside(path, companion))?;
    }
    Ok(())
}

/// Reads a copy, never the original, since SQLite may write to what it opens.
fn fill(path: &Path, scratch: &Path, fresh: &Path) -> Result<rescue::Counts, Fault> {
    let log = files::beside(path, "-wal");
    let logged = files::size(&log) > 0;
    copy(path, scratch)?;
    if logged {
        let scratch_log = files::beside(scratch, "-wal");
        files::open_new(&scratch_log)?.write_all(&wal::repaired(&log)?)?;
    }
    files::create_private(fresh)?;
    let mut to = Connection::open(fresh)?;
    // It has no name yet that anyone would open: whole, or made again.
    to.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF")?;
    let mut sound = Vec::new();
    for schema in 1..=schema::STEPS.len() {
        schema::advance(&mut to, &schema::STEPS[..schema])?;
        sound.insert(0, first_page(fresh)?);
    }
    let from = readable(scratch, &sound, logged)?;
    rescue::copy(from.as_ref(), &mut leaves::Pages::open(scratch)?, &mut to)
}

fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    let mut target = files::open_new(to)?;
    std::io::copy(&mut fs::File::open(from)?, &mut target)?;
    // A file that was cut within a page gets the rest of it, or SQLite does not count it.
    let length = target.stream_position()?;
    target.set_len(length.next_multiple_of(PAGE as u64).max(PAGE as u64))?;
    Ok(())
}

fn first_page(path: &Path) -> Result<Vec<u8>, Fault> {
    let mut page = vec![0; PAGE];
    fs::File::open(path)?.read_exact(&mut page)?;
    Ok(page)
}

/// A connection that sees munshi's tables: as the copy is; else with a sound header; else with a `sound`
/// first page, since a database that was made by the same steps has its tables in the same places. There is one of
/// each schema, the newest first.
fn readable(scratch: &Path, sound: &[Vec<u8>], logged: bool) -> Result<Option<Connection>, Fault> {
    let damaged = first_page(scratch)?;
    let pages = u32::try_from(files::size(scratch) / PAGE as u64).unwrap_or(u32::MAX);
    let mended = |page: &[u8]| {
        let mut mended = page.to_owned();
        header::mend(&mut mended, &sound[0], pages, logged);
        mended
    };
    // A header that is wrong only in its size hides what stands behind it: so the mended one comes first.
    let replaced = sound.iter().map(|sound| mended(sound));
    for page in [mended(&damaged), damaged.clone()].into_iter().chain(replaced) {
        let mut file = fs::OpenOptions::new().write(true).open(scratch)?;
        file.seek(SeekFrom::Start(0))?;
        file.write_all(&page)?;
        drop(file);
        if let Ok(conn) = sees_tables(scratch) {
            return Ok(Some(conn));
        }
        files::remove(&files::beside(scratch, "-shm"))?;
    }
    Ok(None)
}

fn sees_tables(scratch: &Path) -> rusqlite::Result<Connection> {
    let conn = Connection::open_with_flags(scratch, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    for table in &TABLES[..OF_EVERY_SCHEMA] {
        conn.prepare(&format!("SELECT rowid FROM {table}"))?;
    }
    Ok(conn)
}
