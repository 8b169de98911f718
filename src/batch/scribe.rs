//! The thread that keeps finished rows: each is in the journal, on disk, before it is told to be kept, and goes into the
//! output in the order of the input. Owns both files; refuses to decide anything.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;

use crate::chat::decimal::written;

use super::journal::{Index, Journal, Record};
use super::output::{Columns, OutRow, OutputKind, Writer};

/// How long after a failed write the next try is made.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// Digits after the point of a sum in the user's currency.
const LOCAL_DIGITS: u32 = 18;

/// Where the answers go.
pub enum Target {
    /// A file, which is there under its name only once it is written.
    File(PathBuf),
    /// A stream, row by row as they come into order.
    Stream(Box<dyn Write + Send>),
}

/// What the thread tells.
#[derive(Debug)]
pub enum Heard {
    /// These rows are on disk.
    Kept(Vec<Record>),
    /// Rows are held back, and why; `None`: all are kept again.
    NotKept(Option<String>),
    /// The output takes no more.
    Broken(io::Error),
}

/// How it ended.
#[derive(Debug)]
pub struct End {
    pub index: Index,
    /// Rows that were paid for and could not be kept.
    pub lost: usize,
    /// Why the output is not written.
    pub broken: Option<io::Error>,
}

enum Job {
    Keep(Record),
    Close,
}

/// The engine's end of the thread. Only [`Scribe::close`] waits.
pub struct Scribe {
    jobs: Sender<Job>,
    heard: Receiver<Heard>,
    thread: Option<JoinHandle<End>>,
}

impl Scribe {
    /// Begins with what the journal holds already; `rows` is the number of rows of the input.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn spawn(
        journal: Journal,
        index: Index,
        target: Target,
        columns: Columns,
        kind: OutputKind,
        arrived: Arc<Notify>,
    ) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (outbox, heard) = mpsc::channel();
        let keeper = Keeper {
            journal,
            index,
            output: Output::new(target, columns, kind),
            held: Vec::new(),
            in_trouble: false,
            outbox,
            arrived,
        };
        let thread = thread::Builder::new().name("scribe".to_owned()).spawn(move || keeper.serve(&inbox))?;
        Ok(Self { jobs, heard, thread: Some(thread) })
    }

    /// Hands a finished row over.
    pub fn keep(&self, record: Record) {
        // It ends only when it is told to, or by a panic, which the hook has shown.
        let _ = self.jobs.send(Job::Keep(record));
    }

    /// What it told since the last time.
    #[must_use]
    pub fn drain(&self) -> Vec<Heard> {
        self.heard.try_iter().collect()
    }

    /// Keeps what waits, writes the output to its end and ends the thread. `None`: it panicked.
    #[must_use]
    pub fn close(mut self) -> Option<End> {
        let _ = self.jobs.send(Job::Close);
        self.thread.take()?.join().ok()
    }
}

struct Keeper {
    journal: Journal,
    index: Index,
    output: Output,
    /// Rows that are not on disk yet, in the order in which they came.
    held: Vec<Record>,
    in_trouble: bool,
    outbox: Sender<Heard>,
    arrived: Arc<Notify>,
}

