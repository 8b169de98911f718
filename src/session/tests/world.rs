//! A small world around a session: it runs effects as the runtime would, keeps a store, a ledger and timers, and
//! holds every effect to the protocol.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

pub use super::fixtures::*;
pub use super::toolbox::*;
use crate::chat::budget::Refusal;
use crate::chat::embedding::EmbeddingRequest;
use crate::chat::ledger::{LedgerClosing, LedgerOpening, Purpose};
use crate::chat::*;
use crate::session::{Effect, Event, Happened, RankedBy, Session, Timer};

pub struct World {
    pub session: Session,
    pub now: Duration,
    pub next_id: u128,
    /// Whether the store answers at once.
    pub store_answers: bool,
    pub waiting: VecDeque<Happened>,
    pub committed: BTreeSet<MessageId>,
    pub added: BTreeSet<MessageId>,
    pub chunks: HashMap<MessageId, (String, String)>,
    pub finished: HashMap<MessageId, Message>,
    pub opened: BTreeMap<AttemptId, LedgerOpening>,
    pub closed: BTreeMap<AttemptId, LedgerClosing>,
    pub started: Vec<(AttemptId, Arc<Request>)>,
    pub cancelled: BTreeSet<AttemptId>,
    pub timers: BTreeMap<Timer, Duration>,
    pub returned: Vec<String>,
    pub said: Vec<String>,
    /// Marks and summaries as the store has them.
    pub notes: ContextNotes,
    pub indexes: usize,
    pub embedded: Vec<(AttemptId, Arc<EmbeddingRequest>)>,
    pub searches: Vec<(MessageId, RankedBy)>,
    /// The id that a summary which is due gets; where it is `None`, nobody answers.
    pub summarises: bool,
    /// Whether the day's budget is used up but for half a rupee.
    pub refuses: bool,
    /// The caps that were asked for last.
    pub caps: Vec<Cap>,
    pub tools: Tools,
}

impl World {
    pub fn new() -> Self {
        Self::with(Settings::default())
    }

    /// With `b` and `c` to fall back to.
    pub fn with_fallback() -> Self {
        Self::with(Settings { fallback: vec![b(), c()], ..Settings::default() })
    }

    pub fn with(settings: Settings) -> Self {
        Self::over(Conversation::new(meta()), settings, catalogue())
    }

    pub fn over(conversation: Conversation, settings: Settings, catalogue: Catalogue) -> Self {
        let saved = !conversation.is_empty();
        Self {
            session: Session::new(conversation, saved, Arc::new(settings), Arc::new(catalogue)),
            now: Duration::from_secs(1_000),
            next_id: 1_000,
            store_answers: true,
            waiting: VecDeque::new(),
            committed: BTreeSet::new(),
            added: BTreeSet::new(),
            chunks: HashMap::new(),
            finished: HashMap::new(),
            opened: BTreeMap::new(),
            closed: BTreeMap::new(),
            started: Vec::new(),
            cancelled: BTreeSet::new(),
            timers: BTreeMap::new(),
            returned: Vec::new(),
            said: Vec::new(),
            notes: ContextNotes::default(),
            indexes: 0,
            embedded: Vec::new(),
            searches: Vec::new(),
            summarises: true,
            refuses: false,
            caps: Vec::new(),
            tools: Tools::default(),
        }
    }

    pub fn fresh(&mut self) -> MessageId {
        self.next_id += 1;
        id(self.next_id)
    }

    /// Tells the session what happened, runs what it asks for, and gives what it asked for at first.
    pub fn happen(&mut self, happened: Happened) -> Vec<Effect> {
        let effects = self.session.handle(Event { at: Stamp::fixed(self.now), happened });
        for effect in &effects {
            self.run(effect);
        }
        if self.store_answers {
            self.answer_store();
        }
        effects
    }

    /// Lets the store answer whatever it was asked.
    pub fn answer_store(&mut self) {
        while let Some(answer) = self.waiting.pop_front() {
            for effect in self.session.handle(Event { at: Stamp::fixed(self.now), happened: answer }) {
                self.run(&effect);
            }
        }
    }

