//! The journal of a run: a line for each finished row, on disk before anybody is told that it is finished. Owns the file,
//! its lock and what a kill leaves of it; refuses to know how a row is answered.

pub mod index;
pub mod record;
#[cfg(test)]
pub(super) mod tests;

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

pub use index::Index;
pub use record::{Header, InputMark, Record, VERSION};

/// A line longer than this is none of munshi's, in bytes.
const LONGEST_LINE: u64 = 256 << 20;

/// Bytes that are read at once.
const WINDOW: usize = 1 << 16;

/// Why a journal cannot be used, in sentences.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("{0} cannot be used: {1}. Choose another place with --journal")]
    Io(String, io::Error),
    #[error("another munshi is at work on {0}; wait until it has ended")]
    Busy(String),
    #[error("{0} is no journal of a batch. Remove it, or choose another name for the output")]
    Foreign(String),
    #[error("{0} was made by a newer munshi; use that one, or begin anew with --restart")]
    Newer(String),
}

/// An open journal, for this process alone.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    /// Where the next line begins.
    end: u64,
    /// What was read last, and where it begins: rows mostly stand in order.
    window: (u64, Vec<u8>),
}

/// What was found at a place.
#[derive(Debug)]
pub enum Found {
    Nothing,
    /// A journal; it is locked from now on.
    Journal(Box<Header>, Locked),
}

/// A journal that is there, not read yet.
#[derive(Debug)]
pub struct Locked {
    path: PathBuf,
    file: File,
    /// Bytes of its first line.
    head: u64,
    /// Rows of its input: no row has a higher place.
    rows: u64,
}

/// Looks what is at `path`.
///
/// # Errors
/// Where something else is there, another process uses it, or it cannot be read.
pub fn find(path: &Path) -> Result<Found, JournalError> {
    let failed = |error| JournalError::Io(shown(path), error);
    let file = match OpenOptions::new().read(true).write(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Found::Nothing),
        Err(error) => return Err(failed(error)),
    };
    lock(&file, path)?;
    let mut line = Vec::new();
    let mut reader = BufReader::new(&file).take(LONGEST_LINE);
    reader.read_until(b'\n', &mut line).map_err(failed)?;
    if line.is_empty() || !line.ends_with(b"\n") && b"{\"munshi_batch\"".starts_with(&line[..line.len().min(15)]) {
        // A kill before its first line was whole: there is nothing in it.
        drop(reader);
        drop(file);
        std::fs::remove_file(path).map_err(failed)?;
        return Ok(Found::Nothing);
    }
    let value: serde_json::Value = serde_json::from_slice(&line).map_err(|_| JournalError::Foreign(shown(path)))?;
    match value.get("munshi_batch").and_then(serde_json::Value::as_u64) {
        Some(version) if version > u64::from(VERSION) => return Err(JournalError::Newer(shown(path))),
        Some(_) => {}
        None => return Err(JournalError::Foreign(shown(path))),
    }
    let header: Header = serde_json::from_value(value).map_err(|_| JournalError::Foreign(shown(path)))?;
    let (head, rows) = (line.len() as u64, header.input.rows);
    Ok(Found::Journal(Box::new(header), Locked { path: path.to_owned(), file, head, rows }))
}

fn lock(file: &File, path: &Path) -> Result<(), JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(JournalError::Busy(shown(path))),
        // Some network disks have no locks: better without than not at all.
        Err(TryLockError::Error(error)) => {
            tracing::warn!(%error, "the journal cannot be locked");
            Ok(())
        }
    }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

impl Locked {
    /// Reads all of it into `index` and goes on from there. What a kill left of a last line is cut off; whole lines
    /// that cannot be read are passed over, and counted: their rows are asked again.
    ///
    /// # Errors
    /// Where it cannot be read or written.
    pub fn resume(self, index: &mut Index, mut each: impl FnMut(&Record)) -> Result<(Journal, u64), JournalError> {
        let Self { path, file, head, rows } = self;
        let failed = |error| JournalError::Io(shown(&path), error);
        let mut reader = BufReader::with_capacity(1 << 18, file.try_clone().map_err(failed)?);
        let mut at = reader.seek(SeekFrom::Start(head)).map_err(failed)?;
        let (mut line, mut unreadable) = (Vec::new(), 0);
        loop {
            line.clear();
            let read = reader.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line).map_err(failed)? as u64;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            match serde_json::from_slice::<Record>(&line) {
                Ok(record) if (1..=rows).contains(&record.n) => {
                    index.note(&record, at);
                    each(&record);
                }
                _ => unreadable += 1,
            }
            at += read;
        }
        file.set_len(at).map_err(failed)?;
        Ok((Journal { path, file, end: at, window: (0, Vec::new()) }, unreadable))
    }

    /// Sets it aside under a name that is free, which it gives.
    ///
    /// # Errors
    /// Where it cannot be renamed.
    pub fn set_aside(self) -> Result<PathBuf, JournalError> {
        let aside = free_name(&self.path);
        std::fs::rename(&self.path, &aside).map_err(|error| JournalError::Io(shown(&self.path), error))?;
        Ok(aside)
    }
}

