//! The screen's machine and its picture, without a terminal: events in, effects and a drawn buffer out.

mod budgets;
mod choosing;
mod context;
mod fixtures;
mod leaving;
mod money;
mod panel;
mod pointing;
mod random;
mod resting;
mod secrets;
mod snapshots;
mod tools;
mod writing;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use uuid::Uuid;

use self::fixtures::*;
use super::effect::TuiEffect;
use super::event::{Fresh, Happened, TuiEvent};
use super::input::Input;
use super::keymap::Keymap;
use super::preferences::Preferences;
use super::state::AppState;
use super::theme::{ColourDepth, Theme};
use super::transcript::Cache;
use super::update::{next_tick, update};
use super::view;
use crate::chat::budget::Refusal;
use crate::chat::catalogue::ProviderSpec;
use crate::chat::model::Prices;
use crate::chat::{
    AttemptId, Catalogue, ConversationId, ConversationMeta, Ending, Failure, FinishReason, Message, MessageId,
    ModelRef, ModelSpec, Rate, RateLimits, Report, Role, Settings, Spend, Stamp, Usage,
};
use crate::runtime::{Answer, ForUser, StoreEvent};
use crate::session::{self, Effect, Timer};
use crate::store::{Saved, Scope, Summary, Write};

/// A user, a store that answers at once, and a provider that says what the test says.
pub(super) struct Play {
    pub state: AppState,
    pub now: Duration,
    ids: u128,
    /// The attempt that runs, or ran last, and its conversation.
    pub attempt: Option<(ConversationId, AttemptId)>,
    spent: Spend,
    /// Whether the ledger leaves its sums for later.
    pub ledger_is_slow: bool,
    /// How the next booking is refused, where it is.
    pub refuses: Option<Refusal>,
    timers: BTreeMap<(ConversationId, Timer), Duration>,
    /// Attempts that were made.
    pub started: usize,
    /// All effects so far but those of sessions.
    pub effects: Vec<TuiEffect>,
}

impl Play {
    pub fn new() -> Self {
        Self::sized(80, 24)
    }

    pub fn sized(columns: u16, rows: u16) -> Self {
        let now = Duration::from_secs(100);
        let theme = Theme::default();
        let stamp = Stamp::fixed(now);
        let state = AppState::new(preferences(), theme, Keymap::builtin(), chat_id(1), (columns, rows), stamp);
        let mut play = Self {
            state,
            now,
            ids: 1,
            attempt: None,
            spent: Spend::default(),
            ledger_is_slow: false,
            refuses: None,
            timers: BTreeMap::new(),
            started: 0,
            effects: Vec::new(),
        };
        play.state.fit_composer();
        play
    }

    /// Tells the machine, answers for the store, and gives the effects that are not a session's.
    pub fn tell(&mut self, happened: Happened) -> usize {
        let before = self.effects.len();
        self.ids += 3;
        let fresh = Fresh {
            conversation: chat_id(self.ids),
            message: MessageId(Uuid::from_u128(self.ids + 1)),
            reply: MessageId(Uuid::from_u128(self.ids + 2)),
        };
        let effects = update(&mut self.state, TuiEvent { at: Stamp::fixed(self.now), fresh, happened });
        for effect in effects {
            match effect {
                TuiEffect::Session(chat, effects) => self.run(chat, effects),
                effect => self.effects.push(effect),
            }
        }
        before
    }

    fn run(&mut self, chat: ConversationId, effects: Vec<Effect>) {
        for effect in effects {
            let answer = match effect {
                Effect::Commit { message, .. } => {
                    Happened::Session(chat, session::Happened::Committed { message: message.id })
                }
                Effect::Book(opening) | Effect::Reserve { opening, .. } => {
                    let attempt = opening.attempt;
                    Happened::Session(
                        chat,
                        self.refuses.take().map_or(session::Happened::Booked { attempt }, |refusal| {
                            session::Happened::Refused { attempt, refusal }
                        }),
                    )
                }
                Effect::CloseAttempt(closing) => {
                    let cost = closing.cost.map_or_else(Spend::unknown, |cost| Spend::of(cost, Rate::default()));
                    self.spent += cost;
                    if self.ledger_is_slow {
                        continue;
                    }
                    let day = Stamp::fixed(self.now).day;
                    let scopes = [Scope::Conversation(chat), Scope::Day(day), Scope::Month(day)];
                    for scope in scopes {
                        let answer = Answer::Spent { conversation: chat, scope, spend: self.spent };
                        self.store(StoreEvent::Answer(answer));
                    }
                    continue;
                }
                Effect::StartAttempt { attempt, .. } => {
                    self.attempt = Some((chat, attempt));
                    self.started += 1;
                    continue;
                }
                Effect::StartTimer { timer, after } => {
                    self.timers.insert((chat, timer), self.now + after);
                    continue;
                }
                Effect::CancelTimer(timer) => {
                    self.timers.remove(&(chat, timer));
                    continue;
                }
                Effect::ReturnQueued(texts) => Happened::ForUser(chat, ForUser::ReturnQueued(texts)),
                Effect::Say(text) => Happened::ForUser(chat, ForUser::Say(text)),
                Effect::TurnEnded => Happened::ForUser(chat, ForUser::TurnEnded),
                Effect::RememberRefusal { model, field } => {
                    Happened::ForUser(chat, ForUser::RememberRefusal { model, field })
                }
                _ => continue,
            };
            self.tell(answer);
        }
    }

    /// Presses a key, and tells which effects that had.
    pub fn press(&mut self, key: impl Into<KeyEvent>) -> &[TuiEffect] {
        let before = self.tell(Happened::Input(Input::Key(key.into())));
        &self.effects[before..]
    }

