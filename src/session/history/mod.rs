//! Which messages of a conversation a request carries. A strategy chooses; it never alters. One strategy a file;
//! what they share (weights, marks, the plan) stands beside them.

mod full;
mod marks;
mod plan;
pub mod retrieve;
pub mod summarise;
mod truncate;
mod weights;

use crate::chat::context::{History, Strategy};
use crate::chat::{Conversation, MessageId, ModelSpec, Role, Settings, Status};
use crate::session::tokens;

use crate::session::event::Found;

pub use plan::{Plan, Standing};
pub use truncate::Limits;
pub use weights::Weights;

/// What a request is planned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aim {
    /// The next message, of which so many tokens are written. It stands behind all that is shown.
    Next { draft: u64 },
    /// An answer to the question at this place of the path.
    /// With all that stands behind it up to `last`: what it asked of tools, and what came of that.
    Answer { question: usize, last: usize },
}

/// All that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    pub conversation: &'a Conversation,
    /// The chat's own choice, with the general settings beneath it.
    pub history: History,
    pub aim: Aim,
    /// The most tokens of input, in the weights' own measure.
    pub limit: u64,
    /// What a search brought, best first; empty where there was none.
    pub found: &'a [Found],
    /// The first message that was sent last time: while what follows it fits, it stays the first.
    pub cut: Option<MessageId>,
    /// Tokens of what goes into every request besides messages.
    pub overhead: u64,
}

/// Plans a request; `weights` are up to date with [`Situation::settled`].
#[must_use]
pub fn plan(situation: &Situation<'_>, weights: &Weights) -> Plan {
    match situation.history.strategy {
        Strategy::Full => full::plan(situation, weights),
        Strategy::Truncate => truncate::plan(situation, weights),
        Strategy::Summarise => summarise::plan(situation, weights),
        Strategy::Retrieve => retrieve::plan(situation, weights),
    }
}

/// The cut that following a conversation from its first question would have led to.
#[must_use]
pub fn replayed_cut(situation: &Situation<'_>, weights: &Weights) -> Option<MessageId> {
    match situation.history.strategy {
        Strategy::Full => None,
        Strategy::Truncate | Strategy::Summarise => truncate::replay(situation, weights, situation.limit),
        Strategy::Retrieve => truncate::replay(situation, weights, retrieve::tail_limit(situation.limit)),
    }
}

/// Where what is planned ends.
#[derive(Debug, Clone, Copy)]
struct End {
    /// Before this place nothing changes any more.
    settled: usize,
    /// The last message that may be sent stands before this place.
    before: usize,
    /// The question that is answered, where it stands already.
    question: Option<usize>,
    /// What the question weighs that does not stand yet.
    pending: u64,
}

impl Situation<'_> {
    /// How many messages of the path do not change any more, whatever comes of what is planned.
    #[must_use]
    pub fn settled(&self) -> usize {
        self.end().settled
    }

    fn end(&self) -> End {
        let conversation = self.conversation;
        match self.aim {
            Aim::Next { draft } => {
                let settled = conversation.path().rposition(|message| message.role == Role::User).unwrap_or(0);
                let pending = if draft == 0 { 0 } else { draft.saturating_add(tokens::PER_MESSAGE) };
                End { settled, before: conversation.len(), question: None, pending }
            }
            Aim::Answer { question, last } => {
                End { settled: question, before: last.max(question) + 1, question: Some(question), pending: 0 }
            }
        }
    }

    /// The summary that is in force: its id, how many messages it covers, and what it weighs.
    fn summary(&self) -> Option<(MessageId, usize, u64)> {
        let conversation = self.conversation;
        let most = self.end().question.unwrap_or(conversation.len());
        conversation.notes.summaries.iter().rev().find_map(|summary| {
            let covered = conversation.position(summary.upto)? + 1;
            (covered <= most).then(|| (summary.id, covered, of_summary(&summary.text)))
        })
    }

    /// The summary in force, and how many messages it covers.
    #[must_use]
    pub fn summary_in_force(&self) -> Option<(MessageId, usize)> {
        self.summary().map(|(id, covered, _)| (id, covered))
    }

    /// What every request weighs, whatever is chosen: its frame, the system prompt, the summary.
    fn fixed(&self) -> u64 {
        let system = &self.conversation.meta.system;
        let prompt = if system.trim().is_empty() { 0 } else { tokens::estimate(system) + tokens::PER_MESSAGE };
        tokens::PER_REQUEST + self.overhead + prompt + self.summary().map_or(0, |(_, _, weight)| weight)
    }
}

/// What stands before a summary where it is sent.
pub const SUMMARY_INTRODUCTION: &str = "Summary of the conversation so far, in place of its earlier messages:\n\n";

/// What a summary weighs in a request.
#[must_use]
pub fn of_summary(text: &str) -> u64 {
    tokens::estimate(SUMMARY_INTRODUCTION) + tokens::estimate(text) + tokens::PER_MESSAGE
}

/// The most tokens of input that the model takes beside its answer; `u64::MAX` where its window is unknown. The
/// answer may have to make do with a quarter of the window.
#[must_use]
pub fn room(spec: &ModelSpec, max_tokens: Option<u32>) -> u64 {
    let Some(window) = spec.context_window else { return u64::MAX };
    window.saturating_sub(answer(spec, max_tokens).min(window / 4))
}

/// The most tokens of input that a strategy sends: the model's window less the room for the answer, and, but for
/// the one that sends all, never more than configured.
#[must_use]
pub fn limit(spec: &ModelSpec, settings: &Settings, history: &History, max_tokens: Option<u32>) -> u64 {
    if history.strategy == Strategy::Full {
        return room(spec, max_tokens);
    }
    let configured = history.max_tokens.unwrap_or(settings.max_context_tokens);
    match spec.context_window {
        // A window smaller than the asked answer still has to hold a question.
        Some(window) => configured.min(window.saturating_sub(answer(spec, max_tokens)).max(window / 2)),
        None => configured,
    }
}

fn answer(spec: &ModelSpec, max_tokens: Option<u32>) -> u64 {
    u64::from(max_tokens.or(spec.max_output).unwrap_or(4_096))
}

/// Whether the message at `at` of the path can be sent at all: not a reply of which nothing came, not a
/// question that failed and was not retried.
#[must_use]
pub fn is_sent(conversation: &Conversation, at: usize, answered: Option<usize>) -> bool {
    let Some(message) = conversation.at(at) else { return false };
    match message.role {
        Role::Assistant => {
            // Reasoning alone is nothing that can be sent back.
            message.status != Status::Failed && (!message.content.is_empty() || !message.tool_calls.is_empty())
        }
        Role::User => answered == Some(at) || !conversation.is_failed_question(at),
        _ => true,
    }
}
