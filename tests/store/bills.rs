//! What the ledger says was spent is what a server has billed, to the last pico-dollar: over 100,000 random events, with
//! failures, cancellations, summaries, vectors, and usage that comes late or is nonsense.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use munshi::chat::context::Strategy;
use munshi::chat::ledger::Purpose;
use munshi::chat::model::{LongContext, Prices};
use munshi::chat::spending::{GroupBy, Period};
use munshi::chat::*;
use munshi::session::event::EmbeddingEnded;
use munshi::session::{Change, Effect, Event, Happened, Session, Timer};
use munshi::store::{Scope, Store, Write};

use crate::support::*;

const EVENTS: u64 = 100_000;
const CHATS: u128 = 6;
const FIRST_DAY: Date = date(2026, 1, 30);

fn prices(input: u64, output: u64) -> Prices {
    Prices { input, output, cached_input: Some(input / 10), cache_write: Some(input * 5 / 4) }
}

fn catalogue() -> Catalogue {
    let mut catalogue = Catalogue::empty();
    for (id, input, output) in [("a", 150_000, 600_000), ("b", 2_500_001, 9_999_999)] {
        let model = ModelRef::new("openai", id);
        let long = LongContext { above_tokens: 5_000, prices: prices(input * 2, output * 2) };
        let spec = ModelSpec {
            prices: Some(prices(input, output)),
            long_context: Some(long),
            context_window: Some(128_000),
            max_output: Some(16_000),
            ..ModelSpec::unknown(&model)
        };
        catalogue.models.insert(model, spec);
    }
    let embedding = ModelRef::new("openai", "text-embedding-3-small");
    let spec = ModelSpec { prices: Some(Prices { output: 0, ..prices(20_000, 0) }), ..ModelSpec::unknown(&embedding) };
    catalogue.embeddings.insert(embedding, spec);
    catalogue
}

/// The server's own arithmetic, apart from the program's.
fn bill(model: &ModelRef, usage: &Usage) -> i128 {
    let (input, output): (i128, i128) = match model.id.as_str() {
        "a" => (150_000, 600_000),
        "b" => (2_500_001, 9_999_999),
        _ => (20_000, 0),
    };
    let times = if model.id.len() == 1 && usage.input > 5_000 { 2 } else { 1 };
    let (input, output) = (input * times, output * times);
    let count = |tokens: u64| i128::from(tokens);
    let plain = count(usage.input) - count(usage.cached_input) - count(usage.cache_write);
    plain * input
        + count(usage.cached_input) * (input / 10)
        + count(usage.cache_write) * (input * 5 / 4)
        + count(usage.output) * output
}

/// What was billed for an attempt, and what it was booked as.
struct Row {
    chat: usize,
    model: ModelRef,
    purpose: Purpose,
    day: Date,
    rate: Rate,
    /// `None` while it is open, and where the bill was nonsense.
    billed: Option<i128>,
    is_closed: bool,
}

struct World {
    dice: Dice,
    sessions: Vec<Session>,
    rows: BTreeMap<AttemptId, Row>,
    running: Vec<(usize, AttemptId, bool)>,
    cancelled: BTreeSet<AttemptId>,
    timers: BTreeMap<(usize, Timer), Duration>,
    writes: Vec<Write>,
    now: Duration,
    day: Date,
    next: u128,
}

impl World {
    fn new() -> Self {
        let settings = Arc::new(Settings { max_context_tokens: 4_000, ..Settings::default() });
        let catalogue = Arc::new(catalogue());
        let session = |number| {
            let meta = ConversationMeta { model: ModelRef::new("openai", "a"), ..meta(number, "") };
            Session::new(Conversation::new(meta), false, Arc::clone(&settings), Arc::clone(&catalogue))
        };
        Self {
            dice: Dice(3),
            sessions: (0..CHATS).map(session).collect(),
            rows: BTreeMap::new(),
            running: Vec::new(),
            cancelled: BTreeSet::new(),
            timers: BTreeMap::new(),
            writes: Vec::new(),
            now: Duration::from_secs(1),
            day: FIRST_DAY,
            next: 1_000,
        }
    }

    fn fresh(&mut self) -> MessageId {
        self.next += 1;
        message_id(self.next)
    }