    fn run(&mut self, effect: &Effect) {
        match effect {
            Effect::Commit { message, .. } => {
                assert!(self.committed.insert(message.id), "a question is committed once");
                self.waiting.push_back(Happened::Committed { message: message.id });
            }
            Effect::AddReply(reply) => {
                assert!(self.added.insert(reply.id), "a reply is added once");
                assert_eq!(reply.status, Status::Streaming);
            }
            Effect::Reserve { opening, caps } if self.refuses && !caps.is_empty() => {
                self.caps.clone_from(caps);
                let cap = *caps.iter().find(|cap| matches!(cap.scope, Scope::Day(_))).expect("a day's cap");
                let refusal = Refusal::OverBudget { cap, used: Local::from_micro(49_500_000) };
                self.waiting.push_back(Happened::Refused { attempt: opening.attempt, refusal });
            }
            Effect::Book(opening) => self.open_row(opening, Vec::new()),
            Effect::Reserve { opening, caps } => self.open_row(opening, caps.clone()),
            Effect::StartAttempt { attempt, request } => {
                assert!(self.opened.contains_key(attempt), "the row is opened before the attempt is made");
                assert!(!self.closed.contains_key(attempt));
                assert!(!self.started.iter().any(|(other, _)| other == attempt), "an attempt is made once");
                self.started.push((*attempt, Arc::clone(request)));
            }
            Effect::CancelAttempt { attempt } => {
                let is_started = self.started.iter().any(|(other, _)| other == attempt);
                let is_embedding = self.embedded.iter().any(|(other, _)| other == attempt);
                assert!(is_started || is_embedding, "only what runs is cancelled");
                assert!(!self.closed.contains_key(attempt), "only what runs is cancelled");
                assert!(self.cancelled.insert(*attempt), "an attempt is cancelled once");
            }
            Effect::CloseAttempt(closing) => {
                assert!(self.opened.contains_key(&closing.attempt), "only an open row is closed");
                assert!(self.closed.insert(closing.attempt, closing.clone()).is_none(), "a row is closed once");
            }
            Effect::SaveChunk { message, text, reasoning } => {
                assert!(self.added.contains(message) && !self.finished.contains_key(message));
                let chunks = self.chunks.entry(*message).or_default();
                chunks.0.push_str(text);
                chunks.1.push_str(reasoning);
            }
            Effect::FinishReply(reply) => self.finish_reply(reply),
            Effect::StartTimer { timer, after } => {
                self.timers.insert(*timer, self.now + *after);
            }
            Effect::CancelTimer(timer) => {
                self.timers.remove(timer);
            }
            Effect::ReturnQueued(texts) => self.returned.extend(texts.iter().cloned()),
            Effect::Say(sentence) => self.said.push(sentence.clone()),
            Effect::TurnEnded => assert!(!self.added.iter().any(|id| !self.finished.contains_key(id))),
            Effect::SaveMeta { .. } | Effect::RememberRefusal { .. } | Effect::DropIndex => {}
            _ => self.run_beside(effect),
        }
    }

    fn open_row(&mut self, opening: &LedgerOpening, caps: Vec<Cap>) {
        self.caps = caps;
        let is_of_a_reply = self.added.contains(&opening.attempt.reply);
        assert!(is_of_a_reply || opening.purpose != Purpose::Chat, "an attempt belongs to a saved reply");
        let earlier = self.opened.insert(opening.attempt, opening.clone());
        assert!(earlier.is_none(), "a row is opened once");
        self.waiting.push_back(Happened::Booked { attempt: opening.attempt });
    }

    /// What concerns marks, summaries, the search and tools.
    fn run_beside(&mut self, effect: &Effect) {
        match effect {
            Effect::SaveMark { message, mark: Some(mark) } => {
                self.notes.marks.insert(*message, *mark);
            }
            Effect::SaveMark { message, mark: None } => {
                self.notes.marks.remove(message);
            }
            Effect::SaveSummary(summary) => {
                match self.notes.summaries.iter_mut().find(|other| other.id == summary.id) {
                    Some(kept) => *kept = summary.clone(),
                    None => self.notes.summaries.push(summary.clone()),
                }
            }
            Effect::DropSummary(id) => self.notes.summaries.retain(|summary| summary.id != *id),
            Effect::SummaryDue if self.summarises => {
                let id = self.fresh();
                self.waiting.push_back(Happened::SummariseAsked { id, automatic: true });
            }
            Effect::Index { .. } => self.indexes += 1,
            Effect::Embed { attempt, request, .. } => {
                assert!(self.opened.contains_key(attempt) && !self.closed.contains_key(attempt));
                self.embedded.push((*attempt, Arc::clone(request)));
            }
            Effect::Search { question, by, .. } => self.searches.push((*question, by.clone())),
            _ => {
                let fresh = [(); 27].map(|()| self.fresh());
                self.waiting.extend(self.tools.run(effect, &fresh));
            }
        }
    }

    fn finish_reply(&mut self, reply: &Message) {
        assert!(self.added.contains(&reply.id), "only what was added is finished");
        assert_ne!(reply.status, Status::Streaming);
        let (text, reasoning) = self.chunks.entry(reply.id).or_default();
        assert!(reply.content.starts_with(text.as_str()), "the chunks are the beginning of the reply, once each");
        assert!(reply.reasoning.starts_with(reasoning.as_str()));
        assert!(self.finished.insert(reply.id, reply.clone()).is_none(), "a reply is finished once");
    }

