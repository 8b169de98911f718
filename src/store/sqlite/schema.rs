//! The schema's steps and how a database is brought to the last of them. A released step is never edited; all that
//! are still to be taken are one transaction, after a copy was made of what was there.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, TransactionBehavior};

use super::fault::Fault;
use super::files;
use super::notice::Notice;
use crate::store::StoreError;

/// The steps: the n-th (from 1) leads to schema n.
pub(super) const STEPS: &[&str] = &[
    include_str!("../../../assets/migrations/0001_first.sql"),
    include_str!("../../../assets/migrations/0002_context.sql"),
    include_str!("../../../assets/migrations/0003_tools.sql"),
    include_str!("../../../assets/migrations/0004_sums.sql"),
];

/// `mnsh`: what the file's header says of whose it is.
pub(super) const APPLICATION_ID: i64 = 0x6d6e_7368;

/// The schema that `steps` lead to.
pub(super) const fn known(steps: &[&str]) -> i64 {
    steps.len() as i64
}

/// The schema of an open database; 0 where it has none yet.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Refuses a database that a newer munshi made.
pub(super) fn refuse_newer(path: &Path, found: i64, known: i64) -> Result<(), StoreError> {
    if found > known {
        return Err(StoreError::Newer { path: path.display().to_string(), found, known });
    }
    Ok(())
}

/// Brings the database to the last step.
pub(super) fn migrate(conn: &mut Connection, path: &Path, steps: &[&str]) -> Result<Option<Notice>, Fault> {
    let from = version(conn)?;
    let to = known(steps);
    refuse_newer(path, from, to)?;
    if from == to {
        return Ok(None);
    }
    let backup = if from > 0 { Some(back_up(conn, path, from)?) } else { None };
    advance(conn, steps)?;
    Ok(backup.map(|backup| Notice::Migrated { from, to, backup }))
}

/// Takes the steps that are still to be taken, without a copy: all or none of them, so that a new database that was
/// killed as it was made is no older munshi's.
pub(super) fn advance(conn: &mut Connection, steps: &[&str]) -> Result<(), Fault> {
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another instance may have been here while this one waited.
    for next in version(&tx)? + 1..=known(steps) {
        tx.execute_batch(steps[(next - 1) as usize])?;
        tx.pragma_update(None, "user_version", next)?;
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
    }
    Ok(tx.commit()?)
}

/// A whole copy under `….v1.bak`, which is only there once it is complete.
fn back_up(conn: &Connection, path: &Path, from: i64) -> Result<PathBuf, Fault> {
    let target = files::beside(path, &format!(".v{from}.bak"));
    let unfinished = files::beside(&target, ".part");
    files::remove(&unfinished)?;
    files::create_private(&unfinished)?;
    conn.backup("main", &unfinished, None::<fn(rusqlite::backup::Progress)>)?;
    files::sync_file(&unfinished)?;
    files::rename(&unfinished, &target)?;
    files::sync_folder(files::folder_of(path));
    Ok(target)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const NEXT: &str = "CREATE TABLE extra (a INTEGER) STRICT; INSERT INTO extra VALUES (1);";
    const BROKEN: &str = "CREATE TABLE extra (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";

    fn database(folder: &Path) -> (PathBuf, Connection) {
        let path = folder.join("munshi.db");
        files::create_private(&path).unwrap();
        let mut conn = Connection::open(&path).unwrap();
        assert_eq!(migrate(&mut conn, &path, &STEPS[..1]).unwrap(), None);
        conn.execute_batch("INSERT INTO input_history (text, at_ms) VALUES ('kept', 1)").unwrap();
        (path, conn)
    }

    #[test]
    fn a_migration_leaves_a_private_copy_of_what_was_before() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut conn) = database(folder.path());
        let notice = migrate(&mut conn, &path, &[STEPS[0], NEXT]).unwrap().unwrap();
        let backup = files::beside(&path, ".v1.bak");
        assert_eq!(notice, Notice::Migrated { from: 1, to: 2, backup: backup.clone() });
        assert_eq!(version(&conn).unwrap(), 2);
        let old = Connection::open(&backup).unwrap();
        assert_eq!(version(&old).unwrap(), 1);
        let kept: String = old.query_row("SELECT text FROM input_history", [], |row| row.get(0)).unwrap();
        assert_eq!(kept, "kept");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&backup).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert!(!files::beside(&backup, ".part").exists());
    }

    #[test]
    fn a_new_database_has_the_last_schema_or_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("munshi.db");
        let mut conn = Connection::open(&path).unwrap();
        assert!(migrate(&mut conn, &path, &[STEPS[0], BROKEN]).is_err());
        assert_eq!(version(&conn).unwrap(), 0);
        assert_eq!(migrate(&mut conn, &path, &[STEPS[0], NEXT]).unwrap(), None);
        assert_eq!(version(&conn).unwrap(), 2);
        assert!(!files::beside(&path, ".v1.bak").exists());
    }

    #[test]
    fn a_step_that_fails_leaves_the_old_schema_and_its_copy() {
        let folder = tempfile::tempdir().unwrap();
        let (path, mut conn) = database(folder.path());
        fs::write(files::beside(&path, ".v1.bak.part"), "from a killed attempt").unwrap();
        assert!(migrate(&mut conn, &path, &[STEPS[0], BROKEN]).is_err());
        assert_eq!(version(&conn).unwrap(), 1);
        let tables: i64 =
            conn.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'extra'", [], |row| row.get(0)).unwrap();
        assert_eq!(tables, 0);
        assert!(files::beside(&path, ".v1.bak").exists());
        assert!(migrate(&mut conn, &path, &[STEPS[0], NEXT]).unwrap().is_some());
    }
}
