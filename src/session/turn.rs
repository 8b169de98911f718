//! One turn, in order: the question is committed, each attempt is booked and made, and there is exactly
//! one end: complete, interrupted or failed.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::{AnswerFormat, AttemptId, Conversation, Message, MessageId, ModelRef, Request, Role, Stamp, Status};

use super::calls::Calls;
use super::effect::Effect;
use super::ending::EndOfReply;
use super::event::Timer;
use super::round::Round;
use super::{Queued, Session};

/// How far a turn has come.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Committing,
    /// The tools that the chat offers are asked for.
    Gathering {
        since: Duration,
    },
    /// Older messages that fit the question are looked for.
    Searching {
        since: Duration,
    },
    Booking,
    Connecting {
        since: Duration,
    },
    Waiting {
        since: Duration,
    },
    Streaming {
        first: Duration,
    },
    Backoff {
        until: Duration,
        why: String,
    },
    /// The reply asks for tools, and its calls are looked at.
    Checking,
    /// Its calls wait for the user's word, or run.
    Calling(Round),
    /// The answer is held against the shape it was asked for in, and ends so where it fits.
    Judging(EndOfReply),
}

/// A running turn.
#[derive(Debug)]
pub(super) struct Turn {
    pub question: MessageId,
    /// The message that the reply follows: the question, or what came between.
    pub parent: MessageId,
    pub reply: MessageId,
    /// The reply that the turn began with: all attempts are booked under it, so that one budget holds for all of them.
    pub first_reply: MessageId,
    pub phase: Phase,
    /// When the present reply was begun.
    pub started: Duration,
    /// When the turn is too long, and since when it only waits for the user, which does not count.
    pub due: Duration,
    pub idle_since: Option<Duration>,
    /// The chat's model, then the fallback chain.
    pub chain: Vec<ModelRef>,
    pub chain_at: usize,
    /// Attempts made at the present model.
    pub tries: u32,
    /// Attempts made in this turn.
    pub attempts: u32,
    /// The attempt that may still change the text.
    pub attempt: Option<AttemptId>,
    /// What the last attempt sends or has sent.
    pub request: Option<Arc<Request>>,
    /// Why each earlier model of the chain did not answer.
    pub passed: Vec<(ModelRef, String)>,
    pub last_content: Duration,
    /// How much of the text and of the reasoning is saved, in bytes.
    pub saved: (usize, usize),
    pub save_armed: bool,
    /// Tokens of what came, in hundredths, estimated.
    pub hundredths: u64,
    pub calls: Calls,
    /// The user sends it whatever the budgets say.
    pub over_budget: bool,
    /// The calls that were made so far, each with its arguments.
    pub made: Vec<(String, String)>,
    /// Calls that could not run.
    pub invalid: u32,
    /// The shape that the running attempt asked for.
    pub format: AnswerFormat,
    /// Whether an answer that did not fit its shape was asked for once more.
    pub mended: bool,
}

impl Turn {
    fn new(question: MessageId, reply: MessageId, chain: Vec<ModelRef>, at: Stamp, longest: Duration) -> Self {
        Self {
            question,
            parent: question,
            reply,
            first_reply: reply,
            phase: Phase::Committing,
            started: at.mono,
            due: at.mono.saturating_add(longest),
            idle_since: None,
            chain,
            chain_at: 0,
            tries: 0,
            attempts: 0,
            attempt: None,
            request: None,
            passed: Vec::new(),
            last_content: at.mono,
            saved: (0, 0),
            save_armed: false,
            hundredths: 0,
            calls: Calls::default(),
            over_budget: false,
            made: Vec::new(),
            invalid: 0,
            format: AnswerFormat::Text,
            mended: false,
        }
    }

    /// Goes on with a fresh reply behind `parent`, by the model that answered last.
    pub fn go_on(&mut self, reply: MessageId, parent: MessageId, at: Stamp) {
        self.reply = reply;
        self.parent = parent;
        self.started = at.mono;
        self.last_content = at.mono;
        self.tries = 0;
        self.attempt = None;
        self.request = None;
        self.saved = (0, 0);
        self.hundredths = 0;
        self.calls = Calls::default();
        self.phase = Phase::Booking;
        // One attempt was let past the budgets, and not all that it leads to.
        self.over_budget = false;
    }

    pub fn model(&self) -> &ModelRef {
        &self.chain[self.chain_at]
    }

    pub const fn has_next_model(&self) -> bool {
        self.chain_at + 1 < self.chain.len()
    }

