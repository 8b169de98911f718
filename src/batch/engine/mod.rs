//! Drives a session for each row, many at once: events in, effects out. Owns which row is asked when, and when the run
//! ends; refuses policy of a single turn, which is the session's, and every file.

mod gate;
mod verdict;
mod working;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::chat::{Catalogue, ConversationId, ModelRef, Settings};
use crate::runtime::{ForUser, News, StoreEvent, ids};
use crate::session::retry::Field;
use crate::session::{Activity, Happened, tokens};

use super::input::{InputError, Row};
use super::journal::{Index, Record};
use super::offload::fetch::Paid;
use super::pace::Leave;
use super::scribe::Heard;
use super::task::Task;
use super::world::World;
use super::{Exit, Stop};
use gate::Gate;
use verdict::{Breaker, Verdict, verdict};
use working::{Step, Working};

/// How long running attempts may take to let go once the run is stopped at once.
const LETS_GO_WITHIN: Duration = Duration::from_millis(400);

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
    again: VecDeque<(u64, Row)>,
    gate: Gate,
    breaker: Breaker,
    refusals: Vec<(ModelRef, Field)>,
    said: BTreeSet<String>,
    /// A budget had no room while others were on their way: wait for one of them.
    waits_for_room: bool,
    stopping: Option<Why>,
    /// Rows that were handed to the scribe and are not on disk yet.
    unkept: usize,
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
            unkept: 0,
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
        self.working.is_empty() && !has_more && self.unkept == 0
    }

    /// Sends what may be sent: first what waits of rows that were begun, then fresh rows.
    fn admit(&mut self) {
        let now = self.world.now();
        loop {
            while let Some(held) = self.gate.release(now) {
                let words = self.world.runtime.run(held.row, vec![held.effect]);
                self.for_user(held.row, words);
            }
            if self.stopping.is_some() || self.waits_for_room || self.not_kept_since.is_some() {
                return;
            }
            let provider = self.work.task.model.provider.clone();
            if self.gate.next(&provider, now, self.work.overhead + self.work.answer) != Leave::Now
                || self.working.len() as u64 >= 2 * u64::from(self.work.concurrency)
            {
                return;
            }
            match self.next_row() {
                Some(row) => self.begin(row),
                None => return,
            }
        }
    }

    /// The next row that is not done.
    fn next_row(&mut self) -> Option<(u64, Row)> {
        if let Some(row) = self.again.pop_front() {
            return Some(row);
        }
        while !self.rows_end {
            match self.work.rows.next() {
                None => self.rows_end = true,
                Some(Err(error)) => {
                    self.rows_end = true;
                    self.stop(Why::Failed(error.to_string()));
                }
                Some(Ok(row)) => {
                    self.read += 1;
                    if (self.work.done)(self.read) {
                        continue;
                    }
                    if let Some(why) = &row.unusable {
                        let record = unusable(self.read, &row, why, &self.work.settings);
                        self.keep(record);
                        continue;
                    }
                    return Some((self.read, row));
                }
            }
        }
        None
    }

    fn begin(&mut self, (n, row): (u64, Row)) {
        let (id, at) = (ids::conversation(), self.world.runtime.clock().now());
        let text = self.work.task.message(&row.text);
        let shared = (Arc::clone(&self.work.settings), Arc::clone(&self.work.catalogue));
        let mut working = Working::new((n, row), &self.work.task, id, at.unix_ms, shared, &self.refusals);
        if let Some(paid) = self.work.earlier.get(&n) {
            working.tally.add_earlier(*paid);
        }
        working.weight = self.work.overhead + self.work.answer + tokens::estimate(&text);
        self.working.insert(id, working);
        self.world.board.running = self.working.len() as u64;
        self.tell(id, Happened::Submitted { message: ids::message(), reply: ids::message(), text });
        self.conclude(id);
    }

    /// Tells a row's session, and runs what it asks for.
    fn tell(&mut self, id: ConversationId, happened: Happened) {
        let event = self.world.runtime.event(happened);
        let mut told = Vec::new();
        let Some(working) = self.working.get_mut(&id) else { return };
        let effects = working.session.handle(event);
        let weight = working.weight;
        let mut run = Vec::new();
        for step in working.sorted(effects, self.work.run, &mut told) {
            match step {
                Step::Run(effect) => run.push(effect),
                Step::Send(model, effect) => self.gate.hold(id, model.provider, weight, effect),
            }
        }
        let words = self.world.runtime.run(id, run);
        self.for_user(id, words);
        for happened in told {
            self.tell(id, happened);
        }
    }

    fn for_user(&mut self, id: ConversationId, words: Vec<ForUser>) {
        for word in words {
            match word {
                ForUser::TurnEnded => {
                    if let Some(working) = self.working.get_mut(&id) {
                        working.is_over = true;
                    }
                }
                ForUser::RememberRefusal { model, field } => self.remember(model, field),
                ForUser::Say(text) => self.say_once(&text),
                // There is one question in each row, and nothing is summarised or run.
                ForUser::ReturnQueued(_) | ForUser::SummaryDue | ForUser::ApprovalAsked => {}
            }
        }
    }

    /// The other rows need not find out again.
    fn remember(&mut self, model: ModelRef, field: Field) {
        if !self.refusals.contains(&(model.clone(), field)) {
            for working in self.working.values_mut() {
                working.session.learn_refusal(model.clone(), field);
            }
            self.refusals.push((model, field));
        }
    }

    /// What holds for all rows is said for one.
    fn say_once(&mut self, text: &str) {
        // As many different sentences as a person reads.
        if self.said.len() < 50 && self.said.insert(text.to_owned()) {
            self.world.say(text);
        }
    }

    /// Takes in all that happened.
    fn take_in(&mut self) {
        let now = self.world.now();
        if std::mem::take(&mut self.world.has_resumed) {
            self.gate.resumed(now);
            for id in self.working.keys().copied().collect::<Vec<_>>() {
                self.tell(id, Happened::Resumed);
            }
        }
        for heard in self.world.scribe.drain() {
            self.hear_the_scribe(heard);
        }
        if let Some(stop) = self.world.stopped {
            self.stop(Why::Signal(stop));
        }
        for news in self.world.runtime.drain() {
            match news {
                News::Session(id, event) => {
                    self.see(&event.happened, now);
                    self.note_failure(id, &event.happened);
                    self.tell(id, event.happened);
                    self.conclude(id);
                }
                News::User(id, word) => {
                    self.for_user(id, vec![word]);
                    self.conclude(id);
                }
                News::Store(event) => self.hear_the_store(event),
            }
        }
        if self.stopping.is_some() {
            self.leave_idle();
        }
        self.world.board.paused_until = self.gate.paused_until(&self.work.task.model.provider, now);
        self.world.show();
    }

    /// What the pace of a provider is learnt from.
    fn see(&mut self, happened: &Happened, now: Duration) {
        match happened {
            Happened::Opened { attempt, limits } => self.gate.heard(*attempt, now, limits),
            Happened::Ended { attempt, report, .. } => self.gate.ended(*attempt, now, report),
            Happened::Refused { attempt, .. } => self.gate.refused(*attempt, now),
            _ => {}
        }
    }

    fn note_failure(&mut self, id: ConversationId, happened: &Happened) {
        if let Happened::Ended { report, .. } = happened
            && let Some(working) = self.working.get_mut(&id)
        {
            working.failure = match &report.ending {
                crate::chat::Ending::Failed(failure) => Some(failure.clone()),
                _ => None,
            };
        }
    }

    fn hear_the_scribe(&mut self, heard: Heard) {
        match heard {
            Heard::Kept(records) => {
                self.unkept -= records.len().min(self.unkept);
                for record in &records {
                    self.world.board.kept(record);
                }
            }
            Heard::NotKept(Some(why)) => {
                if self.not_kept_since.replace(self.not_kept_since.unwrap_or(self.world.now())).is_none() {
                    self.world.say(&format!("Not kept yet: {why}. Finished rows wait in memory until there is room."));
                }
            }
            Heard::NotKept(None) => {
                self.not_kept_since = None;
                self.world.say("All finished rows are kept again.");
            }
            Heard::Broken(error) if error.kind() == std::io::ErrorKind::BrokenPipe => self.stop(Why::ReaderGone),
            Heard::Broken(error) => self.stop(Why::Failed(format!("The output cannot be written: {error}."))),
        }
    }

    fn hear_the_store(&mut self, event: StoreEvent) {
        match event {
            StoreEvent::Opened { notices } => notices.iter().for_each(|notice| self.say_once(notice)),
            StoreEvent::Unusable(reason) => self.stop(Why::Failed(reason)),
            StoreEvent::NotSaved(Some(reason)) => self.say_once(&format!("Not booked yet: {reason}. Nothing is sent.")),
            _ => {}
        }
    }

    /// Sees whether a row is finished.
    fn conclude(&mut self, id: ConversationId) {
        let is_over = self.working.get(&id).is_some_and(|one| one.is_over && !one.session.has_open_attempts());
        if !is_over {
            return;
        }
        self.gate.forget(id);
        let Some(working) = self.working.remove(&id) else { return };
        self.world.board.running = self.working.len() as u64;
        self.waits_for_room = false;
        match verdict(&working, self.work.settings.currency.rate) {
            Verdict::Done { record, is_fault } => {
                let fault = is_fault.then(|| self.breaker.fault(record.error.as_deref().unwrap_or_default()));
                match fault {
                    Some(Some(why)) => self.stop(Why::Provider(why)),
                    Some(None) => {}
                    None => self.breaker.answered(),
                }
                self.keep(*record);
            }
            Verdict::Later(why) => {
                self.again.push_back((working.n, working.row));
                if let Some(why) = self.breaker.unreachable(&why) {
                    self.stop(Why::Provider(why));
                }
            }
            Verdict::Stop(why) => {
                self.again.push_back((working.n, working.row));
                self.stop(Why::Provider(why));
            }
            Verdict::OverBudget(why) => {
                self.again.push_front((working.n, working.row));
                // What is on its way may cost less than was reserved for it.
                if self.working.is_empty() || self.stopping.is_some() {
                    self.stop(Why::OverBudget(why));
                } else {
                    self.waits_for_room = true;
                }
            }
        }
    }

    fn keep(&mut self, record: Record) {
        self.unkept += 1;
        self.world.scribe.keep(record);
    }

    /// No more rows are begun; those for which nothing was paid yet are let go of.
    fn stop(&mut self, why: Why) {
        if self.stopping.is_some() {
            return;
        }
        let is_gentle = matches!(why, Why::Signal(Stop::Interrupted));
        self.stopping = Some(why);
        self.leave_idle();
        if is_gentle && !self.working.is_empty() {
            let count = self.working.len();
            self.world.say(&format!("Stopping: {count} rows are on their way; Ctrl+C again stops at once."));
        }
    }

    /// Lets go of rows that only wait: for their first request, or before another try.
    fn leave_idle(&mut self) {
        let waiting: BTreeSet<ConversationId> = self.gate.waiting().collect();
        let is_idle = |id: &ConversationId, one: &Working| {
            is_backing_off(one) || (waiting.contains(id) && one.tally.is_nothing())
        };
        let idle: Vec<ConversationId> =
            self.working.iter().filter(|(id, one)| is_idle(id, one)).map(|(id, _)| *id).collect();
        for id in idle {
            self.gate.forget(id);
            self.tell(id, Happened::Left);
            self.working.remove(&id);
        }
        self.world.board.running = self.working.len() as u64;
    }

    /// Stops all that runs, and waits a moment for what was let go of, whose ledger rows are still to be closed.
    async fn let_go(&mut self) {
        for id in self.working.keys().copied().collect::<Vec<_>>() {
            self.gate.forget(id);
            self.tell(id, Happened::Left);
        }
        let until = self.world.now() + LETS_GO_WITHIN;
        while (self.world.runtime.is_streaming() || self.unkept > 0) && self.world.now() < until {
            self.world.wait(Some(until)).await;
            for heard in self.world.scribe.drain() {
                self.hear_the_scribe(heard);
            }
            for news in self.world.runtime.drain() {
                if let News::Session(id, event) = news {
                    self.tell(id, event.happened);
                }
            }
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

fn is_backing_off(one: &Working) -> bool {
    matches!(one.session.activity(), Some(Activity::Backoff { .. }))
}

/// A row that cannot be asked, finished as it is.
pub fn unusable(n: u64, row: &Row, why: &str, settings: &Settings) -> Record {
    Record {
        n,
        row: row.number,
        digest: super::task::hex(&super::input::row_digest(&row.text)),
        input: row.text.clone(),
        fields: None,
        model: String::new(),
        tokens: Some(0),
        cost: Some(crate::chat::PicoUsd(0)),
        rate: settings.currency.rate,
        error: Some(why.to_owned()),
    }
}

/// How a run ends for the shell.
#[must_use]
pub fn exit(stopped: Option<&Why>, index: &Index, rows: u64) -> Exit {
    match stopped {
        Some(Why::Signal(stop)) => Exit::Stopped(*stop),
        Some(Why::OverBudget(_)) => Exit::OverBudget,
        Some(Why::Provider(_)) => Exit::ProviderFailed,
        Some(Why::Failed(_)) => Exit::Failed,
        None if index.settled() < rows => Exit::Failed,
        None if index.failures() > 0 => Exit::RowsFailed,
        // Whoever reads only the first rows wants no more of them.
        Some(Why::ReaderGone) | None => Exit::Done,
    }
}