    fn tell(&mut self, chat: usize, happened: Happened) {
        let mut waiting = vec![happened];
        while let Some(happened) = waiting.pop() {
            let at = Stamp { mono: self.now, unix_ms: NOW_MS, day: self.day };
            for effect in self.sessions[chat].handle(Event { at, happened }) {
                waiting.extend(self.run(chat, effect));
            }
        }
    }

    fn run(&mut self, chat: usize, effect: Effect) -> Option<Happened> {
        match effect {
            Effect::Commit { meta, message } => {
                let id = message.id;
                self.writes.extend([Write::TouchConversation(meta), Write::AddMessage(message)]);
                return Some(Happened::Committed { message: id });
            }
            Effect::Book(opening) => {
                let attempt = opening.attempt;
                let (model, purpose) = (opening.model.clone(), opening.purpose);
                let (day, rate) = (opening.day, opening.rate);
                let row = Row { chat, model, purpose, day, rate, billed: None, is_closed: false };
                assert!(self.rows.insert(attempt, row).is_none(), "each attempt has one row");
                self.writes.push(Write::OpenAttempt(opening));
                return Some(Happened::Booked { attempt });
            }
            Effect::StartAttempt { attempt, .. } => self.running.push((chat, attempt, false)),
            Effect::Embed { attempt, .. } => self.running.push((chat, attempt, true)),
            Effect::CancelAttempt { attempt } => drop(self.cancelled.insert(attempt)),
            Effect::CloseAttempt(closing) => {
                self.rows.get_mut(&closing.attempt).unwrap().is_closed = true;
                self.writes.push(Write::CloseAttempt(closing));
            }
            Effect::StartTimer { timer, after } => drop(self.timers.insert((chat, timer), self.now + after)),
            Effect::CancelTimer(timer) => drop(self.timers.remove(&(chat, timer))),
            Effect::Search { question, by, .. } => return Some(Happened::Found { question, by, found: Vec::new() }),
            Effect::SummaryDue => return Some(Happened::SummariseAsked { id: self.fresh(), automatic: true }),
            _ => {}
        }
        None
    }

    fn usage(&mut self) -> Usage {
        let input = self.dice.roll(9_000);
        let cached_input = self.dice.roll(input + 1);
        let cache_write = self.dice.roll(input - cached_input + 1);
        Usage { input, cached_input, cache_write, output: self.dice.roll(3_000), ..Usage::default() }
    }

    /// The server ends one of the running attempts.
    fn end(&mut self) {
        if self.running.is_empty() {
            return;
        }
        let at = self.dice.roll(self.running.len() as u64) as usize;
        let (chat, attempt, is_embedding) = self.running.swap_remove(at);
        let is_cancelled = self.cancelled.contains(&attempt);
        let how = self.dice.roll(20);
        let mut usage = self.usage();
        if is_embedding {
            usage = Usage { input: usage.input, ..Usage::default() };
        }
        let is_nonsense = how == 0;
        if is_nonsense {
            usage.input = u64::MAX - self.dice.roll(1_000);
        }
        // Refused before it was worked on: nothing is billed.
        let is_free = how < 5 && !is_nonsense && !is_cancelled;
        let failure = Failure { status: Some(503), ..Failure::new(FailureKind::Server, "overloaded") };
        let row = self.rows.get_mut(&attempt).unwrap();
        row.billed = match () {
            () if is_free => Some(0),
            () if is_nonsense => None,
            () => Some(bill(&row.model, &usage)),
        };
        if is_embedding {
            let result = match (is_cancelled, is_free) {
                (true, _) => Err(None),
                (_, true) => Err(Some(failure)),
                _ => Ok(()),
            };
            let ended = EmbeddingEnded { result, tokens: (!is_free).then_some(usage.input), request_id: None };
            return self.tell(chat, Happened::Embedded { attempt, ended });
        }
        let ending = match (is_cancelled, is_free) {
            (true, _) => Ending::Cancelled,
            (_, true) => Ending::Failed(failure),
            _ if how < 8 => Ending::Failed(Failure::new(FailureKind::Cut, "")),
            _ => Ending::Finished(FinishReason::Stop),
        };
        let report = Report { usage: (!is_free).then_some(usage), ..Report::bare(ending) };
        if !is_free {
            self.tell(chat, Happened::TextArrived { attempt, text: "Some words.".to_owned() });
        }
        self.tell(chat, Happened::Ended { attempt, report, jitter: Duration::ZERO });
    }

