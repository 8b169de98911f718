//! The one thread that owns the database. Writes and reservations are applied in order, those that wait together as one
//! transaction; after a failure everything is held back, in order, until there is room again.

mod keeper;
mod recall;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;

use crate::chat::budget::Refusal;
use crate::chat::ledger::LedgerOpening;
use crate::chat::spending::{GroupBy, Period, SpendRow};
use crate::chat::{AttemptId, ConversationId, MessageId, Spend};
use crate::store::{Cap, Hit, Saved, Scope, Store, StoreError, Summary, Write};

use keeper::Keeper;
pub(super) use recall::{Recall, Recalled};

/// The longest that closing waits for the store, also where another program holds the database or the disk hangs.
const CLOSES_WITHIN: Duration = Duration::from_millis(1_500);

/// Something to read.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    List {
        filter: String,
        offset: u64,
        limit: u64,
    },
    Load(ConversationId),
    Latest,
    /// What was spent in a scope; `conversation` comes back with the answer.
    Spend {
        conversation: ConversationId,
        scope: Scope,
    },
    Draft(Option<ConversationId>),
    InputHistory {
        limit: u64,
    },
    Search {
        query: String,
        limit: u64,
    },
    /// What was spent in a period, row by row.
    Report {
        by: GroupBy,
        period: Period,
    },
}

/// What was read.
#[derive(Debug)]
pub enum Answer {
    Listed {
        filter: String,
        offset: u64,
        found: Vec<Summary>,
    },
    Loaded(Box<Saved>),
    Latest(Option<ConversationId>),
    Spent {
        conversation: ConversationId,
        scope: Scope,
        spend: Spend,
    },
    Draft {
        conversation: Option<ConversationId>,
        text: String,
    },
    InputHistory(Vec<String>),
    Found {
        query: String,
        hits: Vec<Hit>,
    },
    Report {
        by: GroupBy,
        period: Period,
        rows: Vec<SpendRow>,
    },
    /// It could not be read, and why.
    Failed {
        query: Query,
        reason: String,
    },
}

/// What the store says.
#[derive(Debug)]
pub enum StoreEvent {
    /// It is open; what there is to say of it.
    Opened {
        notices: Vec<String>,
    },
    /// It cannot be used at all.
    Unusable(String),
    Committed {
        conversation: ConversationId,
        message: MessageId,
    },
    Booked {
        conversation: ConversationId,
        attempt: AttemptId,
    },
    Refused {
        conversation: ConversationId,
        attempt: AttemptId,
        refusal: Refusal,
    },
    /// A question that should have been `Committed` can never be.
    CommitFailed {
        conversation: ConversationId,
        message: MessageId,
        reason: String,
    },
    /// Writes are held back, and why; `None` when all is saved again.
    NotSaved(Option<String>),
    Answer(Answer),
}

enum Job {
    Write { writes: Vec<Write>, done: Option<StoreEvent> },
    Reserve { conversation: ConversationId, opening: LedgerOpening, caps: Vec<Cap> },
    Query(Query),
    Recall(Recall),
    Close,
}

