//! How a database is opened: looked at, created or migrated, salvaged where it must be, opened for reading
//! where nothing else is left. Owns the order of these steps; each is done elsewhere.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use super::fault::Fault;
use super::header::{self, Look};
use super::instance::{self, Instance, Opening};
use super::notice::Notice;
use super::write::Writer;
use super::{
    Access, Made, OpenOptions, Opened, SqliteStore, files, ledger, read, read_only, recover, salvage, schema, wal,
};
use crate::store::{Scope, StoreError};

/// Older ones can corrupt a write-ahead log that two connections use.
const OLDEST_SQLITE: i32 = 3_051_003;
const _: () = assert!(ffi::SQLITE_VERSION_NUMBER >= OLDEST_SQLITE);

/// How long one statement waits for other instances.
const BUSY: Duration = Duration::from_secs(30);

/// Statements kept prepared; there are fewer.
const STATEMENTS: usize = 64;

/// A commit is on disk when it returns.
const DURABLE: &str = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON";

/// What every connection that writes is set to: little memory is used, and no text lands in a temporary
/// file or stays in a page that was freed.
const SETTINGS: &str = "PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0; PRAGMA cache_size = -2048; PRAGMA temp_store = MEMORY; \
     PRAGMA secure_delete = FAST; PRAGMA journal_size_limit = 4194304; PRAGMA cell_size_check = ON; \
     PRAGMA trusted_schema = OFF;";

/// See [`SqliteStore::open`].
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Opened, StoreError> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        let found = rusqlite::version();
        return Err(StoreError::Other(format!(
            "SQLite {found} can damage a database; munshi needs 3.51.3 or newer. Build it with the bundled one"
        )));
    }
    let path = std::path::absolute(path).map_err(|error| Fault::from(error).at(path))?;
    if options.read_only {
        return read_only::open(&path, "as asked".to_owned()).map_err(|fault| fault.at(&path));
    }
    match to_write(&path, options).map_err(|fault| fault.at(&path)) {
        Err(error @ (StoreError::ReadOnly(_) | StoreError::Full(_))) => {
            match read_only::open(&path, error.to_string()).map_err(|fault| fault.at(&path)) {
                Err(StoreError::Newer { path, found, known }) => Err(StoreError::Newer { path, found, known }),
                other => other.map_err(|_| error),
            }
        }
        opened => opened,
    }
}

/// Openings in this process, one at a time: then whoever else has the database open has an instance's lock.
static TURN: Mutex<()> = Mutex::new(());

fn to_write(path: &Path, options: &OpenOptions) -> Result<Opened, Fault> {
    let _here = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let instances = instances_of(path);
    // Before anything is made or changed. (With others alive, the connection itself looks.)
    if !instance::others_live(&instances, None) {
        header::refuse_newer(path)?;
    }
    files::create_folder(files::folder_of(path))?;
    let turn = Opening::wait(&instances)?;
    salvage::resume(path)?;
    let mut notices = Vec::new();
    let made = files::create_private(path)?.map(|file| Made { file, synced: false });
    let mut conn = connect_or_salvage(path, options, &mut notices)?;
    let instance = Instance::register(&instances)?;
    recover::settle_the_dead(&mut conn, &instances, instance.id)?;
    instance::sweep(&instances, instance.id);
    drop(turn);
    let writer = Writer { instance: instance.id, seen_ms: options.now_ms };
    let store = SqliteStore { conn, path: path.to_owned(), access: Access::Write { instance, writer, made } };
    Ok(Opened { store, notices })
}

fn connect_or_salvage(path: &Path, options: &OpenOptions, notices: &mut Vec<Notice>) -> Result<Connection, Fault> {
    let alone = !instance::others_live(&instances_of(path), None);
    let error = match connect(path, options, alone, notices) {
        Ok(conn) => return Ok(conn),
        Err(fault) => fault.at(path),
    };
    match error {
        StoreError::Damaged { .. } if alone => {
            notices.push(salvage::salvage(path, options.now_ms)?);
            connect(path, options, alone, notices)
        }
        StoreError::Damaged { path, detail } => {
            let detail =
                format!("{detail}. Close every other munshi and start again: then it is set aside and salvaged");
            Err(StoreError::Damaged { path, detail }.into())
        }
        other => Err(other.into()),
    }
}