    fn step(&mut self) {
        let chat = self.dice.roll(CHATS as u64) as usize;
        self.now += Duration::from_millis(self.dice.roll(400));
        match self.dice.roll(24) {
            0..6 => {
                let (message, reply) = (self.fresh(), self.fresh());
                self.tell(chat, Happened::Submitted { message, reply, text: "What is what?".to_owned() });
            }
            6 => self.tell(chat, Happened::Stopped),
            7 => {
                let reply = self.fresh();
                self.tell(chat, Happened::Retried { reply, over_budget: false });
            }
            8 => {
                let id = self.fresh();
                self.tell(chat, Happened::SummariseAsked { id, automatic: false });
            }
            9 => {
                let strategy = Strategy::ALL[self.dice.roll(4) as usize];
                let history = History { strategy, everywhere: true, ..History::default() };
                self.tell(chat, Happened::Changed(Change::History(history)));
            }
            10 => {
                let model = ModelRef::new("openai", if self.dice.roll(2) == 0 { "a" } else { "b" });
                self.tell(chat, Happened::Changed(Change::Model(model)));
            }
            11 => {
                let id = self.fresh();
                self.tell(chat, Happened::Indexed { id, missing: vec![(message_id(1), "Old".to_owned())] });
            }
            12 => {
                let currency = Currency { rate: Rate(80_000_000 + self.dice.roll(10_000_000)), ..Currency::default() };
                let settings = Settings { currency, ..self.sessions[chat].settings().clone() };
                self.sessions[chat].set_settings(Arc::new(settings));
            }
            13..15 => {
                let due = self.timers.iter().min_by_key(|(_, due)| **due).map(|(key, due)| (*key, *due));
                if let Some(((chat, timer), due)) = due {
                    self.now = self.now.max(due);
                    self.timers.remove(&(chat, timer));
                    self.tell(chat, Happened::TimerFired(timer));
                }
            }
            _ => self.end(),
        }
    }
}

#[test]
fn row_21_the_ledgers_sums_are_the_servers_bills_over_100_000_random_events() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path());
    let mut world = World::new();
    for event in 0..EVENTS {
        world.step();
        if event % 1_000 == 0 {
            world.day = world.day.checked_add(1.day()).unwrap();
            store.write(&std::mem::take(&mut world.writes)).unwrap();
        }
    }
    for chat in 0..CHATS as usize {
        world.tell(chat, Happened::Left);
    }
    while !world.running.is_empty() {
        world.end();
    }
    store.write(&world.writes).unwrap();
    let rows: Vec<&Row> = world.rows.values().collect();
    assert!(rows.iter().all(|row| row.is_closed), "every row is closed");
    for purpose in [Purpose::Chat, Purpose::Summary, Purpose::Embedding] {
        assert!(rows.iter().filter(|row| row.purpose == purpose).count() > 200, "{purpose:?} was tried");
    }
    let spend = |of: &dyn Fn(&Row) -> bool| -> Spend {
        let spend = |row: &&Row| {
            row.billed.map_or_else(Spend::unknown, |billed| Spend {
                pico_usd: billed,
                atto_local: billed * i128::from(row.rate.0),
                unknown: 0,
            })
        };
        rows.iter().filter(|row| of(row)).map(spend).sum()
    };
    assert!(spend(&|_| true).unknown > 50, "nonsense was told, and is unknown");
    assert_eq!(store.spend(Scope::Everything).unwrap(), spend(&|_| true));
    for chat in 0..CHATS as usize {
        let scope = Scope::Conversation(conversation_id(chat as u128));
        assert_eq!(store.spend(scope).unwrap(), spend(&|row| row.chat == chat));
    }
    let month = date(2026, 3, 1);
    let is_in_march = |row: &Row| (row.day.year(), row.day.month()) == (2026, 3);
    assert_eq!(store.spend(Scope::Month(month)).unwrap(), spend(&is_in_march));
    let period = Period { from: FIRST_DAY, to: world.day };
    for by in GroupBy::ALL {
        let sum: Spend = store.report(by, period).unwrap().iter().map(|row| row.spend).sum();
        assert_eq!(sum, spend(&|_| true), "by {}", by.as_str());
    }
    for row in store.report(GroupBy::Purpose, period).unwrap() {
        assert_eq!(row.spend, spend(&|other| other.purpose.as_str() == row.key), "{}", row.key);
    }
}