/// `out.csv.journal.old`, or the first of `.old2`, `.old3`, … that is free.
fn free_name(path: &Path) -> PathBuf {
    let named = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let numbered = (2..).map(|number| named(&format!(".old{number}")));
    std::iter::once(named(".old")).chain(numbered).find(|name| !name.exists()).unwrap_or_else(|| named(".old"))
}

/// Makes it last that a file is there under its name. Only Unix opens folders as files.
pub fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

impl Journal {
    /// Begins one; `None`: one without a name, which is gone with the process.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn begin(path: Option<&Path>, header: &Header) -> Result<Self, JournalError> {
        let place = path.map_or_else(std::env::temp_dir, Path::to_owned);
        let failed = |error| JournalError::Io(shown(&place), error);
        let file = match path {
            None => tempfile::tempfile().map_err(failed)?,
            Some(path) => {
                let mut options = OpenOptions::new();
                options.read(true).write(true).create_new(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                let file = options.open(path).map_err(failed)?;
                lock(&file, path)?;
                file
            }
        };
        let mut line = serde_json::to_vec(header).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        (&file).write_all(&line).map_err(failed)?;
        file.sync_all().map_err(failed)?;
        if let Some(path) = path {
            sync_folder_of(path).map_err(failed)?;
        }
        Ok(Self { path: place, file, end: line.len() as u64, window: (0, Vec::new()) })
    }

    /// Adds rows, and tells where each stands once all are on disk. Where that fails, none of them is there.
    ///
    /// # Errors
    /// Where the disk takes them not.
    pub fn append(&mut self, records: &[Record]) -> io::Result<Vec<u64>> {
        let mut bytes = Vec::with_capacity(records.len() * 512);
        let mut offsets = Vec::with_capacity(records.len());
        for record in records {
            offsets.push(self.end + bytes.len() as u64);
            serde_json::to_writer(&mut bytes, record)?;
            bytes.push(b'\n');
        }
        let written = self
            .file
            .seek(SeekFrom::Start(self.end))
            .and_then(|_| self.file.write_all(&bytes))
            .and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // A half line would be cut off by the next start as well.
            let _ = self.file.set_len(self.end);
            return Err(error);
        }
        self.end += bytes.len() as u64;
        Ok(offsets)
    }

    /// Adds rows, and notes in `index` where each stands.
    ///
    /// # Errors
    /// Where the disk takes them not; `index` is as it was.
    pub fn keep(&mut self, records: &[Record], index: &mut Index) -> io::Result<()> {
        let offsets = self.append(records)?;
        for (record, offset) in records.iter().zip(offsets) {
            index.note(record, offset);
        }
        Ok(())
    }

    /// The row whose line begins at `offset`.
    ///
    /// # Errors
    /// Where it cannot be read, or is no row any more.
    pub fn read(&mut self, offset: u64) -> io::Result<Record> {
        loop {
            if let Some(line) = self.in_window(offset) {
                return Ok(serde_json::from_slice(line)?);
            }
            // Where the line is longer than what was read, twice as much is.
            let wanted = if offset == self.window.0 { self.window.1.len() * 2 } else { 0 }.max(WINDOW);
            let left = self.end.saturating_sub(offset);
            if offset == self.window.0 && self.window.1.len() as u64 >= left {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a row of the journal is gone"));
            }
            self.window = (offset, Vec::new());
            self.file.seek(SeekFrom::Start(offset))?;
            (&self.file).take(left.min(wanted as u64)).read_to_end(&mut self.window.1)?;
        }
    }

    /// The line that begins at `offset`, where the window holds all of it.
    fn in_window(&self, offset: u64) -> Option<&[u8]> {
        let (start, bytes) = &self.window;
        let line = bytes.get(usize::try_from(offset.checked_sub(*start)?).ok()?..)?;
        let end = line.iter().position(|byte| *byte == b'\n')?;
        Some(&line[..end])
    }

    /// Keeps it under another name, too, which it gives; it goes on under its own.
    ///
    /// # Errors
    /// Where neither a link nor a copy can be made.
    pub fn copy_aside(&self) -> io::Result<PathBuf> {
        let aside = free_name(&self.path);
        // Some disks have no links.
        std::fs::hard_link(&self.path, &aside).or_else(|_| std::fs::copy(&self.path, &aside).map(drop))?;
        Ok(aside)
    }

    /// Gives it another name, in place of what is there.
    ///
    /// # Errors
    /// Where it cannot be renamed; it goes on under its old name then.
    pub fn rename(&mut self, to: &Path) -> io::Result<()> {
        std::fs::rename(&self.path, to)?;
        to.clone_into(&mut self.path);
        sync_folder_of(to)
    }

    /// Its bytes until now.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.end
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}
