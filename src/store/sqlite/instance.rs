//! Which processes are alive. Each store that can write holds a lock of the operating system's on a file of
//! its own, so that death lets go of it however it came; no process id is ever trusted.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use uuid::Uuid;

use super::files;

/// How long an opening waits for another's, in steps.
const OPENING_STEP: Duration = Duration::from_millis(5);
const OPENING_STEPS: u32 = 3_000;

/// This store among those that share a data folder.
#[derive(Debug)]
pub(super) struct Instance {
    pub id: Uuid,
    path: PathBuf,
    _lock: File,
}

impl Instance {
    /// Takes a place in `folder`, which is made where it is missing.
    pub fn register(folder: &Path) -> io::Result<Self> {
        files::create_folder(folder)?;
        loop {
            let id = Uuid::now_v7();
            // Under its own name only once it is locked, so that nobody finds it without its lock.
            let fresh = folder.join(format!("{id}.new"));
            let lock = files::open_new(&fresh)?;
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                _ => {}
            }
            let path = lock_path(folder, id);
            // One who swept the folder between the two steps has taken it away: begin again.
            if files::rename(&fresh, &path)? {
                return Ok(Self { id, path, _lock: lock });
            }
        }
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = files::remove(&self.path);
    }
}

/// The lock of an instance that is dead; nobody else settles what it left while this is held.
#[derive(Debug)]
pub(super) struct Grave {
    path: PathBuf,
    lock: Option<File>,
}

impl Grave {
    /// Removes what is left of it, once all that it left is settled.
    pub fn close(self) {
        let _ = files::remove(&self.path);
        drop(self.lock);
    }
}

/// The grave of `id`, or `None` where it lives.
pub(super) fn grave(folder: &Path, id: Uuid) -> Option<Grave> {
    grave_at(lock_path(folder, id))
}

fn grave_at(path: PathBuf) -> Option<Grave> {
    match File::open(&path) {
        Ok(lock) => lock.try_lock().is_ok().then_some(Grave { path, lock: Some(lock) }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Grave { path, lock: None }),
        // Not to be known: then nothing of it is touched.
        Err(_) => None,
    }
}

/// Whether anyone but `me` lives.
pub(super) fn others_live(folder: &Path, me: Option<Uuid>) -> bool {
    lock_files(folder).any(|(id, path)| id != me && grave_at(path).is_none())
}

/// Removes the lock files of the dead that left nothing to settle.
pub(super) fn sweep(folder: &Path, me: Uuid) {
    for (_, path) in lock_files(folder).filter(|(id, _)| *id != Some(me)) {
        if let Some(grave) = grave_at(path) {
            grave.close();
        }
    }
}

/// The lock files, and those that were never finished, which have no id.
fn lock_files(folder: &Path) -> impl Iterator<Item = (Option<Uuid>, PathBuf)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| {
        let path = entry.path();
        let stem = path.file_stem()?.to_str()?;
        match path.extension()?.to_str()? {
            "lock" => Some((Some(Uuid::parse_str(stem).ok()?), path)),
            "new" => Some((None, path)),
            _ => None,
        }
    })
}

fn lock_path(folder: &Path, id: Uuid) -> PathBuf {
    folder.join(format!("{id}.lock"))
}

/// One store opens at a time: creating, migrating, salvaging and settling are never done by two.
#[derive(Debug)]
pub(super) struct Opening {
    _lock: File,
}

impl Opening {
    /// Waits for its turn, at most 15 seconds.
    pub fn wait(folder: &Path) -> io::Result<Self> {
        files::create_folder(folder)?;
        let path = folder.join("opening");
        files::create_private(&path)?;
        let lock = File::options().read(true).write(true).open(&path)?;
        for _ in 0..OPENING_STEPS {
            match lock.try_lock() {
                Err(TryLockError::WouldBlock) => thread::sleep(OPENING_STEP),
                Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
                _ => return Ok(Self { _lock: lock }),
            }
        }
        Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "another munshi has been opening this database for 15 seconds; end it, and start again",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_living_instance_has_no_grave_and_a_dead_one_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let one = Instance::register(folder.path()).unwrap();
        let other = Instance::register(folder.path()).unwrap();
        assert!(grave(folder.path(), one.id).is_none());
        assert!(others_live(folder.path(), Some(one.id)));
        drop(other);
        assert!(!others_live(folder.path(), Some(one.id)));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_killed_process_left_is_swept_and_the_living_stay() {
        let folder = tempfile::tempdir().unwrap();
        let me = Instance::register(folder.path()).unwrap();
        let dead = Uuid::now_v7();
        fs::write(folder.path().join(format!("{dead}.lock")), "").unwrap();
        fs::write(folder.path().join(format!("{dead}.new")), "").unwrap();
        fs::write(folder.path().join("notes.txt"), "").unwrap();
        assert!(grave(folder.path(), dead).is_some());
        sweep(folder.path(), me.id);
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [format!("{}.lock", me.id).as_str(), "notes.txt"]);
    }
}
