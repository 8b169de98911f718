//! One turn, in order: the question is committed, each attempt is booked and made, and there is exactly
//! one end: complete, interrupted or failed.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::{
    AttemptId, Conversation, FinishReason, Message, MessageId, ModelRef, PicoUsd, Request, Role, Stamp, Status, Usage,
};

use super::calls::Calls;
use super::effect::Effect;
use super::event::Timer;
use super::{Queued, Session};

/// How far a turn has come.
#[derive(Debug, Clone)]
pub(super) enum Phase {
    Committing,
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
}

/// A running turn.
#[derive(Debug)]
pub(super) struct Turn {
    pub question: MessageId,
    pub reply: MessageId,
    pub phase: Phase,
    pub started: Duration,
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
}

impl Turn {
    fn new(question: MessageId, reply: MessageId, chain: Vec<ModelRef>, at: Stamp) -> Self {
        Self {
            question,
            reply,
            phase: Phase::Committing,
            started: at.mono,
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
        }
    }

    pub fn model(&self) -> &ModelRef {
        &self.chain[self.chain_at]
    }

    pub const fn has_next_model(&self) -> bool {
        self.chain_at + 1 < self.chain.len()
    }

    /// What the user is told of who answered, and why it ended as it did. "answered by B (A: 503)" stands where
    /// another model than the chat's own has `answered`.
    fn note(&self, answered: bool, why: Option<String>) -> Option<String> {
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

/// What a reply ends with.
#[derive(Debug, Clone, Default)]
pub(super) struct EndOfReply {
    pub finish: Option<FinishReason>,
    pub usage: Option<Usage>,
    pub cost: Option<PicoUsd>,
    pub note: Option<String>,
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
        self.turn = Some(Turn::new(message, reply, self.chain(), at));
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
        self.turn = Some(Turn { over_budget, ..Turn::new(question, reply, self.chain(), at) });
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
        self.search_or_attempt(at, out);
    }

    /// Puts the reply, still empty, behind its question.
    fn push_reply(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        let Some(turn) = &self.turn else { return };
        let reply =
            Message::reply(turn.reply, self.conversation.meta.id, turn.question, turn.model().clone(), at.unix_ms);
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

    /// The user stopped the reply.
    pub(super) fn stopped(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        if self.turn.is_none() {
            self.stop_summary(out);
            return;
        }
        self.cancel_attempt(out);
        let end = EndOfReply { usage: self.estimate_so_far(), ..EndOfReply::default() };
        let cost = self.cost_of(end.usage.as_ref());
        self.end_turn(Status::Interrupted, EndOfReply { cost, ..end }, at, out);
    }

    /// The conversation is left: nothing of it runs on.
    pub(super) fn left(&mut self, at: Stamp, out: &mut Vec<Effect>) {
        self.stopped(at, out);
        self.stop_summary(out);
        self.stop_search(out);
        self.drop_index(out);
    }

    /// Lets go of the running attempt; its ledger row is closed when its end is told.
    pub(super) fn cancel_attempt(&mut self, out: &mut Vec<Effect>) {
        self.let_go_of_search(out);
        let Some(turn) = &mut self.turn else { return };
        let Some(attempt) = turn.attempt.take() else { return };
        // While it is being booked it has not been started; `booked` closes it.
        if !matches!(turn.phase, Phase::Booking) {
            out.push(Effect::CancelAttempt { attempt });
        }
    }

    /// The one end of a turn: the reply is saved as it is for good, and what waits is begun or given back.
    pub(super) fn end_turn(&mut self, status: Status, end: EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        if self.turn.as_ref().is_some_and(|turn| matches!(turn.phase, Phase::Committing)) {
            // Every turn has a reply to end in, even where the disk has not answered yet.
            self.push_reply(at, out);
        }
        let Some(mut turn) = self.turn.take() else { return };
        let took = at.mono.saturating_sub(turn.started).as_millis() as u64;
        let note = end.note.clone();
        if let Some(reply) = self.conversation.get_mut(turn.reply) {
            reply.tool_calls = std::mem::take(&mut turn.calls).finish();
            reply.status = status;
            reply.finish = end.finish;
            reply.usage = end.usage;
            reply.cost = end.cost;
            reply.took_ms = Some(took);
            reply.note = turn.note(reply.has_substance() || status == Status::Complete, end.note);
            out.push(Effect::FinishReply(reply.clone()));
        }
        let timers = [Timer::FirstToken, Timer::Fallback, Timer::Silence, Timer::Turn, Timer::Backoff, Timer::Save];
        for timer in timers.into_iter().chain([Timer::Search]) {
            out.push(Effect::CancelTimer(timer));
        }
        out.push(Effect::TurnEnded);
        if status != Status::Complete {
            self.show_older_reply(turn.reply, note, out);
        }
        self.refresh_plan();
        if status == Status::Complete {
            self.index(out);
            if self.is_summary_due() {
                out.push(Effect::SummaryDue);
            }
            if let Some(next) = self.queue.pop_front() {
                self.begin_if_it_fits(next, at, out);
            }
        } else if !self.queue.is_empty() {
            out.push(Effect::ReturnQueued(self.queue.drain(..).map(|queued| queued.text).collect()));
        }
    }

    /// A regeneration of which nothing came leaves the old reply on screen, and says why it is there.
    fn show_older_reply(&mut self, failed: MessageId, note: Option<String>, out: &mut Vec<Effect>) {
        let shown = self.conversation.best_sibling(failed);
        if shown != failed {
            self.conversation.activate(shown);
            let why = note.unwrap_or_default();
            out.push(Effect::Say(format!("No new reply; the earlier one is still here. {why}").trim_end().to_owned()));
        }
    }
}