fn connect(path: &Path, options: &OpenOptions, alone: bool, notices: &mut Vec<Notice>) -> Result<Connection, Fault> {
    let log = files::beside(path, "-wal");
    let found = if alone { header::look(path)? } else { Look::NotTaken };
    if let Look::Damaged(detail) = found {
        return Err(damaged(path, detail));
    }
    if alone && wal::is_damaged(&log)? {
        return Err(damaged(&log, "parts of it do not match their checksums"));
    }
    let mut conn =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Should it turn out to be a newer one, closing must not write to it.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    conn.busy_timeout(BUSY)?;
    schema::refuse_newer(path, schema::version(&conn)?, schema::known(schema::STEPS))?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
    files::make_private(path)?;
    settle_in(&conn, options, found == Look::Empty)?;
    if alone {
        check_if_suspected(&conn, path)?;
    }
    notices.extend(schema::migrate(&mut conn, path, schema::STEPS)?);
    conn.execute_batch(DURABLE)?;
    first_reads(&conn, path)?;
    Ok(conn)
}

fn settle_in(conn: &Connection, options: &OpenOptions, is_new: bool) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    conn.execute_batch(SETTINGS)?;
    // There is nothing to lose yet, and the first screen need not wait for the disk.
    conn.execute_batch(if is_new { "PRAGMA synchronous = OFF" } else { DURABLE })?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    options.max_pages.map_or(Ok(()), |pages| set_max_pages(conn, pages))
}

/// See [`SqliteStore::set_max_pages`].
pub(super) fn set_max_pages(conn: &Connection, pages: u32) -> rusqlite::Result<()> {
    conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))
}

/// What the first screen reads, read now: damage there is damage that can be salvaged before it is shown.
fn first_reads(conn: &Connection, path: &Path) -> Result<(), Fault> {
    let read = || {
        read::list(conn, "", 0, 1)?;
        read::latest(conn)?;
        recover::owners(conn)?;
        conn.prepare("SELECT rowid FROM message_text WHERE message_text MATCH '\"a\"' LIMIT 0")?;
        conn.query_row("SELECT max(seq) FROM messages", [], |_| Ok(()))?;
        ledger::spend(conn, Scope::Everything)?;
        conn.query_row("SELECT max(conversation) FROM sums_by_conversation", [], |_| Ok(()))?;
        conn.query_row("SELECT max(key) FROM requests", [], |_| Ok(()))
    };
    read().map_err(|error| match error.sqlite_error_code() {
        // A table that is not there, or is not as the schema says.
        Some(ErrorCode::Unknown) => damaged(path, error.to_string()),
        _ => error.into(),
    })
}

/// The folder of the instances' locks.
pub(super) fn instances_of(path: &Path) -> PathBuf {
    files::folder_of(path).join("instances")
}

/// A mark beside the database: damage was met while it was open, so that the next start looks closer.
fn suspicion(path: &Path) -> PathBuf {
    files::beside(path, ".suspect")
}

/// Leaves that mark, where `error` is such damage.
pub(super) fn remember_damage(path: &Path, error: &StoreError) {
    if matches!(error, StoreError::Damaged { .. }) {
        // Best effort: without it the damage is met, and said, again.
        let _ = files::create_private(&suspicion(path));
    }
}

/// A whole check costs seconds in a large database, and is made only where there is a reason.
fn check_if_suspected(conn: &Connection, path: &Path) -> Result<(), Fault> {
    let mark = suspicion(path);
    if !mark.exists() {
        return Ok(());
    }
    check(conn, path)?;
    Ok(files::remove(&mark)?)
}

fn check(conn: &Connection, path: &Path) -> Result<(), Fault> {
    let verdict: String = conn.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(path, verdict)) }
}

/// See [`SqliteStore::verify`].
pub(super) fn verify(path: &Path) -> Result<(), StoreError> {
    let read = || {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(path, flags)?;
        conn.busy_timeout(BUSY)?;
        conn.execute_batch("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY")?;
        check(&conn, path)
    };
    let checked = read().map_err(|fault: Fault| fault.at(path));
    if let Err(error) = &checked {
        remember_damage(path, error);
    }
    checked
}

/// Takes the mark away, once what was damaged is set aside.
pub(super) fn forget_damage(path: &Path) {
    let _ = files::remove(&suspicion(path));
}

fn damaged(path: &Path, detail: impl Into<String>) -> Fault {
    Fault::Port(StoreError::Damaged { path: path.display().to_string(), detail: detail.into() })
}
