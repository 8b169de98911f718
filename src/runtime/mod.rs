//! Runs effects: streams, timers, the store's thread, the clock. Owns everything that waits, spawns or reads a
//! clock; refuses policy (that is `session/`) and screens (that is `tui/`).

pub mod clock;
pub mod exact;
mod flight;
pub mod ids;
mod retrieval;
pub mod store_thread;
mod streams;
pub mod tasks;
mod timers;
mod toolwork;
pub mod worker;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::Notify;

use crate::chat::ledger::LedgerClosing;
use crate::chat::tool::ToolList;
use crate::chat::{AttemptId, ConversationId, ModelRef, Stamp};
use crate::provider::Provider;
use crate::session::retry::Field;
use crate::session::{Effect, Event, Happened};
use crate::tools::{NoTools, Toolbox};

pub use crate::provider::offload::{Asked, Offload};
pub use crate::store::{Hit, Saved, Scope, Summary, Write};
pub use clock::Clock;
use retrieval::Retrieval;
pub use store_thread::{Answer, Query, StoreEvent, StoreHandle};
use streams::Streams;
use timers::Timers;
use toolwork::Toolwork;

/// What an effect leaves for the front end to do.
#[derive(Debug, Clone, PartialEq)]
pub enum ForUser {
    /// Give these back to the input box, oldest first.
    ReturnQueued(Vec<String>),
    /// Say this beside the conversation.
    Say(String),
    /// Other chats need not ask this model for this field again.
    RememberRefusal { model: ModelRef, field: Field },
    /// A summary is due: tell the session `SummariseAsked` with a fresh id.
    SummaryDue,
    /// A call of a tool waits for the user's word.
    ApprovalAsked,
    /// A turn is over.
    TurnEnded,
}

/// What the world told since the last time.
#[derive(Debug)]
pub enum News {
    /// Something happened to a conversation.
    Session(ConversationId, Event),
    /// The store has something to say.
    Store(StoreEvent),
    /// Something is to be said to the user, or done, beside a conversation.
    User(ConversationId, ForUser),
}

/// The world of one front end.
pub struct Runtime {
    clock: Clock,
    store: StoreHandle,
    streams: Streams,
    retrieval: Retrieval,
    toolwork: Toolwork,
    timers: Timers,
    arrived: Arc<Notify>,
    /// The model of each attempt whose row is open, for the log.
    models: HashMap<AttemptId, ModelRef>,
    /// Whether what was spent is asked for after each attempt.
    tells_spending: bool,
}

impl Runtime {
    /// A world over a provider and a store. Call it within a tokio runtime.
    /// `arrived` is notified whenever there is something to drain.
    #[must_use]
    pub fn new(clock: Clock, provider: Arc<dyn Provider>, store: StoreHandle, arrived: Arc<Notify>) -> Self {
        Self {
            clock,
            store,
            streams: Streams::new(Arc::clone(&provider), Arc::clone(&arrived)),
            retrieval: Retrieval::new(provider, Arc::clone(&arrived)),
            toolwork: Toolwork::new(Arc::new(NoTools), Arc::clone(&arrived)),
            timers: Timers::default(),
            arrived,
            models: HashMap::new(),
            tells_spending: true,
        }
    }

    /// The clock that stamps events.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The store's thread, for writes and queries of the front end's own.
    #[must_use]
    pub const fn store(&self) -> &StoreHandle {
        &self.store
    }

    /// Uses another provider from now on; running attempts go on with theirs.
    pub fn set_provider(&mut self, provider: Arc<dyn Provider>) {
        self.retrieval.set_provider(Arc::clone(&provider));
        self.streams.set_provider(provider);
    }

    /// Uses these tools from now on; there are none before.
    #[must_use]
    pub fn with_tools(mut self, toolbox: Arc<dyn Toolbox>) -> Self {
        self.toolwork.set_toolbox(toolbox);
        self
    }

    /// From now on nobody is told after each attempt what was spent: who shows no sums of the store's need not ask.
    #[must_use]
    pub fn without_spending(mut self) -> Self {
        self.tells_spending = false;
        self
    }

