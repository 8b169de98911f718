//! The pure machine of one conversation: `Session::handle(Event) -> Vec<Effect>`. Owns the turn, retry and
//! fallback, the ledger's bookings and what is sent; refuses clocks, randomness, I/O and channels.

pub mod activity;
mod attempt;
pub mod calls;
mod clock;
mod compose;
pub mod effect;
pub mod event;
pub mod explain;
pub mod history;
mod ledger;
pub mod parts;
pub mod retry;
pub mod tokens;
mod turn;
pub mod wellformed;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::chat::{
    AttemptId, Catalogue, Conversation, ConversationMeta, MessageId, MetaPart, ModelRef, RateLimits, Role, Settings,
    Stamp, Summary,
};

pub use activity::Activity;
pub use effect::Effect;
pub use event::RankedBy;
pub use event::{Change, Event, Happened, Timer};
use history::{Choice, Plan};
use ledger::OpenAttempt;
use retry::Field;
use turn::Turn;

/// A message that waits until the running turn is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queued {
    pub message: MessageId,
    pub reply: MessageId,
    pub text: String,
}

/// One conversation and what goes on in it.
#[derive(Debug)]
pub struct Session {
    conversation: Conversation,
    settings: Arc<Settings>,
    catalogue: Arc<Catalogue>,
    turn: Option<Turn>,
    queue: VecDeque<Queued>,
    /// Whether the conversation is in the store yet: an empty one is never saved.
    saved: bool,
    refusals: BTreeSet<(ModelRef, Field)>,
    /// Attempts whose ledger row is not closed, cancelled ones included.
    open: HashMap<AttemptId, OpenAttempt>,
    limits: RateLimits,
    token_cache: HashMap<MessageId, u64>,
    plan: Plan,
}

impl Session {
    /// A session over `conversation`; `saved` says whether the store has it.
    #[must_use]
    pub fn new(conversation: Conversation, saved: bool, settings: Arc<Settings>, catalogue: Arc<Catalogue>) -> Self {
        let mut session = Self {
            conversation,
            settings,
            catalogue,
            turn: None,
            queue: VecDeque::new(),
            saved,
            refusals: BTreeSet::new(),
            open: HashMap::new(),
            limits: RateLimits::default(),
            token_cache: HashMap::new(),
            plan: Plan::default(),
        };
        session.refresh_choice();
        session
    }

    /// Goes on with other settings: budgets, currency, limits.
    pub fn set_settings(&mut self, settings: Arc<Settings>) {
        self.settings = settings;
        self.refresh_choice();
    }

    /// What turns are run with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether a budget is set, so that each attempt is reserved before it is sent.
    fn reserves(&self) -> bool {
        self.settings.budgets.is_set()
    }

    /// Takes over that `model` refuses `field`, as another chat found out.
    pub fn learn_refusal(&mut self, model: ModelRef, field: Field) {
        self.refusals.insert((model, field));
    }

    /// Takes in one event and says what is to be done.
    pub fn handle(&mut self, event: Event) -> Vec<Effect> {
        let Event { at, happened } = event;
        let mut out = Vec::new();
        match happened {
            Happened::Submitted { message, reply, text } => {
                self.submitted(Queued { message, reply, text }, at, &mut out);
            }
            Happened::Stopped => self.stopped(at, &mut out),
            Happened::Retried { reply, over_budget: _ } => self.retried(reply, at, &mut out),
            Happened::SummariseAsked { .. }
            | Happened::SummaryEdited { .. }
            | Happened::SummaryUndone
            | Happened::Marked { .. }
            | Happened::Indexed { .. }
            | Happened::Embedded { .. }
            | Happened::Found { .. } => {}
            Happened::Changed(change) => self.changed(change, at, &mut out),
            Happened::Committed { message } => self.committed(message, at, &mut out),
            Happened::CommitFailed { message, reason } => self.commit_failed(message, reason, at, &mut out),
            Happened::Booked { attempt } => self.booked(attempt, at, &mut out),
            Happened::Refused { attempt, refusal } => self.refused(attempt, &refusal, at, &mut out),
            Happened::Opened { attempt, limits } => self.opened(attempt, limits),
            Happened::TextArrived { attempt, text } => self.text_arrived(attempt, &text, at, &mut out),
            Happened::ReasoningArrived { attempt, text } => self.reasoning_arrived(attempt, &text, at, &mut out),
            Happened::ToolCallArrived { attempt, index, id, name, arguments } => {
                self.call_arrived(attempt, (index, id, name, &arguments), at, &mut out);
            }
            Happened::Ended { attempt, report, jitter } => self.ended(attempt, &report, jitter, at, &mut out),
            Happened::TimerFired(timer) => self.timer_fired(timer, at, &mut out),
            Happened::Resumed => self.resumed(at, &mut out),
        }
        out
    }

    /// The conversation as it stands.
    #[must_use]
    pub const fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// Messages that wait for their turn, oldest first.
    pub fn queued(&self) -> impl ExactSizeIterator<Item = &Queued> {
        self.queue.iter()
    }

