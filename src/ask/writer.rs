//! Standard output and standard error, written in order by a thread of its own, so that a reader that is slow or gone
//! never holds the loop up. Owns that nothing is written behind a failure; refuses to look at what it writes.

use std::io::{self, Write};
use std::sync::Arc;

use tokio::sync::{Notify, oneshot};

use crate::runtime::worker::Worker;

/// Something to write.
enum Job {
    Out(Vec<u8>),
    Err(Vec<u8>),
    /// Rings once all that was given before is written.
    Ring(oneshot::Sender<()>),
}

struct Pipes {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    is_broken: bool,
}

/// The loop's end of the thread.
pub struct Writer {
    worker: Worker<Job, io::Result<()>>,
    /// How much was given, and is not written yet.
    waiting: usize,
}

impl Writer {
    /// Starts the thread. `arrived` is notified whenever something is written.
    ///
    /// # Errors
    /// Where the system has no more threads.
    pub fn spawn(arrived: Arc<Notify>, out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> io::Result<Self> {
        let start = || Pipes { out, err, is_broken: false };
        Ok(Self { worker: Worker::spawn("write", arrived, start, write)?, waiting: 0 })
    }

    pub fn out(&mut self, bytes: impl Into<Vec<u8>>) {
        self.give(Job::Out(bytes.into()));
    }

    pub fn err(&mut self, bytes: impl Into<Vec<u8>>) {
        self.give(Job::Err(bytes.into()));
    }

    /// Resolves once all that was given before is written.
    pub fn written(&mut self) -> oneshot::Receiver<()> {
        let (ring, rung) = oneshot::channel();
        self.give(Job::Ring(ring));
        rung
    }

    /// Whether anything waits to be written.
    pub const fn is_busy(&self) -> bool {
        self.waiting > 0
    }

    /// The first failure of standard output since the last time.
    pub fn drain(&mut self) -> Option<io::Error> {
        let done = self.worker.drain();
        self.waiting = self.waiting.saturating_sub(done.len());
        done.into_iter().find_map(Result::err)
    }

    fn give(&mut self, job: Job) {
        self.waiting += 1;
        self.worker.give(job);
    }
}

fn write(pipes: &mut Pipes, job: Job) -> io::Result<()> {
    match job {
        Job::Out(_) if pipes.is_broken => Ok(()),
        Job::Out(bytes) => {
            let written = pipes.out.write_all(&bytes).and_then(|()| pipes.out.flush());
            pipes.is_broken = written.is_err();
            written
        }
        Job::Err(bytes) => {
            // Nobody is left to be told where even this fails.
            let _ = pipes.err.write_all(&bytes).and_then(|()| pipes.err.flush());
            Ok(())
        }
        Job::Ring(ring) => {
            // Whoever waited may have been stopped.
            let _ = ring.send(());
            Ok(())
        }
    }
}
