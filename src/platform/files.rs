//! Files and folders for their owner alone: folders 0700, files 0600 from the moment they exist, and content
//! that is replaced whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Creates a folder and its parents, each that is new for its owner alone. One that is there stays as it is.
///
/// # Errors
/// Where it cannot be created, or a file is in its place.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Creates a temporary folder for its owner alone, whose name begins with `prefix` and cannot be guessed. Whoever asked
/// for it removes it.
///
/// # Errors
/// Where it cannot be created.
pub fn create_temporary_folder(prefix: &str) -> io::Result<PathBuf> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(prefix);
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    builder.tempdir().map(tempfile::TempDir::keep)
}

/// Replaces `path` by `content`: temporary file, sync, rename, sync the folder. Whatever fails, the old file
/// is whole. The folder is created where it is missing.
///
/// # Errors
/// Where the old file still stands.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    create_private_folder(folder)?;
    let temporary = temporary_beside(path)?;
    let written = fill(&temporary, content).and_then(|()| std::fs::rename(&temporary, path));
    if let Err(error) = written {
        // Best effort: the failure to report is the first one.
        let _ = std::fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

/// Opens a file to append to, created for its owner alone.
///
/// # Errors
/// Where it cannot be opened or created.
pub fn open_private_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether others than the owner may read a file. Where a system has no such modes: no.
///
/// # Errors
/// Where the file is not there or cannot be asked.
pub fn others_may_read(path: &Path) -> io::Result<bool> {
    let metadata = std::fs::metadata(path)?;
    #[cfg(unix)]
    let open = std::os::unix::fs::MetadataExt::mode(&metadata) & 0o077 != 0;
    #[cfg(not(unix))]
    let open = {
        drop(metadata);
        false
    };
    Ok(open)
}

/// Whether a path is a file that this user may run. Where a system has no such modes: whether it is a file.
#[must_use]
pub fn may_run(path: &Path) -> bool {
    #[cfg(unix)]
    let may = rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    #[cfg(not(unix))]
    let may = true;
    may && path.is_file()
}

/// Where a program of this name is in the first of some folders that has one; folders that are not absolute, which would
/// be others for every program, do not count.
#[must_use]
pub fn program(name: &str, folders: &[PathBuf]) -> Option<PathBuf> {
    let absolute = folders.iter().filter(|folder| folder.is_absolute());
    absolute.map(|folder| folder.join(name)).find(|path| may_run(path))
}

/// Bytes that this user can still write on the disk that holds `path`, or where it would be; `None` where the system
/// cannot say.
#[must_use]
pub fn free_space(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    {
        let there = path.ancestors().find(|folder| folder.exists())?;
        let disk = rustix::fs::statvfs(there).ok()?;
        disk.f_bavail.checked_mul(disk.f_frsize)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

/// A name that no other file of this folder has, hidden from listings.
fn temporary_beside(path: &Path) -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?;
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".{}.{}.tmp", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed)));
    Ok(path.with_file_name(temporary))
}

fn fill(temporary: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = match options.open(temporary) {
        // Left behind by a process of the same number that was killed.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            std::fs::remove_file(temporary)?;
            options.open(temporary)?
        }
        other => other?,
    };
    file.write_all(content)?;
    file.sync_all()
}

/// Makes a rename last. Only Unix opens folders as files.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[test]
    fn folders_and_files_are_private_from_the_moment_they_exist() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a/b/secret.toml");
        write_private(&file, b"one").unwrap();
        assert_eq!(mode(&file), 0o600);
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        assert_eq!(mode(&home.path().join("a")), 0o700);
        let log = home.path().join("log");
        open_private_append(&log).unwrap();
        assert_eq!(mode(&log), 0o600);
        assert!(!others_may_read(&file).unwrap());
    }

    #[test]
    fn replacing_a_file_that_others_could_read_makes_it_private() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("keys.toml");
        std::fs::write(&file, "old").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(others_may_read(&file).unwrap());
        write_private(&file, b"new").unwrap();
        assert_eq!((mode(&file), std::fs::read(&file).unwrap()), (0o600, b"new".to_vec()));
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_other() {
        let home = tempfile::tempdir().unwrap();
        // A folder cannot be replaced by a file: the rename fails after everything was written.
        let target = home.path().join("config.toml");
        std::fs::create_dir(&target).unwrap();
        std::fs::write(target.join("inside"), "kept").unwrap();
        assert!(write_private(&target, b"new").is_err());
        let names: Vec<_> = std::fs::read_dir(home.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, ["config.toml"]);
        assert_eq!(std::fs::read(target.join("inside")).unwrap(), b"kept");
    }
}
