//! The threads that keep finished rows: each row is in the journal, on disk, before it is told to be kept; another thread
//! writes the output from there, in the order of the input. Owns both files; refuses to decide anything.

mod output;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;

use super::journal::{Index, Journal, Record};
use super::output::{Columns, OutputKind};

pub use output::Target;
use output::{Output, Press};

/// How long after a failed write the next try is made.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

/// What the threads tell.
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

/// What is kept, for both threads.
#[derive(Debug)]
struct Kept {
    journal: Journal,
    index: Index,
}

/// What both threads share. Nobody waits for whoever reads the output while it is locked.
#[derive(Debug, Clone)]
struct Shared(Arc<Mutex<Kept>>);

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Job {
    Keep(Record),
    Close,
}

/// The way back to the engine.
#[derive(Clone)]
struct Outbox {
    heard: Sender<Heard>,
    arrived: Arc<Notify>,
}

impl Outbox {
    fn tell(&self, heard: Heard) {
        if self.heard.send(heard).is_ok() {
            self.arrived.notify_one();
        }
    }
}

/// The engine's end of the threads. Only [`Scribe::close`] waits.
pub struct Scribe {
    jobs: Sender<Job>,
    heard: Receiver<Heard>,
    thread: JoinHandle<End>,
}

impl Scribe {
    /// Begins with what the journal holds already.
    ///
    /// # Errors
    /// Where no thread can be started.
    pub fn spawn(
        (journal, index): (Journal, Index),
        target: Target,
        columns: Columns,
        kind: OutputKind,
        arrived: Arc<Notify>,
    ) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (sender, heard) = mpsc::channel();
        let outbox = Outbox { heard: sender, arrived };
        let kept = Shared(Arc::new(Mutex::new(Kept { journal, index })));
        let press = Press::spawn(kept.clone(), Output::new(target, columns, kind), outbox.clone())?;
        let keeper = Keeper { kept, press, held: Vec::new(), in_trouble: false, outbox };
        let thread = thread::Builder::new().name("scribe".to_owned()).spawn(move || keeper.serve(&inbox))?;
        Ok(Self { jobs, heard, thread })
    }

    /// Hands a finished row over.
    pub fn keep(&self, record: Record) {
        // It ends only when it is told to, or by a panic, which the hook has shown.
        let _ = self.jobs.send(Job::Keep(record));
    }

    /// What was told since the last time.
    #[must_use]
    pub fn drain(&self) -> Vec<Heard> {
        self.heard.try_iter().collect()
    }

    /// Whether the thread is gone that keeps rows.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.thread.is_finished()
    }

    /// Keeps what waits, writes the output to its end and ends the threads. `None`: one of them panicked.
    #[must_use]
    pub fn close(self) -> Option<End> {
        let _ = self.jobs.send(Job::Close);
        self.thread.join().ok()
    }
}

struct Keeper {
    kept: Shared,
    press: Press,
    /// Rows that are not on disk yet, in the order in which they came.
    held: Vec<Record>,
    in_trouble: bool,
    outbox: Outbox,
}

impl Keeper {
    fn serve(mut self, inbox: &Receiver<Job>) -> End {
        // What an earlier run has finished.
        self.press.go_on();
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
                let broken = self.press.close().err();
                let index = std::mem::take(&mut self.kept.lock().index);
                return End { index, lost: self.held.len(), broken };
            }
        }
    }

    /// Puts what is held on disk.
    fn apply(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let mut locked = self.kept.lock();
        let Kept { journal, index } = &mut *locked;
        let applied = journal.keep(&self.held, index);
        let path = journal.path().display().to_string();
        drop(locked);
        match applied {
            Ok(()) => {
                if std::mem::take(&mut self.in_trouble) {
                    self.outbox.tell(Heard::NotKept(None));
                }
                self.outbox.tell(Heard::Kept(std::mem::take(&mut self.held)));
                self.press.go_on();
            }
            Err(error) => {
                tracing::error!(%error, held = self.held.len(), "rows are held back");
                self.in_trouble = true;
                self.outbox.tell(Heard::NotKept(Some(format!("{path} cannot be written: {error}"))));
            }
        }
    }
}