impl Keeper {
    fn serve(mut self, inbox: &Receiver<Job>) -> End {
        // What an earlier run has finished.
        self.write_out();
        loop {
            let first = if self.held.is_empty() {
                inbox.recv().unwrap_or(Job::Close)
            } else {
                match inbox.recv_timeout(TRY_AGAIN_AFTER) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Disconnected) => Job::Close,
                    Err(RecvTimeoutError::Timeout) => {
                        self.apply();
                        continue;
                    }
                }
            };
            let mut closing = false;
            for job in std::iter::once(first).chain(inbox.try_iter()) {
                match job {
                    Job::Keep(record) => self.held.push(record),
                    Job::Close => closing = true,
                }
            }
            self.apply();
            if closing {
                let broken = self.output.finish(&mut self.journal, &self.index).err();
                return End { index: self.index, lost: self.held.len(), broken };
            }
        }
    }

    /// Puts what is held on disk, and what is in order into the output.
    fn apply(&mut self) {
        if self.held.is_empty() {
            return;
        }
        match self.journal.keep(&self.held, &mut self.index) {
            Ok(()) => {
                let kept = std::mem::take(&mut self.held);
                if std::mem::take(&mut self.in_trouble) {
                    self.tell(Heard::NotKept(None));
                }
                self.tell(Heard::Kept(kept));
                self.write_out();
            }
            Err(error) => {
                tracing::error!(%error, held = self.held.len(), "rows are held back");
                self.in_trouble = true;
                let path = self.journal.path().display();
                self.tell(Heard::NotKept(Some(format!("{path} cannot be written: {error}"))));
            }
        }
    }

    fn write_out(&mut self) {
        if let Err(error) = self.output.advance(&mut self.journal, &self.index) {
            self.tell(Heard::Broken(error));
        }
    }

    fn tell(&self, heard: Heard) {
        if self.outbox.send(heard).is_ok() {
            self.arrived.notify_one();
        }
    }
}

/// The output, as far as it is written.
struct Output {
    /// `None` until the first row, and after a failure.
    writer: Option<Writer<BufWriter<Box<dyn Write + Send>>>>,
    target: Option<Target>,
    file: Option<(PathBuf, PathBuf)>,
    columns: Columns,
    kind: OutputKind,
    /// The next row of the input.
    next: u64,
    is_broken: bool,
}

impl Output {
    fn new(target: Target, columns: Columns, kind: OutputKind) -> Self {
        Self { writer: None, target: Some(target), file: None, columns, kind, next: 1, is_broken: false }
    }

    /// Writes all rows that are done and follow what is written.
    fn advance(&mut self, journal: &mut Journal, index: &Index) -> io::Result<()> {
        if self.is_broken || !index.is_done(self.next) {
            return Ok(());
        }
        let written = self.write_while(journal, index, Index::is_done);
        self.is_broken = written.is_err();
        written
    }

    fn write_while(
        &mut self,
        journal: &mut Journal,
        index: &Index,
        goes_on: impl Fn(&Index, u64) -> bool,
    ) -> io::Result<()> {
        self.open()?;
        let Some(writer) = &mut self.writer else { return Ok(()) };
        while goes_on(index, self.next) {
            if let Some(offset) = index.offset(self.next) {
                write(writer, &journal.read(offset)?)?;
            }
            self.next += 1;
        }
        writer.flush()
    }

    /// Opens the output with its head.
    fn open(&mut self) -> io::Result<()> {
        let Some(target) = self.target.take() else { return Ok(()) };
        let stream: Box<dyn Write + Send> = match target {
            Target::Stream(stream) => stream,
            Target::File(path) => {
                let unfinished = unfinished(&path);
                let file = create(&unfinished)?;
                self.file = Some((unfinished, path));
                Box::new(file)
            }
        };
        self.writer = Some(Writer::new(BufWriter::with_capacity(1 << 16, stream), self.kind, &self.columns)?);
        Ok(())
    }

    /// Writes what else is done, with gaps where rows are not, and gives the file its name.
    fn finish(&mut self, journal: &mut Journal, index: &Index) -> io::Result<()> {
        if self.is_broken {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let last = index.last();
        if last == 0 {
            return Ok(());
        }
        self.write_while(journal, index, |_, n| n <= last)?;
        drop(self.writer.take());
        let Some((unfinished, path)) = self.file.take() else { return Ok(()) };
        OpenOptions::new().write(true).open(&unfinished)?.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        if cfg!(unix) {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }
}

/// `out.csv.part`
fn unfinished(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".part");
    PathBuf::from(name)
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write<W: Write>(writer: &mut Writer<W>, record: &Record) -> io::Result<()> {
    let cost = record.local().map(|cost| written(cost.0, LOCAL_DIGITS));
    writer.write(&OutRow {
        number: record.row,
        input: &record.input,
        fields: record.fields.as_ref(),
        model: &record.model,
        tokens: record.tokens,
        cost: cost.as_deref(),
        error: record.error.as_deref(),
    })
}