    /// What the user is told of who answered, and why it ended as it did. "answered by B (A: 503)" stands where
    /// another model than the chat's own has `answered`.
    pub fn note(&self, answered: bool, why: Option<String>) -> Option<String> {
        let passed = |between: &str, after: &str| {
            let each = self.passed.iter().map(|(model, why)| format!("{model}{between}{why}{after}"));
            each.collect::<Vec<_>>().join(", ")
        };
        match why {
            why if self.passed.is_empty() => why,
            None if answered => Some(format!("answered by {} ({})", self.model(), passed(": ", ""))),
            Some(why) if answered => Some(format!("answered by {} ({}). {why}", self.model(), passed(": ", ""))),
            Some(why) => Some(format!("{why} Tried before it: {}.", passed(" (", ")"))),
            None => Some(format!("Tried: {}.", passed(" (", ")"))),
        }
    }
}

impl Session {
    /// Begins a turn: the question first goes to the disk.
    pub(super) fn begin(&mut self, queued: Queued, at: Stamp, out: &mut Vec<Effect>) {
        let Queued { message, reply, text } = queued;
        let parent = self.conversation.leaf().map(|leaf| leaf.id);
        let meta = &mut self.conversation.meta;
        if meta.title.is_empty() && !meta.titled_by_user {
            meta.title = Conversation::title_from(&text);
        }
        meta.updated_ms = meta.updated_ms.max(at.unix_ms);
        let question = Message::text(message, meta.id, parent, Role::User, text, at.unix_ms);
        out.push(Effect::Commit { meta: meta.clone(), message: question.clone() });
        self.saved = true;
        self.over_budget = false;
        self.conversation.push(question);
        self.turn = Some(Turn::new(message, reply, self.chain(), at, self.settings.timeouts.turn));
        out.push(Effect::StartTimer { timer: Timer::Turn, after: self.settings.timeouts.turn });
        self.refresh_plan();
    }

    /// Answers the last question again. The old replies stay; the fresh one stands beside them.
    pub(super) fn retried(&mut self, reply: MessageId, over_budget: bool, at: Stamp, out: &mut Vec<Effect>) {
        if self.turn.is_some() || self.knows(reply) {
            return;
        }
        let Some((_, question)) = self.last_question() else {
            out.push(Effect::Say("There is no question to answer again yet.".to_owned()));
            return;
        };
        let turn = Turn::new(question, reply, self.chain(), at, self.settings.timeouts.turn);
        // What tools did is not done again where only the answer to it is missing.
        let parent = self.unanswered_result().unwrap_or(question);
        self.turn = Some(Turn { parent, over_budget, ..turn });
        self.over_budget = false;
        out.push(Effect::StartTimer { timer: Timer::Turn, after: self.settings.timeouts.turn });
        self.refresh_plan();
        self.open_reply(at, out);
    }

    pub(super) fn committed(&mut self, message: MessageId, at: Stamp, out: &mut Vec<Effect>) {
        if self.is_committing(message) {
            self.open_reply(at, out);
        }
    }

    /// The question will never be on disk: nothing is sent.
    pub(super) fn commit_failed(&mut self, message: MessageId, reason: String, at: Stamp, out: &mut Vec<Effect>) {
        if !self.is_committing(message) {
            return;
        }
        let end = EndOfReply { note: Some(reason), ..EndOfReply::default() };
        let from = out.len();
        self.end_turn(Status::Failed, end, at, out);
        // A reply to a question that is not in the store has no place there, either.
        let mut ends = out.split_off(from);
        ends.retain(|effect| !matches!(effect, Effect::AddReply(_) | Effect::FinishReply(_)));
        out.append(&mut ends);
    }

    fn is_committing(&self, message: MessageId) -> bool {
        self.turn.as_ref().is_some_and(|turn| turn.question == message && matches!(turn.phase, Phase::Committing))
    }

    fn open_reply(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        self.push_reply(at, out);
        self.gather_or_search(at, out);
    }

    /// The tool's result that the last reply, of which nothing came, was to answer.
    fn unanswered_result(&self) -> Option<MessageId> {
        let leaf = self.conversation.leaf().filter(|leaf| leaf.role == Role::Assistant && !leaf.has_substance())?;
        let parent = leaf.parent.and_then(|parent| self.conversation.get(parent))?;
        (parent.role == Role::Tool).then_some(parent.id)
    }

    /// Puts the reply, still empty, behind its question.
    pub(super) fn push_reply(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let reply =
            Message::reply(turn.reply, self.conversation.meta.id, turn.parent, turn.model().clone(), at.unix_ms);
        out.push(Effect::AddReply(reply.clone()));
        self.conversation.push(reply);
    }

    /// The chat's model and the fallbacks, each once.
    fn chain(&self) -> Vec<ModelRef> {
        let mut chain = vec![self.meta().model.clone()];
        for model in &self.settings.fallback {
            if !chain.contains(model) {
                chain.push(model.clone());
            }
        }
        chain
    }
}
