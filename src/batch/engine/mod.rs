//! Drives a session for each row, many at once: events in, effects out. Owns which row is asked when, and when the run
//! ends; refuses policy of a single turn, which is the session's, and every file.

mod ending;
mod gate;
mod hearing;
mod verdict;
mod working;

pub use ending::exit;
pub use verdict::{is_nothing, misfit};

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::chat::{Catalogue, ConversationId, ModelRef, Settings};
use crate::runtime::ids;
use crate::session::retry::Field;
use crate::session::{Effect, Happened, tokens};

use super::Stop;
use super::input::{InputError, Row};
use super::journal::Record;
use super::offload::fetch::Paid;
use super::pace::Leave;
use super::task::Task;
use super::world::World;
use gate::Gate;
use verdict::Breaker;
use working::{Due, Step, Working};

/// How long running attempts may take to let go once the run is stopped at once.
const LETS_GO_WITHIN: Duration = Duration::from_millis(400);

/// So many finished rows, and bytes of them, may wait for the disk.
const MOST_UNKEPT: usize = 1_000;
const MOST_UNKEPT_BYTES: usize = 16 << 20;

/// How long finished rows wait for room on the disk before the run ends without them.
const GIVES_UP_AFTER: Duration = Duration::from_mins(2);

/// The rows of the input, in order, each with its place from 1.
pub type Rows = Box<dyn Iterator<Item = Result<Row, InputError>> + Send>;

/// What the engine works on.
pub struct Work {
    pub task: Task,
    pub settings: Arc<Settings>,
    pub catalogue: Arc<Catalogue>,
    pub run: ConversationId,
    pub rows: Rows,
    /// Whether a row is done already.
    pub done: Done,
    /// Tokens that every request has besides its row.
    pub overhead: u64,
    /// About how many tokens an answer has.
    pub answer: u64,
    pub concurrency: u32,
    /// What was paid for rows before they are asked here.
    pub earlier: HashMap<u64, Paid>,
}

/// Which rows need not be asked.
pub type Done = Box<dyn Fn(u64) -> bool + Send>;

/// What is to be done with a row of the input.
enum Next {
    Ask(Due),
    /// It cannot be asked, and is finished as it is.
    Keep(Box<Record>),
    PassOver,
    /// There is none, for now or for good.
    Nothing,
}

/// Why no more rows are begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// What the system asked.
    Signal(Stop),
    /// A budget, and what it says.
    OverBudget(String),
    /// The provider cannot be used.
    Provider(String),
    /// The input, the output or the disk.
    Failed(String),
    /// Whoever read the output went away.
    ReaderGone,
}

/// The engine at work.
pub struct Engine<'a> {
    world: &'a mut World,
    work: Work,
    /// The place of the row that was read last.
    read: u64,
    rows_end: bool,
    working: HashMap<ConversationId, Working>,
    /// Rows to be asked again.
    again: VecDeque<Due>,
    gate: Gate,
    breaker: Breaker,
    refusals: Vec<(ModelRef, Field)>,
    said: BTreeSet<String>,
    /// A budget had no room while others were on their way: wait for one of them.
    waits_for_room: bool,
    stopping: Option<Why>,
    /// Rows that were handed to the scribe and are not on disk yet, and about their bytes.
    unkept: (usize, usize),
    /// Since when the disk takes none of them.
    not_kept_since: Option<Duration>,
}

impl<'a> Engine<'a> {
    pub fn new(world: &'a mut World, work: Work) -> Self {
        let gate = Gate::new(work.concurrency);
        Self {
            world,
            work,
            read: 0,
            rows_end: false,
            working: HashMap::new(),
            again: VecDeque::new(),
            gate,
            breaker: Breaker::default(),
            refusals: Vec::new(),
            said: BTreeSet::new(),
            waits_for_room: false,
            stopping: None,
            unkept: (0, 0),
            not_kept_since: None,
        }
    }

    /// Asks all rows that are not done, and stays until they are, or it has to stop.
    pub async fn run(mut self) -> Option<Why> {
        loop {
            self.admit();
            if self.is_through() {
                break;
            }
            let due = self.due();
            self.world.wait(due).await;
            self.take_in();
            if self.is_in_a_hurry() {
                self.let_go().await;
                break;
            }
        }
        self.stopping
    }

    /// Whether nothing is waited for any more.
    fn is_in_a_hurry(&self) -> bool {
        let is_full = self.not_kept_since.is_some_and(|since| self.world.now() > since + GIVES_UP_AFTER);
        self.world.is_in_a_hurry() || is_full || self.stopping == Some(Why::ReaderGone)
    }

