//! A thread of its own for work that would hold up the loop, such as highlighting.

use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use tokio::sync::Notify;

/// A thread that turns jobs into results, one after the other. It ends when this is dropped.
pub struct Worker<Job, Done> {
    jobs: Option<Sender<Job>>,
    done: Receiver<Done>,
}

impl<Job: Send + 'static, Done: Send + 'static> Worker<Job, Done> {
    /// A worker that makes its state with `start`, on its own thread and when the first job comes,
    /// and does each job with `work`. `arrived` is notified when a result is there.
    pub fn spawn<State>(
        name: &str,
        arrived: Arc<Notify>,
        start: impl FnOnce() -> State + Send + 'static,
        mut work: impl FnMut(&mut State, Job) -> Done + Send + 'static,
    ) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel::<Job>();
        let (outbox, done) = mpsc::channel();
        thread::Builder::new().name(name.to_owned()).spawn(move || {
            let Ok(first) = inbox.recv() else { return };
            let mut state = start();
            let mut next = Some(first);
            while let Some(job) = next {
                if outbox.send(work(&mut state, job)).is_err() {
                    return;
                }
                arrived.notify_one();
                next = inbox.recv().ok();
            }
        })?;
        Ok(Self { jobs: Some(jobs), done })
    }

    /// Hands a job over; it never waits.
    pub fn give(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // A worker that panicked takes no more: its work is a nicety, and the loop goes on without.
            let _ = jobs.send(job);
        }
    }

    /// The results that are there.
    pub fn drain(&self) -> Vec<Done> {
        self.done.try_iter().collect()
    }
}

impl<Job, Done> Drop for Worker<Job, Done> {
    fn drop(&mut self) {
        self.jobs = None;
    }
}
