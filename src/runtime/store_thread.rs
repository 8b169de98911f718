//! The one thread that owns the database. Writes are applied in order, those that wait together as one
//! transaction; after a failure everything is held back, in order, until there is room again.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tokio::sync::Notify;

use crate::chat::ledger::LedgerOpening;
use crate::chat::{AttemptId, ConversationId, MessageId, Spend};
use crate::store::{Cap, Hit, Reservation, Saved, Scope, Store, StoreError, Summary, Write};

/// How long after a failed write the next try is made, where nothing new comes before.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

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
    Close,
}

/// The loop's end of the store's thread. Nothing here ever waits, but [`StoreHandle::close`].
pub struct StoreHandle {
    jobs: Sender<Job>,
    events: Receiver<StoreEvent>,
    thread: Option<JoinHandle<usize>>,
}

impl StoreHandle {
    /// Starts the thread; the store is opened on it by `open`, which also gives notices for the user.
    pub fn spawn(
        arrived: Arc<Notify>,
        open: impl FnOnce() -> Result<(Box<dyn Store>, Vec<String>), StoreError> + Send + 'static,
    ) -> io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let (outbox, events) = mpsc::channel();
        let out = Outbox { outbox, arrived };
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || match open() {
            Ok((store, notices)) => {
                out.tell(StoreEvent::Opened { notices });
                Keeper { store, held: VecDeque::new(), in_trouble: false, out }.serve(&inbox)
            }
            Err(error) => {
                out.tell(StoreEvent::Unusable(error.to_string()));
                // Until it is closed: the other end waits for that, and keeps the channel open. What it was
                // given is no loss beside the reason, which ends the program.
                inbox.iter().take_while(|job| !matches!(job, Job::Close)).for_each(drop);
                0
            }
        })?;
        Ok(Self { jobs, events, thread: Some(thread) })
    }

    /// Applies writes as one; `done` is told once they are on disk.
    pub fn write(&self, writes: Vec<Write>, done: Option<StoreEvent>) {
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

    /// What the store said since the last time.
    #[must_use]
    pub fn drain(&self) -> Vec<StoreEvent> {
        self.events.try_iter().collect()
    }

    /// Applies what waits and ends the thread. Returns how many writes could not be saved.
    pub fn close(&mut self) -> usize {
        self.give(Job::Close);
        self.thread.take().and_then(|thread| thread.join().ok()).unwrap_or_default()
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
    outbox: Sender<StoreEvent>,
    arrived: Arc<Notify>,
}

impl Outbox {
    fn tell(&self, event: StoreEvent) {
        if self.outbox.send(event).is_ok() {
            self.arrived.notify_one();
        }
    }
}

struct Keeper {
    store: Box<dyn Store>,
    /// Writes that wait, in order.
    held: VecDeque<Job>,
    in_trouble: bool,
    out: Outbox,
}

impl Keeper {
    /// Serves until it is closed; returns how many writes could not be saved.
    fn serve(mut self, inbox: &Receiver<Job>) -> usize {
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
            let mut queries = Vec::new();
            for job in std::iter::once(first).chain(inbox.try_iter()) {
                match job {
                    Job::Query(query) => queries.push(query),
                    Job::Close => closing = true,
                    job => self.held.push_back(job),
                }
            }
            self.apply();
            for query in queries {
                let answer = self.answer(query);
                self.out.tell(StoreEvent::Answer(answer));
            }
            if closing {
                return self.held.len();
            }
        }
    }

    /// Applies what is held, in order, and stops at the first that cannot be applied.
    fn apply(&mut self) {
        while !self.held.is_empty() {
            let result = match self.held.front() {
                Some(Job::Write { .. }) => self.apply_writes(),
                _ => self.apply_reservation(),
            };
            match result {
                Ok(()) => {}
                Err(error) => {
                    self.in_trouble = true;
                    tracing::error!(%error, held = self.held.len(), "writes are held back");
                    self.out.tell(StoreEvent::NotSaved(Some(error.to_string())));
                    return;
                }
            }
        }
        if std::mem::take(&mut self.in_trouble) {
            self.out.tell(StoreEvent::NotSaved(None));
        }
    }

    /// Applies the writes at the front, all that wait together as one transaction.
    fn apply_writes(&mut self) -> Result<(), StoreError> {
        let mut writes = Vec::new();
        let mut jobs = 0;
        for job in &self.held {
            let Job::Write { writes: more, .. } = job else { break };
            writes.extend_from_slice(more);
            jobs += 1;
        }
        match self.store.write(&writes) {
            Ok(()) => {}
            // One write that can never be applied must not hold up the others: they are tried one by one.
            Err(StoreError::Other(reason)) if jobs > 1 => {
                tracing::warn!(reason, "a batch of writes failed; they are applied one by one");
                jobs = 1;
                if let Some(Job::Write { writes, .. }) = self.held.front()
                    && let Err(error) = self.store.write(writes)
                {
                    self.skip_if_hopeless(error)?;
                    return Ok(());
                }
            }
            Err(error) => {
                self.skip_if_hopeless(error)?;
                return Ok(());
            }
        }
        for job in self.held.drain(..jobs) {
            if let Job::Write { done: Some(done), .. } = job {
                self.out.tell(done);
            }
        }
        Ok(())
    }

    /// Passes an error on, but for one that no waiting mends: then the write at the front is given up, and said.
    fn skip_if_hopeless(&mut self, error: StoreError) -> Result<(), StoreError> {
        let StoreError::Other(reason) = error else { return Err(error) };
        tracing::error!(reason, "a write cannot be applied and is skipped");
        self.held.pop_front();
        self.out.tell(StoreEvent::NotSaved(Some(reason)));
        Ok(())
    }

    fn apply_reservation(&mut self) -> Result<(), StoreError> {
        let Some(Job::Reserve { conversation, opening, caps }) = self.held.front() else {
            self.held.pop_front();
            return Ok(());
        };
        let (conversation, attempt) = (*conversation, opening.attempt);
        let event = match self.store.reserve(opening, caps)? {
            Reservation::Granted => StoreEvent::Booked { conversation, attempt },
            Reservation::Refused { cap, used } => {
                let reason = format!(
                    "Not sent: it could pass the budget of ${:.4}, of which ${:.4} are used or reserved.",
                    dollars(cap.most.0),
                    dollars(used.0)
                );
                StoreEvent::Refused { conversation, attempt, reason }
            }
        };
        self.held.pop_front();
        self.out.tell(event);
        Ok(())
    }

    fn answer(&mut self, query: Query) -> Answer {
        let read = match query.clone() {
            Query::List { filter, offset, limit } => {
                self.store.list(&filter, offset, limit).map(|found| Answer::Listed { filter, offset, found })
            }
            Query::Load(id) => self.store.load(id).map(|saved| Answer::Loaded(Box::new(saved))),
            Query::Latest => self.store.latest().map(Answer::Latest),
            Query::Spend { conversation, scope } => {
                self.store.spend(scope).map(|spend| Answer::Spent { conversation, scope, spend })
            }
            Query::Draft(conversation) => {
                self.store.draft(conversation).map(|text| Answer::Draft { conversation, text })
            }
            Query::InputHistory { limit } => self.store.input_history(limit).map(Answer::InputHistory),
            Query::Search { query, limit } => {
                self.store.search(&query, limit).map(|hits| Answer::Found { query, hits })
            }
        };
        read.unwrap_or_else(|error| {
            tracing::error!(%error, "a query failed");
            Answer::Failed { query, reason: error.to_string() }
        })
    }
}

/// For a sentence only; sums are never made in floating point.
fn dollars(pico: i64) -> f64 {
    pico as f64 / 1e12
}