    /// Sends a message.
    pub fn ask(&mut self, text: &str) -> Vec<Effect> {
        let (message, reply) = (self.fresh(), self.fresh());
        self.happen(Happened::Submitted { message, reply, text: text.into() })
    }

    pub fn retry_over_budget(&mut self) -> Vec<Effect> {
        let reply = self.fresh();
        self.happen(Happened::Retried { reply, over_budget: true })
    }

    /// Sets a budget that nothing here comes near.
    pub fn set_budget(&mut self) {
        let budgets = Budgets { day: Some(Local::from_micro(1_000_000_000_000)), ..Budgets::default() };
        self.session.set_settings(Arc::new(Settings { budgets, ..self.session.settings().clone() }));
    }

    pub fn retry(&mut self) -> Vec<Effect> {
        let reply = self.fresh();
        self.happen(Happened::Retried { reply, over_budget: false })
    }

    pub fn stop(&mut self) -> Vec<Effect> {
        self.happen(Happened::Stopped)
    }

    /// The attempt that was started last.
    pub fn attempt(&self) -> AttemptId {
        self.started.last().expect("an attempt was made").0
    }

    /// What was sent last.
    pub fn request(&self) -> Arc<Request> {
        Arc::clone(&self.started.last().expect("an attempt was made").1)
    }

    pub fn models_asked(&self) -> Vec<ModelRef> {
        self.started.iter().map(|(_, request)| request.model.clone()).collect()
    }

    pub fn open(&mut self) -> Vec<Effect> {
        let attempt = self.attempt();
        self.happen(Happened::Opened { attempt, limits: RateLimits::default() })
    }

    pub fn text(&mut self, text: &str) -> Vec<Effect> {
        let attempt = self.attempt();
        self.happen(Happened::TextArrived { attempt, text: text.into() })
    }

    pub fn end(&mut self, report: Report) -> Vec<Effect> {
        let attempt = self.attempt();
        self.happen(Happened::Ended { attempt, report, jitter: JITTER })
    }

    pub fn finish(&mut self, usage: Option<Usage>) -> Vec<Effect> {
        self.end(Report { usage, ..Report::bare(Ending::Finished(FinishReason::Stop)) })
    }

    pub fn fail(&mut self, failure: Failure) -> Vec<Effect> {
        self.end(Report::bare(Ending::Failed(failure)))
    }

    /// A whole turn that goes well.
    pub fn exchange(&mut self, question: &str, answer: &str) {
        self.ask(question);
        self.text(answer);
        self.finish(Some(usage(10, 5)));
    }

    /// Lets time pass, and tells the timers that fall due, in order.
    pub fn wait(&mut self, span: Duration) {
        let until = self.now + span;
        while let Some((timer, due)) = self
            .timers
            .iter()
            .map(|(timer, due)| (*timer, *due))
            .min_by_key(|(_, due)| *due)
            .filter(|(_, due)| *due <= until)
        {
            self.now = self.now.max(due);
            self.timers.remove(&timer);
            self.happen(Happened::TimerFired(timer));
        }
        self.now = until;
    }

    /// How long until `timer` fires.
    pub fn due_in(&self, timer: Timer) -> Option<Duration> {
        self.timers.get(&timer).map(|due| due.saturating_sub(self.now))
    }

    /// The last message on screen.
    pub fn shown(&self) -> &Message {
        self.session.conversation().leaf().expect("something is shown")
    }

    pub fn note(&self) -> &str {
        self.shown().note.as_deref().unwrap_or_default()
    }

    /// The questions and replies of the last request, without the system prompt.
    pub fn sent_texts(&self) -> Vec<String> {
        let request = self.request();
        request.messages.iter().filter(|m| m.role != Role::System).map(|m| m.content.clone()).collect()
    }

    /// Holds the finished messages to what was saved of them.
    pub fn assert_finished_never_change(&self) {
        for (id, saved) in &self.finished {
            assert_eq!(self.session.conversation().get(*id), Some(saved));
        }
    }

    /// Nothing runs and nothing is left open.
    pub fn assert_at_rest(&self) {
        assert!(!self.session.is_busy());
        assert_eq!(self.timers, BTreeMap::new(), "no timer runs on");
        let open: Vec<_> = self.opened.keys().filter(|id| !self.closed.contains_key(id)).collect();
        assert!(open.is_empty(), "every row is closed: {open:?}");
        assert!(self.added.iter().all(|id| self.finished.contains_key(id)), "every reply is finished");
        assert_eq!(self.session.queued().len(), 0);
        assert!(self.tools.running.is_empty(), "no tool runs on: {:?}", self.tools.running);
        self.assert_finished_never_change();
    }
}
