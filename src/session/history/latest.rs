//! Sends the last messages, as many as fit; the oldest are left out.

use crate::chat::{Conversation, MessageId, Role};
use crate::session::tokens;

use super::{Choice, is_sent};

/// Chooses from the end back until `limit` tokens are used. Always keeps the last question, never begins
/// with a reply or a tool's result, and never parts a tool call from its result.
/// `count` gives a message's tokens (from a cache).
pub fn choose(
    conversation: &Conversation,
    system: &str,
    limit: u64,
    mut count: impl FnMut(MessageId) -> u64,
) -> Choice {
    let fixed =
        tokens::PER_REQUEST + if system.trim().is_empty() { 0 } else { tokens::estimate(system) + tokens::PER_MESSAGE };
    let question = conversation.path().rposition(|message| message.role == Role::User);
    let mut choice = Choice { first_sent: conversation.len(), tokens: fixed };
    let mut used = fixed;
    for at in (0..conversation.len()).rev() {
        let Some(message) = conversation.at(at) else { break };
        if is_sent(conversation, at, question) {
            used = used.saturating_add(count(message.id));
        }
        let must_stay = question.is_some_and(|question| at >= question);
        if used > limit && !must_stay {
            break;
        }
        // Only a question can be the first message, so what is chosen grows by whole turns.
        if message.role == Role::User || must_stay {
            choice = Choice { first_sent: at, tokens: used };
        }
    }
    if choice.first_sent == conversation.len() {
        choice.first_sent = 0;
    }
    choice
}
