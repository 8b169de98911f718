//! The thread's own work: what waits, in order; what is applied, held back or given up; what is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use crate::chat::budget::Refusal;
use crate::chat::{AttemptId, ConversationId};
use crate::store::{Reservation, Step, Store, StoreError};

use super::{Answer, Job, Outbox, Query, Recall, StoreEvent};

/// How long after a failed write the next try is made, where nothing new comes before.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(2);

pub(super) struct Keeper {
    store: Box<dyn Store>,
    /// Writes and reservations that wait, in order.
    held: VecDeque<Job>,
    /// Questions that what waits would answer otherwise.
    postponed: Vec<Recall>,
    /// Whether the last that was told is that something is not saved.
    in_trouble: bool,
    out: Outbox,
    unsaved: Arc<AtomicUsize>,
}

impl Keeper {
    pub fn new(store: Box<dyn Store>, out: Outbox, unsaved: Arc<AtomicUsize>) -> Self {
        Self { store, held: VecDeque::new(), postponed: Vec::new(), in_trouble: false, out, unsaved }
    }

    /// Serves until it is closed.
    pub fn serve(mut self, inbox: &Receiver<Job>) {
        loop {
            let first = if self.held.is_empty() {
                inbox.recv().unwrap_or(Job::Close)
            } else {
                match inbox.recv_timeout(TRY_AGAIN_AFTER) {
                    Ok(job) => job,
                    Err(RecvTimeoutError::Disconnected) => Job::Close,
                    Err(RecvTimeoutError::Timeout) => {
                        self.apply();
                        self.answer_recalls(Vec::new());
                        continue;
                    }
                }
            };
            let mut closing = false;
            let (mut queries, mut recalls) = (Vec::new(), Vec::new());
            for job in std::iter::once(first).chain(inbox.try_iter()) {
                match job {
                    Job::Query(query) => queries.push(query),
                    Job::Recall(recall) => recalls.push(recall),
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
                return;
            }
            self.answer_recalls(recalls);
        }
    }

    /// Vectors that wait to be saved are not missing: they would be made, and paid for, once more.
    fn answer_recalls(&mut self, recalls: Vec<Recall>) {
        let mut asked = std::mem::take(&mut self.postponed);
        asked.extend(recalls);
        for recall in asked {
            if !self.held.is_empty() && matches!(recall, Recall::Missing { .. }) {
                self.postponed.push(recall);
                continue;
            }
            let recalled = recall.read(self.store.as_mut());
            self.out.tell_recalled(recalled);
        }
    }

    /// Applies what is held, in order, and stops at the first that must wait. That all is saved again is told only
    /// by a later round than the one in which something was not, so that it is seen.
    fn apply(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let mut is_well = true;
        while !self.held.is_empty() {
            match self.apply_together() {
                Ok(()) => {}
                Err(error) if error.is_hopeless() => {
                    is_well = false;
                    self.give_up(&error);
                }
                Err(error) => {
                    tracing::error!(%error, held = self.held.len(), "writes are held back");
                    self.trouble(error.to_string());
                    return;
                }
            }
        }
        if is_well && std::mem::take(&mut self.in_trouble) {
            self.out.tell(StoreEvent::NotSaved(None));
        }
    }

    fn trouble(&mut self, reason: String) {
        self.in_trouble = true;
        self.out.tell(StoreEvent::NotSaved(Some(reason)));
    }

    /// Applies all that waits as one transaction; where that fails for good, the first alone, since one that can never
    /// be applied must not hold up the others.
    fn apply_together(&mut self) -> Result<(), StoreError> {
        let mut jobs = self.held.len();
        let answers = match self.store.apply(&steps(self.held.iter())) {
            Err(error) if error.is_hopeless() && jobs > 1 => {
                tracing::warn!(%error, "writes failed together; they are applied one by one");
                jobs = 1;
                self.store.apply(&steps(self.held.iter().take(1)))?
            }
            result => result?,
        };
        let mut answers = answers.into_iter();
        for job in self.held.drain(..jobs) {
            match job {
                Job::Write { done, .. } => {
                    self.unsaved.fetch_sub(1, Ordering::Relaxed);
                    if let Some(done) = done {
                        self.out.tell(done);
                    }
                }
                Job::Reserve { conversation, opening, .. } => {
                    self.out.tell(answered(conversation, opening.attempt, answers.next()));
                }
                Job::Query(_) | Job::Recall(_) | Job::Close => {}
            }
        }
        Ok(())
    }

    /// Gives up what stands at the front, which no waiting mends, and says so to whoever waits for it.
    fn give_up(&mut self, error: &StoreError) {
        tracing::error!(%error, "a write cannot be applied and is skipped");
        let reason = format!("Not sent, since it could not be saved: {error}.");
        match self.held.pop_front() {
            Some(Job::Write { done: Some(StoreEvent::Committed { conversation, message }), .. }) => {
                self.out.tell(StoreEvent::CommitFailed { conversation, message, reason });
            }
            Some(Job::Write { done: Some(StoreEvent::Booked { conversation, attempt }), .. }) => {
                self.out.tell(StoreEvent::Refused { conversation, attempt, refusal: Refusal::NotSaved(reason) });
            }
            Some(Job::Reserve { conversation, opening, .. }) => {
                let (attempt, refusal) = (opening.attempt, Refusal::NotSaved(reason));
                self.out.tell(StoreEvent::Refused { conversation, attempt, refusal });
            }
            _ => {}
        }
        self.trouble(error.to_string());
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
            Query::Report { by, period } => {
                self.store.report(by, period).map(|rows| Answer::Report { by, period, rows })
            }
        };
        read.unwrap_or_else(|error| {
            tracing::error!(%error, "a query failed");
            Answer::Failed { query, reason: error.to_string() }
        })
    }
}

/// What these jobs do to the store, in order.
fn steps<'a>(jobs: impl Iterator<Item = &'a Job>) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for job in jobs {
        match job {
            Job::Write { writes, .. } => steps.extend(writes.iter().map(Step::Write)),
            Job::Reserve { opening, caps, .. } => steps.push(Step::Reserve { opening, caps }),
            Job::Query(_) | Job::Recall(_) | Job::Close => {}
        }
    }
    steps
}

/// What is told of a reservation. Without an answer nothing may be sent: it would be paid for and not booked.
fn answered(conversation: ConversationId, attempt: AttemptId, answer: Option<Reservation>) -> StoreEvent {
    let refusal = match answer {
        Some(Reservation::Granted) => return StoreEvent::Booked { conversation, attempt },
        Some(Reservation::Refused { cap, used }) => Refusal::OverBudget { cap, used },
        None => Refusal::NotSaved("Not sent, since its cost could not be reserved.".to_owned()),
    };
    StoreEvent::Refused { conversation, attempt, refusal }
}
