//! What goes wrong inside the adapter, and what it means at the port. Owns the reading of SQLite's codes.

use std::io;
use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi;

use crate::store::StoreError;

/// A failure on its way to the port.
#[derive(Debug)]
pub(super) enum Fault {
    Sql(rusqlite::Error),
    Io(io::Error),
    Port(StoreError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<StoreError> for Fault {
    fn from(error: StoreError) -> Self {
        Self::Port(error)
    }
}

impl Fault {
    /// Whether another instance was in the way, so that the same may work a moment later.
    pub fn is_busy(&self) -> bool {
        let Self::Sql(error) = self else { return false };
        matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed)
        )
    }

    /// The port's error for a failure of the database at `path`.
    pub fn at(self, path: &Path) -> StoreError {
        match self {
            Self::Port(error) => error,
            Self::Sql(error) => sql(&error, path),
            Self::Io(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full(error.to_string()),
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    StoreError::ReadOnly(format!("{}: {error}", path.display()))
                }
                _ => StoreError::Other(format!("{}: {error}", path.display())),
            },
        }
    }
}

fn sql(error: &rusqlite::Error, path: &Path) -> StoreError {
    let damaged = |detail: String| StoreError::Damaged { path: path.display().to_string(), detail };
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full(error.to_string()),
        Some(ErrorCode::SystemIoFailure) if is_without_room(error) => StoreError::Full(error.to_string()),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
            StoreError::ReadOnly(format!("{}: {error}", path.display()))
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(error.to_string()),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory,
        ) => StoreError::Passing(error.to_string()),
        // No code of SQLite's: a value that cannot be what was written there.
        None if is_unreadable_value(error) => damaged(error.to_string()),
        _ => StoreError::Other(error.to_string()),
    }
}

/// The shared memory of the write-ahead log is a file, too, and needs room.
fn is_without_room(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_extended_error_code(), Some(ffi::SQLITE_IOERR_SHMSIZE | ffi::SQLITE_IOERR_SHMMAP))
}

const fn is_unreadable_value(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
    )
}