    fn is_through(&self) -> bool {
        let has_more = self.stopping.is_none() && !(self.rows_end && self.again.is_empty());
        self.working.is_empty() && !has_more && self.unkept.0 == 0
    }

    /// Sends what may be sent: first what waits of rows that were begun, then fresh rows.
    fn admit(&mut self) {
        let now = self.world.now();
        loop {
            while let Some(held) = self.gate.release(now) {
                let words = self.world.runtime.run(held.row, vec![held.effect]);
                self.for_user(held.row, words);
            }
            if self.stopping.is_some() || self.waits_for_room || self.is_kept_back() {
                return;
            }
            let provider = self.work.task.model.provider.clone();
            if self.gate.next(&provider, now, self.work.overhead + self.work.answer) != Leave::Now
                || self.working.len() as u64 >= 2 * u64::from(self.work.concurrency)
            {
                return;
            }
            match self.next_row() {
                Next::Ask(due) => self.begin(due),
                Next::Keep(record) => self.keep(*record),
                Next::PassOver => {}
                Next::Nothing => return,
            }
        }
    }

    /// Whether finished rows pile up before a disk that takes none, or takes them slowly.
    const fn is_kept_back(&self) -> bool {
        self.not_kept_since.is_some() || self.unkept.0 >= MOST_UNKEPT || self.unkept.1 >= MOST_UNKEPT_BYTES
    }

    /// What is to be done with the next row.
    fn next_row(&mut self) -> Next {
        if let Some(due) = self.again.pop_front() {
            return Next::Ask(due);
        }
        if self.rows_end {
            return Next::Nothing;
        }
        match self.work.rows.next() {
            None => {
                self.rows_end = true;
                Next::Nothing
            }
            Some(Err(error)) => {
                self.rows_end = true;
                self.stop(Why::Failed(error.to_string()));
                Next::Nothing
            }
            Some(Ok(row)) => {
                self.read += 1;
                match row.unusable {
                    _ if (self.work.done)(self.read) => Next::PassOver,
                    Some(why) => {
                        let rate = self.work.settings.currency.rate;
                        Next::Keep(Box::new(Record::unasked(self.read, &row, why, rate)))
                    }
                    None => Next::Ask(Due::first(self.read, row, self.work.earlier.get(&self.read).copied())),
                }
            }
        }
    }

    fn begin(&mut self, due: Due) {
        let (id, at) = (ids::conversation(), self.world.runtime.clock().now());
        let text = self.work.task.message(&due.row.text);
        let shared = (Arc::clone(&self.work.settings), Arc::clone(&self.work.catalogue));
        let mut working = Working::new(due, &self.work.task, id, at.unix_ms, shared, &self.refusals);
        working.weight = self.work.overhead + self.work.answer + tokens::estimate(&text);
        self.working.insert(id, working);
        self.world.board.running = self.working.len() as u64;
        self.tell(id, Happened::Submitted { message: ids::message(), reply: ids::message(), text });
        self.conclude(id);
    }

    /// Tells a row's session, and runs what it asks for.
    fn tell(&mut self, id: ConversationId, happened: Happened) {
        let event = self.world.runtime.event(happened);
        let now = event.at.mono;
        let mut told = Vec::new();
        let Some(working) = self.working.get_mut(&id) else { return };
        let effects = working.session.handle(event);
        let weight = working.weight;
        let mut run = Vec::new();
        for step in working.sorted(effects, self.work.run, &mut told) {
            match step {
                Step::Run(effect) => {
                    // Whatever its end was: one that was never sent has none that is told.
                    if let Effect::CloseAttempt(closing) = &effect {
                        self.gate.closed(closing.attempt, now);
                    }
                    run.push(effect);
                }
                Step::Send(model, effect) => self.gate.hold(id, model.provider, weight, effect),
            }
        }
        let words = self.world.runtime.run(id, run);
        self.for_user(id, words);
        for happened in told {
            self.tell(id, happened);
        }
    }

    /// When something is due by itself.
    fn due(&mut self) -> Option<Duration> {
        let now = self.world.now();
        let held = self.gate.due(now);
        let has_rows = self.stopping.is_none() && !self.waits_for_room && !(self.rows_end && self.again.is_empty());
        let fresh = has_rows.then(|| {
            let provider = self.work.task.model.provider.clone();
            match self.gate.next(&provider, now, self.work.overhead + self.work.answer) {
                Leave::At(at) => Some(at),
                // Then something else keeps the next row back, and rings when it changes.
                Leave::Now | Leave::WhenOneEnds => None,
            }
        });
        held.into_iter().chain(fresh.flatten()).min()
    }
}
