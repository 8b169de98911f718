//! The pure machine of one conversation: `Session::handle(Event) -> Vec<Effect>`. Owns the turn, retry and
//! fallback, the ledger's bookings and what is sent; refuses clocks, randomness, I/O and channels.

pub mod activity;
mod attempt;
mod calling;
pub mod calls;
mod clock;
mod compose;
mod context;
pub mod effect;
mod ending;
pub mod event;
pub mod explain;
pub mod history;
mod ledger;
pub mod parts;
pub mod retry;
mod round;
mod search;
pub mod shape;
pub mod shell;
mod summary;
pub mod tokens;
mod turn;
pub mod wellformed;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use crate::chat::context::Strategy;
use crate::chat::{
    AttemptId, Catalogue, Conversation, ConversationMeta, MessageId, MetaPart, ModelRef, RateLimits, Role, Settings,
    Stamp, Tool,
};

pub use activity::Activity;
use context::{Calibration, Cut};
pub use effect::Effect;
pub use event::RankedBy;
pub use event::{Change, Event, Happened, Timer};
use history::{Plan, Weights};
use ledger::OpenAttempt;
use retry::Field;
pub use round::CallState;
use search::Search;
use summary::Run;
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
    weights: Weights,
    cut: Cut,
    calibration: Calibration,
    plan: Plan,
    search: Search,
    summarising: Option<Run>,
    /// Whether a budget kept the last question from being sent.
    over_budget: bool,
    /// The tools that were offered last, and the tokens that all besides messages has in a request.
    offered: Arc<[Tool]>,
    overhead: u64,
    /// Whether it was asked, or need not be, which tools there are.
    asked_for_tools: bool,
    /// Tools, each with the hash of its definition, that need not ask again while the chat is open.
    allowed: BTreeSet<(String, String)>,
    /// What was said of tools that are not there, once.
    told_notes: BTreeSet<String>,
    /// What was wrong with the shape of the last answer.
    misfit: Vec<String>,
}

impl Session {
    /// A session over `conversation`; `saved` says whether the store has it.
    #[must_use]
    pub fn new(conversation: Conversation, saved: bool, settings: Arc<Settings>, catalogue: Arc<Catalogue>) -> Self {
        let calibration = Calibration::none(conversation.meta.model.clone());
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
            weights: Weights::default(),
            cut: Cut::default(),
            calibration,
            plan: Plan::default(),
            search: Search::default(),
            summarising: None,
            over_budget: false,
            offered: Arc::default(),
            overhead: 0,
            asked_for_tools: false,
            allowed: BTreeSet::new(),
            told_notes: BTreeSet::new(),
            misfit: Vec::new(),
        };
        session.recount();
        session
    }

    /// Goes on with other settings: budgets, currency, limits.
    pub fn set_settings(&mut self, settings: Arc<Settings>) {
        self.settings = settings;
        self.over_budget = false;
        self.try_vectors_again();
        self.refresh_plan();
    }

    /// What turns are run with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
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
            Happened::Left => self.left(at, &mut out),
            Happened::Retried { reply, over_budget } => self.retried(reply, over_budget, at, &mut out),
            Happened::SummariseAsked { id, automatic } => self.summarise_asked(id, automatic, at, &mut out),
            Happened::SummaryEdited { id, text } => self.summary_edited(id, &text, &mut out),
            Happened::SummaryUndone => self.summary_undone(&mut out),
            Happened::Marked { message, mark } => self.marked(message, mark, &mut out),
            Happened::Indexed { id, missing } => self.indexed(id, missing, at, &mut out),
            Happened::Embedded { attempt, ended } => self.embedded(attempt, ended, at, &mut out),
            Happened::Found { question, by, found } => self.found(question, by, found, at, &mut out),
            Happened::ToolsWanted => self.tools_wanted(&mut out),
            Happened::Answered { result, approval } => self.answered(result, approval, at, &mut out),
            Happened::ToolsGathered(gathered) => self.tools_gathered(gathered, at, &mut out),
            Happened::CallsChecked { reply, checked, next } => self.calls_checked(reply, checked, next, at, &mut out),
            Happened::ToolEnded { result, outcome } => self.tool_ended(result, outcome, at, &mut out),
            Happened::AnswerChecked { reply, problems, message, next } => {
                self.answer_checked(reply, problems, (message, next), at, &mut out);
            }
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

    /// Whether anything runs that the user can stop: a turn, or a summary.
    #[must_use]
    pub const fn can_be_stopped(&self) -> bool {
        self.turn.is_some() || self.summarising.is_some()
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

    /// Whether a budget kept the last question from being sent: it may be sent once all the same.
    #[must_use]
    pub const fn is_over_budget(&self) -> bool {
        self.over_budget
    }

    /// The rate limits that the endpoint told last.
    #[must_use]
    pub const fn limits(&self) -> RateLimits {
        self.limits
    }

    /// Begins a turn; a message that cannot be sent whatever is left out goes back to the input box.
    fn begin_if_it_fits(&mut self, queued: Queued, at: Stamp, out: &mut Vec<Effect>) {
        match self.next_does_not_fit(tokens::estimate(&queued.text)) {
            None => self.begin(queued, at, out),
            Some(reason) => {
                out.push(Effect::Say(reason));
                let all = std::iter::once(queued).chain(self.queue.drain(..));
                out.push(Effect::ReturnQueued(all.map(|queued| queued.text).collect()));
            }
        }
    }

    fn submitted(&mut self, queued: Queued, at: Stamp, out: &mut Vec<Effect>) {
        if queued.text.trim().is_empty() || self.knows(queued.message) || self.knows(queued.reply) {
            return;
        }
        if self.turn.is_some() {
            self.queue.push_back(queued);
        } else {
            self.begin_if_it_fits(queued, at, out);
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
            Change::Tools(tools) => {
                meta.tools = tools;
                MetaPart::Tools
            }
            Change::Format(format) => {
                meta.format = format;
                MetaPart::Format
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
        match part {
            MetaPart::Tools => self.tools_changed(out),
            MetaPart::History => self.search_changed(out),
            // Another provider has other vectors, and other reasons to have none.
            MetaPart::Model if self.meta().history.strategy == Strategy::Retrieve => self.search_changed(out),
            _ => {}
        }
        self.recount();
    }

    /// Tools, each with the hash of its definition, that need not ask again while this chat is open.
    #[must_use]
    pub const fn allowed(&self) -> &BTreeSet<(String, String)> {
        &self.allowed
    }

    /// Takes back what was allowed of a tool in this chat; whether anything was.
    pub fn forget_tool(&mut self, name: &str) -> bool {
        let before = self.allowed.len();
        self.allowed.retain(|(tool, _)| tool != name);
        self.allowed.len() < before
    }

    /// The tools that are offered to the chat's model, as far as that is known.
    #[must_use]
    pub fn offered(&self) -> &[Tool] {
        &self.offered
    }

    fn set_offered(&mut self, offered: Arc<[Tool]>) {
        self.offered = offered;
        self.recount();
    }

    /// Whether an id is taken: the same event told twice must not put a message in twice.
    fn knows(&self, id: MessageId) -> bool {
        self.conversation.get(id).is_some()
            || self.turn.as_ref().is_some_and(|turn| turn.reply == id)
            || self.queue.iter().any(|queued| queued.message == id || queued.reply == id)
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