/// The loop's end of the store's thread. Nothing here ever waits, but [`StoreHandle::close`].
pub struct StoreHandle {
    jobs: Sender<Job>,
    events: Receiver<StoreEvent>,
    /// What was read for the search for older messages.
    recalled: Receiver<Recalled>,
    /// How many writes were handed over and are not on disk.
    unsaved: Arc<AtomicUsize>,
    /// Rings when the thread has closed the store.
    closed: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl StoreHandle {
    /// Starts the thread; the store is opened on it by `open`, which also gives notices for the user.
    pub fn spawn(
        arrived: Arc<Notify>,
        open: impl FnOnce() -> Result<(Box<dyn Store>, Vec<String>), StoreError> + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (outbox, events) = mpsc::channel();
        let (recalls, recalled) = mpsc::channel();
        let (closing, closed) = mpsc::channel();
        let out = Outbox { events: outbox, recalls, arrived };
        let unsaved = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&unsaved);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || {
            match open() {
                Ok((store, notices)) => {
                    out.tell(StoreEvent::Opened { notices });
                    Keeper::new(store, out, count).serve(&inbox);
                }
                Err(error) => {
                    out.tell(StoreEvent::Unusable(error.to_string()));
                    discard(&inbox, &count);
                }
            }
            // Where nobody waits for it any more, the program is gone already.
            let _ = closing.send(());
        })?;
        Ok(Self { jobs, events, recalled, unsaved, closed, thread: Some(thread) })
    }

    /// Applies writes as one; `done` is told once they are on disk.
    pub fn write(&self, writes: Vec<Write>, done: Option<StoreEvent>) {
        self.unsaved.fetch_add(1, Ordering::Relaxed);
        self.give(Job::Write { writes, done });
    }

    /// Reserves and opens a ledger row; answered by `Booked` or `Refused`.
    pub fn reserve(&self, conversation: ConversationId, opening: LedgerOpening, caps: Vec<Cap>) {
        self.give(Job::Reserve { conversation, opening, caps });
    }

    /// Asks; the answer comes as an event.
    pub fn query(&self, query: Query) {
        self.give(Job::Query(query));
    }

    /// Asks for the search for older messages; the answer comes by [`StoreHandle::drain_recalled`].
    pub(super) fn recall(&self, recall: Recall) {
        self.give(Job::Recall(recall));
    }

    /// What was read for that search since the last time.
    pub(super) fn drain_recalled(&self) -> Vec<Recalled> {
        self.recalled.try_iter().collect()
    }

    /// What the store said since the last time.
    #[must_use]
    pub fn drain(&self) -> Vec<StoreEvent> {
        self.events.try_iter().collect()
    }

    /// Applies what waits and ends the thread, within 1.5 s: what a busy database or a disk that hangs does
    /// not take by then is given up. Returns how many writes are not saved.
    pub fn close(&mut self) -> usize {
        self.give(Job::Close);
        if let Some(thread) = self.thread.take() {
            match self.closed.recv_timeout(CLOSES_WITHIN) {
                Err(RecvTimeoutError::Timeout) => tracing::error!("the store did not close in time"),
                Ok(()) | Err(RecvTimeoutError::Disconnected) => drop(thread.join()),
            }
        }
        self.unsaved.load(Ordering::Relaxed)
    }

    fn give(&self, job: Job) {
        // The thread ends only when it is told to, or by a panic, which the hook has shown.
        let _ = self.jobs.send(job);
    }
}

impl Drop for StoreHandle {
    /// Even where the loop ended in a panic, what was handed over is saved.
    fn drop(&mut self) {
        self.close();
    }
}

struct Outbox {
    events: Sender<StoreEvent>,
    recalls: Sender<Recalled>,
    arrived: Arc<Notify>,
}

impl Outbox {
    fn tell(&self, event: StoreEvent) {
        if self.events.send(event).is_ok() {
            self.arrived.notify_one();
        }
    }

    fn tell_recalled(&self, recalled: Recalled) {
        if self.recalls.send(recalled).is_ok() {
            self.arrived.notify_one();
        }
    }
}

/// Takes what comes until it is closed, where there is no store: the other end waits for that, and keeps the
/// channel open. Only the user's own words count as lost beside the reason, which ends the program.
fn discard(inbox: &Receiver<Job>, unsaved: &AtomicUsize) {
    for job in inbox.iter().take_while(|job| !matches!(job, Job::Close)) {
        if matches!(&job, Job::Write { writes, .. } if !writes.iter().any(is_the_users)) {
            unsaved.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn is_the_users(write: &Write) -> bool {
    match write {
        Write::AddMessage(_) => true,
        Write::PutDraft { text, .. } => !text.is_empty(),
        _ => false,
    }
}