    /// All tools there are, with how their servers do.
    #[must_use]
    pub fn list_tools(&self) -> BoxFuture<'static, ToolList> {
        self.toolwork.list()
    }

    /// Takes back what the user allowed of a tool for good.
    #[must_use]
    pub fn forget_tool(&self, tool: String) -> BoxFuture<'static, Result<(), String>> {
        self.toolwork.forget(tool)
    }

    /// An event of this moment.
    #[must_use]
    pub fn event(&self, happened: Happened) -> Event {
        Event { at: self.clock.now(), happened }
    }

    /// Runs the effects of one session's step, in order; returns what is left to the front end.
    pub fn run(&mut self, conversation: ConversationId, effects: Vec<Effect>) -> Vec<ForUser> {
        effects.into_iter().filter_map(|effect| self.run_one(conversation, effect)).collect()
    }

    fn run_one(&mut self, conversation: ConversationId, effect: Effect) -> Option<ForUser> {
        match effect {
            Effect::Commit { meta, message } => {
                let done = StoreEvent::Committed { conversation, message: message.id };
                self.store.write(vec![Write::TouchConversation(meta), Write::AddMessage(message)], Some(done));
            }
            Effect::AddReply(message) => self.store.write(vec![Write::AddMessage(message)], None),
            Effect::Book(opening) => {
                self.models.insert(opening.attempt, opening.model.clone());
                let done = StoreEvent::Booked { conversation, attempt: opening.attempt };
                self.store.write(vec![Write::OpenAttempt(opening)], Some(done));
            }
            Effect::Reserve { opening, caps } => {
                self.models.insert(opening.attempt, opening.model.clone());
                self.store.reserve(conversation, opening, caps);
            }
            Effect::SaveChunk { message, text, reasoning } => {
                self.store.write(vec![Write::AppendChunk { message, text, reasoning }], None);
            }
            Effect::FinishReply(message) => self.store.write(vec![Write::FinishMessage(message)], None),
            Effect::CloseAttempt(closing) => {
                self.log_end(&closing);
                self.store.write(vec![Write::CloseAttempt(closing)], None);
                self.tell_spending(conversation);
            }
            Effect::SaveMeta { meta, part } => self.store.write(vec![Write::ChangeConversation { meta, part }], None),
            Effect::SaveMark { message, mark } => {
                self.store.write(vec![Write::SetMark { conversation, message, mark }], None);
            }
            Effect::SaveSummary(summary) => {
                self.store.write(vec![Write::PutSummary { conversation, summary }], None);
            }
            Effect::DropSummary(id) => self.store.write(vec![Write::DropSummary(id)], None),
            Effect::Index { .. } | Effect::DropIndex | Effect::Embed { .. } | Effect::Search { .. } => {
                self.retrieval.run(conversation, effect, &self.store);
            }
            Effect::StartAttempt { attempt, request } => {
                tracing::info!(%attempt, model = %request.model, messages = request.messages.len(), "attempt started");
                self.streams.start(conversation, attempt, request);
            }
            Effect::CancelAttempt { attempt } => {
                self.streams.cancel(attempt);
                self.retrieval.cancel(attempt);
            }
            Effect::StartTimer { timer, after } => self.timers.start(conversation, timer, self.clock.mono() + after),
            Effect::CancelTimer(timer) => self.timers.cancel(conversation, timer),
            Effect::GatherTools { .. }
            | Effect::CheckCalls { .. }
            | Effect::RunTool { .. }
            | Effect::StopTool { .. }
            | Effect::AllowAlways { .. }
            | Effect::CheckAnswer { .. } => self.toolwork.run(conversation, effect),
            Effect::ApprovalAsked => return Some(ForUser::ApprovalAsked),
            Effect::ReturnQueued(texts) => return Some(ForUser::ReturnQueued(texts)),
            Effect::RememberRefusal { model, field } => return Some(ForUser::RememberRefusal { model, field }),
            Effect::SummaryDue => return Some(ForUser::SummaryDue),
            Effect::Say(text) => return Some(ForUser::Say(text)),
            Effect::TurnEnded => return Some(ForUser::TurnEnded),
        }
        None
    }

    /// One line for each attempt: its model, tokens, cost and time, and never a word of what was said.
    fn log_end(&mut self, closing: &LedgerClosing) {
        let model = self.models.remove(&closing.attempt).map(|model| model.to_string());
        tracing::info!(
            attempt = %closing.attempt,
            model,
            outcome = closing.outcome.as_str(),
            tokens_in = closing.usage.map(|usage| usage.input),
            tokens_out = closing.usage.map(|usage| usage.output),
            pico_usd = closing.cost.map(|cost| cost.0),
            took_ms = closing.took_ms,
            status = closing.status,
            request_id = closing.request_id,
            "attempt ended"
        );
    }

    fn tell_spending(&self, conversation: ConversationId) {
        if self.tells_spending {
            self.query_spend(conversation);
        }
    }

    /// Asks what this chat, this day and this month have cost.
    pub fn query_spend(&self, conversation: ConversationId) {
        let day = self.clock.now().day;
        for scope in [Scope::Conversation(conversation), Scope::Day(day), Scope::Month(day)] {
            self.store.query(Query::Spend { conversation, scope });
        }
    }

    /// Everything that happened since the last time, in the order in which it may be told.
    #[must_use]
    pub fn drain(&mut self) -> Vec<News> {
        let mut news = self.drain_quick();
        let at = self.clock.now();
        let streamed = self.streams.drain().into_iter();
        news.extend(streamed.map(|(conversation, happened)| News::Session(conversation, Event { at, happened })));
        news
    }

    /// The same without what streams: acknowledgements, answers, searches and timers, which are few and never wait for a frame.
    #[must_use]
    pub fn drain_quick(&mut self) -> Vec<News> {
        let at = self.clock.now();
        let mut news: Vec<News> = self.store.drain().into_iter().map(|event| told(event, at)).collect();
        let retrieved = self.retrieval.drain(&self.store).into_iter();
        news.extend(retrieved.map(|(conversation, happened)| News::Session(conversation, Event { at, happened })));
        news.extend(toolwork::news(self.toolwork.drain(), at));
        for (conversation, timer) in self.timers.due(at.mono) {
            news.push(News::Session(conversation, Event { at, happened: Happened::TimerFired(timer) }));
        }
        news
    }

    /// Whether an attempt has just ended or begun to answer, which is worth a frame at once.
    #[must_use]
    pub fn is_urgent(&self) -> bool {
        self.streams.is_urgent()
    }

    /// When the next timer is due, on the monotonic clock.
    #[must_use]
    pub fn next_timer(&self) -> Option<Duration> {
        self.timers.next()
    }

    /// Waits until there may be something to drain.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Whether something that streamed waits to be drained.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        self.streams.has_waiting()
    }

    /// Saves what waits and ends the store's thread. Returns how many writes could not be saved.
    pub fn close(&mut self) -> usize {
        self.store.close()
    }

    /// Whether any attempt, at a reply or at vectors, or any tool is still running.
    #[must_use]
    pub fn is_streaming(&self) -> bool {
        self.streams.is_running() || self.retrieval.is_running() || self.toolwork.is_running()
    }
}

/// What the store says, told to the session it concerns where it concerns one.
fn told(event: StoreEvent, at: Stamp) -> News {
    match event {
        StoreEvent::Committed { conversation, message } => {
            News::Session(conversation, Event { at, happened: Happened::Committed { message } })
        }
        StoreEvent::Booked { conversation, attempt } => {
            News::Session(conversation, Event { at, happened: Happened::Booked { attempt } })
        }
        StoreEvent::Refused { conversation, attempt, refusal } => {
            News::Session(conversation, Event { at, happened: Happened::Refused { attempt, refusal } })
        }
        StoreEvent::CommitFailed { conversation, message, reason } => {
            News::Session(conversation, Event { at, happened: Happened::CommitFailed { message, reason } })
        }
        event => News::Store(event),
    }
}
