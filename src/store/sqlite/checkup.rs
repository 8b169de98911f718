//! A look at a database that changes nothing of it and decides nothing: for `doctor`.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::fault::Fault;
use super::{SqliteStore, schema};
use crate::store::StoreError;

impl SqliteStore {
    /// The schema of the database at `path`, and the one that this munshi knows.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn schema(path: &Path) -> Result<(i64, i64), StoreError> {
        let read = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let conn = Connection::open_with_flags(path, flags)?;
            schema::version(&conn)
        };
        let found = read().map_err(|error| Fault::from(error).at(path))?;
        Ok((found, schema::known(schema::STEPS)))
    }
}