    /// Whether nothing was ever said or is being said here.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.conversation.is_empty() && self.turn.is_none()
    }

    /// Whether the end of an attempt has still to be told.
    #[must_use]
    pub fn has_open_attempts(&self) -> bool {
        !self.open.is_empty()
    }

    /// Whether a turn is running.
    #[must_use]
    pub const fn is_busy(&self) -> bool {
        self.turn.is_some()
    }

    /// What the running turn is doing.
    #[must_use]
    pub fn activity(&self) -> Option<Activity> {
        self.turn.as_ref().map(|turn| turn.activity(&self.settings))
    }

    /// The reply that is being made.
    #[must_use]
    pub fn reply(&self) -> Option<MessageId> {
        self.turn.as_ref().map(|turn| turn.reply)
    }

    /// Whether the store has this conversation.
    #[must_use]
    pub const fn is_saved(&self) -> bool {
        self.saved
    }

    /// What the next request would carry, and about how many tokens it has.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The summary that is sent in place of older messages.
    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        let (id, _) = self.plan.summary?;
        self.conversation.notes.summaries.iter().find(|summary| summary.id == id)
    }

    /// Whether a summary is being made.
    #[must_use]
    pub const fn is_summarising(&self) -> bool {
        false
    }

    /// What the last search for older messages went by; `None` where none was made.
    #[must_use]
    pub const fn ranked_by(&self) -> Option<&RankedBy> {
        None
    }

    /// Whether a budget kept the last question from being sent: it may be sent once all the same.
    #[must_use]
    pub const fn is_over_budget(&self) -> bool {
        false
    }

    /// The most tokens of input the strategy sends.
    #[must_use]
    pub fn context_limit(&self) -> u64 {
        let spec = self.catalogue.spec(&self.conversation.meta.model);
        history::limit(&spec, &self.settings, self.conversation.meta.max_tokens)
    }

    /// The rate limits that the endpoint told last.
    #[must_use]
    pub const fn limits(&self) -> RateLimits {
        self.limits
    }

    fn submitted(&mut self, queued: Queued, at: Stamp, out: &mut Vec<Effect>) {
        if queued.text.trim().is_empty() || self.knows(queued.message) || self.knows(queued.reply) {
            return;
        }
        if self.turn.is_some() {
            self.queue.push_back(queued);
        } else {
            self.begin(queued, at, out);
        }
    }

    /// Applies a change; an unsaved conversation keeps it to itself until its first message.
    fn changed(&mut self, change: Change, at: Stamp, out: &mut Vec<Effect>) {
        let meta = &mut self.conversation.meta;
        let part = match change {
            Change::Title(title) => {
                meta.title = title;
                meta.titled_by_user = true;
                MetaPart::Title
            }
            Change::Model(model) => {
                meta.model = model;
                MetaPart::Model
            }
            Change::System(system) => {
                meta.system = system;
                MetaPart::System
            }
            Change::Temperature(temperature) => {
                meta.temperature = temperature;
                MetaPart::Temperature
            }
            Change::MaxTokens(max_tokens) => {
                meta.max_tokens = max_tokens;
                MetaPart::MaxTokens
            }
            Change::History(history) => {
                meta.history = history;
                MetaPart::History
            }
            Change::Pinned(pinned) => {
                meta.pinned = pinned;
                MetaPart::Pinned
            }
        };
        if self.saved {
            meta.updated_ms = meta.updated_ms.max(at.unix_ms);
            out.push(Effect::SaveMeta { meta: meta.clone(), part });
        }
        self.refresh_choice();
    }

    /// Whether an id is taken: the same event told twice must not put a message in twice.
    fn knows(&self, id: MessageId) -> bool {
        self.conversation.get(id).is_some()
            || self.turn.as_ref().is_some_and(|turn| turn.reply == id)
            || self.queue.iter().any(|queued| queued.message == id || queued.reply == id)
    }

    /// Counts anew what the next request would carry.
    fn refresh_choice(&mut self) {
        let Choice { first_sent, tokens } = self.choose(self.context_limit());
        self.plan = Plan { first_sent, tokens, limit: self.context_limit(), ..Plan::default() };
    }

    /// Chooses what fits into `limit` tokens; only messages that are sent are counted, and each once.
    fn choose(&mut self, limit: u64) -> Choice {
        let conversation = &self.conversation;
        let cache = &mut self.token_cache;
        let streaming = self.turn.as_ref().map(|turn| turn.reply);
        history::latest::choose(conversation, &conversation.meta.system, limit, |id| {
            let count = || conversation.get(id).map_or(0, tokens::of_message);
            if streaming == Some(id) { count() } else { *cache.entry(id).or_insert_with(count) }
        })
    }

    /// The question of the shown path that a retry answers anew, and its position.
    fn last_question(&self) -> Option<(usize, MessageId)> {
        let at = self.conversation.path().rposition(|message| message.role == Role::User)?;
        self.conversation.at(at).map(|message| (at, message.id))
    }

    fn meta(&self) -> &ConversationMeta {
        &self.conversation.meta
    }
}
