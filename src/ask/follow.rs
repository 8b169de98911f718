//! What has been told of a turn: how far its reply was shown, which calls were made, what it cost. Owns that nothing is
//! told twice; refuses to tell anything itself.

use crate::chat::{Message, MessageId, Role};

use super::account::{Call, Tally};

/// How far a turn was followed.
#[derive(Debug, Default)]
pub struct Follow {
    /// The reply that is being made, or was made last.
    pub reply: Option<MessageId>,
    /// Bytes of its text and of its reasoning that were told.
    told: (usize, usize),
    /// Whether a request left for it.
    pub was_sent: bool,
    pub tally: Tally,
    pub calls: Vec<Call>,
    /// The message that will hold each call's result, in the same order.
    results: Vec<MessageId>,
    /// Calls of the present round begin here.
    round: usize,
    /// The attempt that is waited for again, so that each wait is told once.
    pub waits_for: Option<u32>,
}

impl Follow {
    /// Goes on with another reply.
    pub fn begin(&mut self, reply: MessageId) {
        self.reply = Some(reply);
        self.told = (0, 0);
        self.was_sent = false;
    }

    /// From where on the text of the reply is new; `None`: nothing is.
    pub fn new_text(&mut self, reply: &Message) -> Option<usize> {
        let from = std::mem::replace(&mut self.told.0, reply.content.len());
        (from < reply.content.len()).then_some(from)
    }

    /// The same of its reasoning.
    pub fn new_reasoning(&mut self, reply: &Message) -> Option<usize> {
        let from = std::mem::replace(&mut self.told.1, reply.reasoning.len());
        (from < reply.reasoning.len()).then_some(from)
    }

    /// Takes down the calls of a reply, by the messages that will hold their results.
    pub fn begin_round(&mut self, reply: &Message, results: &[MessageId]) -> &[Call] {
        self.round = self.calls.len();
        for (call, result) in reply.tool_calls.iter().zip(results) {
            self.calls.push(Call {
                name: call.name.clone(),
                arguments: call.arguments.clone(),
                status: None,
                result: String::new(),
                note: None,
                took_ms: None,
            });
            self.results.push(*result);
        }
        &self.calls[self.round..]
    }

    /// The call whose result a message will hold.
    pub fn call(&self, result: MessageId) -> Option<&Call> {
        let at = self.results.iter().position(|id| *id == result)?;
        self.calls.get(at)
    }

    /// Takes down the result of a call.
    pub fn end_call(&mut self, message: &Message) -> Option<&Call> {
        if message.role != Role::Tool {
            return None;
        }
        let at = self.results.iter().position(|id| *id == message.id)?;
        let call = self.calls.get_mut(at)?;
        call.status = Some(message.status);
        call.result.clone_from(&message.content);
        call.note.clone_from(&message.note);
        call.took_ms = message.took_ms;
        Some(call)
    }

    /// Whether several calls were made together.
    pub fn is_round_of_several(&self) -> bool {
        self.calls.len() - self.round > 1
    }
}