    pub fn type_text(&mut self, text: &str) {
        for c in text.chars() {
            self.press(KeyCode::Char(c));
        }
    }

    /// Types a line and sends it.
    pub fn submit(&mut self, line: &str) -> &[TuiEffect] {
        self.type_text(line);
        self.press(KeyCode::Enter)
    }

    /// Something happens to the running attempt.
    pub fn session(&mut self, happened: impl FnOnce(AttemptId) -> session::Happened) {
        let (chat, attempt) = self.attempt.expect("an attempt was made");
        self.tell(Happened::Session(chat, happened(attempt)));
    }

    pub fn opened(&mut self) {
        self.session(|attempt| session::Happened::Opened { attempt, limits: RateLimits::default() });
    }

    pub fn stream(&mut self, text: &str) {
        self.session(|attempt| session::Happened::TextArrived { attempt, text: text.to_owned() });
    }

    pub fn finish(&mut self) {
        let report = Report { usage: Some(usage(580, 312)), ..Report::bare(Ending::Finished(FinishReason::Stop)) };
        self.session(|attempt| session::Happened::Ended { attempt, report, jitter: Duration::ZERO });
    }

    pub fn fail(&mut self, failure: Failure) {
        let report = Report::bare(Ending::Failed(failure));
        let jitter = Duration::from_millis(400);
        self.session(|attempt| session::Happened::Ended { attempt, report, jitter });
    }

    /// A whole turn that took 1.2 seconds.
    pub fn turn(&mut self, question: &str, answer: &str) {
        self.submit(question);
        self.opened();
        self.pass(Duration::from_millis(800));
        self.stream(answer);
        self.pass(Duration::from_millis(400));
        self.finish();
    }

    /// Lets time pass, with every tick and every timer that falls into it; gives how many ticks there were.
    pub fn pass(&mut self, time: Duration) -> usize {
        let end = self.now + time;
        let mut ticks = 0;
        loop {
            let timer = self.timers.iter().map(|(of, due)| (*due, *of)).min().filter(|(due, _)| *due <= end);
            let tick = next_tick(&self.state).filter(|due| *due <= end);
            match (timer, tick) {
                (Some((due, (chat, timer))), tick) if tick.is_none_or(|tick| due <= tick) => {
                    self.now = due.max(self.now);
                    self.timers.remove(&(chat, timer));
                    self.tell(Happened::Session(chat, session::Happened::TimerFired(timer)));
                }
                (_, Some(due)) => {
                    self.now = due.max(self.now);
                    self.tell(Happened::Ticked);
                    ticks += 1;
                    assert!(
                        ticks < 10_000,
                        "it ticks without end: at {:?} next at {:?}",
                        self.now,
                        next_tick(&self.state)
                    );
                }
                _ => break,
            }
        }
        self.now = end;
        ticks
    }

    pub fn store(&mut self, event: StoreEvent) {
        self.tell(Happened::Store(event));
    }

    /// The store lists these in the panel.
    pub fn listed(&mut self, found: Vec<Summary>) {
        self.store(StoreEvent::Answer(Answer::Listed { filter: String::new(), offset: 0, found }));
    }

    /// The store has read a conversation that was asked for.
    pub fn load(&mut self, of: u128, draft: &str) {
        let saved = Saved { draft: draft.to_owned(), ..saved(of, "Saved text".to_owned()) };
        self.store(StoreEvent::Answer(Answer::Loaded(Box::new(saved))));
    }

    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.tell(Happened::Input(Input::Resize { columns, rows }));
    }

    /// Everything that was written to the store besides what sessions write.
    pub fn writes(&self) -> Vec<&Write> {
        let all = self.effects.iter().filter_map(|effect| match effect {
            TuiEffect::Write(writes) => Some(writes),
            _ => None,
        });
        all.flatten().collect()
    }

    pub fn has_quit(&self) -> bool {
        self.effects.iter().any(|effect| matches!(effect, TuiEffect::Quit { .. }))
    }

    /// The screen as it is drawn, with a cache that knows earlier frames and with none: both must be the same.
    pub fn buffer(&mut self) -> (Buffer, Option<(u16, u16)>) {
        let area = Rect::new(0, 0, self.state.size.0, self.state.size.1);
        let mut warm = Buffer::empty(area);
        let mut cache = std::mem::take(&mut self.state.cache);
        let (drawn, cursor) = view::draw(&self.state, &mut cache, area, &mut warm);
        self.state.cache = cache;
        self.state.was_drawn(drawn);
        let mut cold = Buffer::empty(area);
        let (_, again) = view::draw(&self.state, &mut Cache::default(), area, &mut cold);
        assert_eq!((&warm, cursor), (&cold, again), "the cache changes the picture");
        (warm, cursor.map(|at| (at.x, at.y)))
    }

    /// The screen's text, and where the cursor is.
    pub fn screen(&mut self) -> String {
        let (buffer, cursor) = self.buffer();
        let mut out = String::new();
        for y in 0..buffer.area.height {
            let mut row = String::new();
            let mut covered = 0;
            for x in 0..buffer.area.width {
                let symbol = buffer[(x, y)].symbol();
                if covered == 0 {
                    row.push_str(symbol);
                    covered = crate::text::width(symbol).saturating_sub(1);
                } else {
                    covered -= 1;
                }
            }
            let _ = writeln!(out, "{}", row.trim_end());
        }
        let cursor = cursor.map_or_else(|| "no cursor".to_owned(), |(x, y)| format!("cursor at column {x}, row {y}"));
        let _ = write!(out, "({cursor})");
        out
    }

    pub fn draft(&self) -> String {
        self.state.composer.text()
    }
}
