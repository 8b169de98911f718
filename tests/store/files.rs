//! The files: their modes, a full disk, a folder that cannot be written, a newer munshi's.

use std::fs;
use std::path::Path;

use munshi::store::sqlite::{Notice, OpenOptions, SqliteStore};
use munshi::store::{Store, StoreError, Write};

use crate::child;
use crate::support::*;

/// All files under a folder, with their bytes.
fn bytes_of(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file() && !entry.path().to_string_lossy().ends_with("-shm"))
        .map(|entry| (entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).unwrap()))
        .collect();
    all.sort();
    all
}

/// The database and its log as a kill would leave them: copied while the store is open.
pub fn left_by_a_kill(store_folder: &Path, to: &Path) {
    for name in ["munshi.db", "munshi.db-wal"] {
        fs::copy(store_folder.join(name), to.join(name)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn folders_are_0700_and_files_0600() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("a/b");
    let mut store = open(&folder);
    store.write(&[put(1, "one")]).unwrap();
    for path in [outer.path().join("a"), folder.clone(), folder.join("instances")] {
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
    for entry in fs::read_dir(&folder).unwrap().chain(fs::read_dir(folder.join("instances")).unwrap()) {
        let path = entry.unwrap().path();
        assert!(path.is_dir() || mode(&path) == 0o600, "{}", path.display());
    }
    assert!(folder.join("munshi.db-wal").exists());
    // One that others could read is taken from them; a folder that was there is the user's.
    drop(store);
    fs::set_permissions(database(&folder), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    drop(open(&folder));
    assert_eq!((mode(&database(&folder)), mode(&folder)), (0o600, 0o755));
}

#[test]
fn a_closed_store_leaves_one_file_and_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "kept"))]).unwrap();
    drop(store);
    assert_eq!(bytes_of(folder.path()).len(), 1);
    let instances: Vec<_> = fs::read_dir(folder.path().join("instances")).unwrap().collect();
    assert_eq!(instances.len(), 1, "only the turn's own file is left");
    assert_eq!(texts(&mut open(folder.path()), 1), ["kept"]);
}

#[test]
fn row_02_a_full_disk_refuses_whole_batches_and_takes_them_once_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions { now_ms: NOW_MS, max_pages: Some(120), ..OpenOptions::default() };
    let mut store = SqliteStore::open(&database(folder.path()), options).unwrap().store;
    store.write(&[put(1, "one")]).unwrap();
    let batch = |turn: u128| {
        let long = format!("{turn} {}", "many words of a long message ".repeat(200));
        [Write::AddMessage(said(1, turn * 2, None, "short")), Write::AddMessage(said(1, turn * 2 + 1, None, &long))]
    };
    let mut written = 0;
    let error = loop {
        match store.write(&batch(written)) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert!(written > 2);
    for _ in 0..3 {
        assert!(matches!(store.write(&batch(written)), Err(StoreError::Full(_))));
        assert_eq!(texts(&mut store, 1).len() as u128, written * 2, "nothing of it was applied");
    }
    store.set_max_pages(10_000).unwrap();
    store.write(&batch(written)).unwrap();
    assert_eq!(texts(&mut store, 1).len() as u128, written * 2 + 2);
    drop(store);
    assert_eq!(integrity(folder.path()), "ok");
}

/// `mount -t tmpfs -o size=2m none DIR; MUNSHI_SMALL_DISK=DIR cargo test --test store row_02`
#[test]
fn row_02_a_disk_that_is_really_full() {
    let Some(disk) = std::env::var_os("MUNSHI_SMALL_DISK") else { return };
    let folder = tempfile::tempdir_in(disk).unwrap();
    let ballast = folder.path().join("ballast");
    fs::write(&ballast, vec![7; 400_000]).unwrap();
    let mut store = open(folder.path());
    store.write(&[put(1, "one")]).unwrap();
    let batch = |turn: u128| {
        let long = format!("{turn} {}", "many words of a long message ".repeat(400));
        [Write::AddMessage(said(1, turn * 2, None, "short")), Write::AddMessage(said(1, turn * 2 + 1, None, &long))]
    };
    let mut written = 0;
    let error = loop {
        match store.write(&batch(written)) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, StoreError::Full(_)), "{error:?}");
    assert_eq!(texts(&mut store, 1).len() as u128, written * 2);
    // Started anew, it is readable at least.
    drop(store);
    let filler = folder.path().join("filler");
    let mut size = 1 << 20;
    while size > 0 {
        let more = [fs::read(&filler).unwrap_or_default(), vec![7; size]].concat();
        if fs::write(&filler, &more).is_err() {
            size /= 2;
        }
    }
    let opened = try_open(folder.path()).unwrap();
    println!("{written} batches, then {error}; opened full: {:?}", opened.notices);
    let mut store = opened.store;
    assert_eq!(texts(&mut store, 1).len() as u128, written * 2);
    drop(store);
    fs::remove_file(&ballast).unwrap();
    fs::remove_file(&filler).unwrap();
    let mut store = open(folder.path());
    store.write(&batch(written)).unwrap();
    assert_eq!(texts(&mut store, 1).len() as u128, written * 2 + 2);
    drop(store);
    assert_eq!(integrity(folder.path()), "ok");
}

