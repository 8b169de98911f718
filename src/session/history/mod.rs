//! Which messages of a conversation a request carries. A strategy chooses; it never alters.
//! One strategy a file.

pub mod latest;
mod plan;

pub use plan::{Plan, Standing};

use crate::chat::{Conversation, ModelSpec, Role, Settings, Status};

/// What a strategy chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// The position in the shown path from which on messages are sent; all before are left out.
    pub first_sent: usize,
    /// About how many tokens the request will have, the system prompt included.
    pub tokens: u64,
}

/// The most tokens of input that fit: the model's window less the room for the answer, and never more than configured.
#[must_use]
pub fn limit(spec: &ModelSpec, settings: &Settings, max_tokens: Option<u32>) -> u64 {
    let answer = u64::from(max_tokens.or(spec.max_output).unwrap_or(4_096));
    match spec.context_window {
        // A window smaller than the asked answer still has to hold a question.
        Some(window) => settings.max_context_tokens.min(window.saturating_sub(answer).max(window / 2)),
        None => settings.max_context_tokens,
    }
}

/// Whether the message at `at` of the path is sent at all: not a reply of which nothing came, not a
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
