//! Opening for reading alone, where nothing can be written: not the log, not even a lock file.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;
use super::notice::Notice;
use super::open::instances_of;
use super::{Access, Opened, SqliteStore, files, header, instance, schema};
use crate::store::StoreError;

/// Opens what is there. `reason` says why nothing can be written.
pub(super) fn open(path: &Path, reason: String) -> Result<Opened, Fault> {
    if !instance::others_live(&instances_of(path), None) {
        header::refuse_newer(path)?;
    }
    let mut conn = connect(path)?;
    let version = schema::version(&conn)?;
    schema::refuse_newer(path, version, schema::known(schema::STEPS))?;
    if version < schema::known(schema::STEPS) {
        drop(conn);
        conn = migrated_copy(path, version).map_err(|_| {
            let older = format!("{} was made by an older munshi, and cannot be migrated: {reason}", path.display());
            StoreError::ReadOnly(older)
        })?;
    }
    conn.execute_batch("PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON")?;
    let notice = Notice::ReadOnly { path: path.to_owned(), reason: reason.clone() };
    let store = SqliteStore { conn, path: path.to_owned(), access: Access::Read(reason) };
    Ok(Opened { store, notices: vec![notice] })
}

fn connect(path: &Path) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    // Fails where SQLite needs to make the log's shared memory, and cannot.
    let usual = Connection::open_with_flags(path, flags).and_then(|conn| {
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(conn)
    });
    let error = match usual {
        Ok(conn) => return Ok(conn),
        Err(error) => error,
    };
    if files::size(&files::beside(path, "-wal")) == 0 {
        // Nobody can be writing, and nothing is in the log: the file alone is all there is.
        return Ok(Connection::open_with_flags(immutable(path), flags | OpenFlags::SQLITE_OPEN_URI)?);
    }
    from_a_copy(path).map_err(|_| error.into())
}

/// What an older munshi made is brought up to date where it can be written: in a copy.
fn migrated_copy(path: &Path, version: i64) -> Result<Connection, Fault> {
    if version == 0 {
        return Err(StoreError::Other("there is nothing in it".to_owned()).into());
    }
    let mut conn = from_a_copy(path)?;
    // There is no folder any more that a journal could be put into.
    conn.execute_batch("PRAGMA journal_mode = MEMORY; PRAGMA temp_store = MEMORY; PRAGMA synchronous = OFF")?;
    schema::advance(&mut conn, schema::STEPS)?;
    Ok(conn)
}

/// The newest is in the log, which only a writable copy of both can be made to show. The copy has no name
/// once it is open.
fn from_a_copy(path: &Path) -> Result<Connection, Fault> {
    let folder = std::env::temp_dir().join(format!("munshi-{}", uuid::Uuid::now_v7()));
    files::create_folder(&folder)?;
    let copy = folder.join("munshi.db");
    let opened = copy_and_open(path, &copy);
    // Unix keeps an open file's bytes until it is closed.
    let _ = fs::remove_dir_all(&folder);
    opened
}

fn copy_and_open(path: &Path, copy: &Path) -> Result<Connection, Fault> {
    let log = files::beside(path, "-wal");
    let suffixes = if files::size(&log) > 0 { &["", "-wal"][..] } else { &[""] };
    for suffix in suffixes {
        let target = files::beside(copy, suffix);
        files::create_private(&target)?;
        fs::copy(files::beside(path, suffix), &target)?;
        // The original's mode came with it, and may forbid writing.
        files::make_writable(&target)?;
    }
    let conn = Connection::open(copy)?;
    conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    Ok(conn)
}

/// The address of a file that nobody changes: SQLite then makes no other file beside it.
fn immutable(path: &Path) -> String {
    let mut uri = String::from("file:");
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri + "?immutable=1"
}