#[test]
fn row_06_a_newer_schema_is_refused_and_not_a_byte_is_changed() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()));
    let conn = rusqlite::Connection::open(database(folder.path())).unwrap();
    conn.execute_batch("PRAGMA user_version = 99; CREATE TABLE of_the_future (a)").unwrap();
    // As another instance holds it, with the change only in the log, …
    let other = tempfile::tempdir().unwrap();
    left_by_a_kill(folder.path(), other.path());
    // … and in the file alone, in the journal mode of an older time.
    conn.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
    drop(conn);
    fs::remove_dir_all(folder.path().join("instances")).unwrap();
    for folder in [folder.path(), other.path()] {
        let before = bytes_of(folder);
        for read_only in [false, true] {
            let options = OpenOptions { now_ms: NOW_MS, read_only, ..OpenOptions::default() };
            let error = SqliteStore::open(&database(folder), options).unwrap_err();
            assert!(matches!(error, StoreError::Newer { found: 99, known: 4, .. }), "{error:?}");
            assert!(error.to_string().contains("made by a newer munshi"), "{error}");
            assert!(bytes_of(folder) == before);
        }
        assert!(!folder.join("instances").exists());
    }
}

#[test]
fn a_store_opened_for_reading_shows_all_and_saves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = open(folder.path());
    writer.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "kept"))]).unwrap();
    writer.write(&[Write::AddMessage(reply(1, 2, 1)), chunk(2, "half")]).unwrap();
    let options = OpenOptions { read_only: true, ..OpenOptions::default() };
    let mut opened = SqliteStore::open(&database(folder.path()), options).unwrap();
    assert!(matches!(opened.notices[..], [Notice::ReadOnly { .. }]));
    assert_eq!(texts(&mut opened.store, 1), ["kept", "half"]);
    assert_eq!(opened.store.search("kept", 9).unwrap().len(), 1);
    let error = opened.store.write(&[put(2, "two")]).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
    assert!(matches!(opened.store.reserve(&opening(1, 1, None), &[]), Err(StoreError::ReadOnly(_))));
}

#[cfg(unix)]
#[test]
fn row_03_a_folder_that_cannot_be_written_is_read() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    // Modes mean nothing to root, so that then the reader is nobody.
    const NOBODY: u32 = 65_534;
    let writable = tempfile::tempdir().unwrap();
    let mut store = open(writable.path());
    store.write(&[put(1, "one"), Write::AddMessage(said(1, 1, None, "kept"))]).unwrap();
    let as_root = chown(writable.path(), Some(0), None).is_ok();
    let closed = tempfile::tempdir().unwrap();
    let killed = tempfile::tempdir().unwrap();
    left_by_a_kill(writable.path(), killed.path());
    drop(store);
    fs::copy(database(writable.path()), database(closed.path())).unwrap();
    for folder in [closed.path(), killed.path()] {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
            if as_root {
                chown(&path, Some(NOBODY), None).unwrap();
            }
        }
        if as_root {
            chown(folder, Some(NOBODY), None).unwrap();
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o500)).unwrap();
        let mut reader = child::command("files::the_process_that_may_only_read", folder, 0);
        if as_root {
            reader.uid(NOBODY);
        }
        match reader.output() {
            Ok(output) => assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout)),
            // The test's own binary may be out of nobody's reach.
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
        }
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

#[test]
fn the_process_that_may_only_read() {
    let Some((folder, _)) = child::told() else { return };
    let opened = try_open(&folder).unwrap();
    assert!(matches!(opened.notices[..], [Notice::ReadOnly { .. }]), "{:?}", opened.notices);
    assert!(opened.notices[0].to_string().contains("can only be read"), "{}", opened.notices[0]);
    let mut store = opened.store;
    assert_eq!(texts(&mut store, 1), ["kept"]);
    assert_eq!(titles(&mut store, ""), ["one"]);
    assert!(matches!(store.write(&[put(2, "two")]), Err(StoreError::ReadOnly(_))));
    // Where there is nothing to read, that is said.
    let error = SqliteStore::open(&folder.join("none/munshi.db"), OpenOptions::default()).unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly(_)), "{error:?}");
}
