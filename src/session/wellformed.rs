//! Makes every request valid whatever happened before: providers answer 400 to one dangling tool call,
//! for ever after.

use std::collections::HashSet;

use crate::chat::{Conversation, Message, RequestMessage, Role};

use super::history::is_sent;

/// What a tool call is answered with when no result of it is there.
const NO_RESULT: &str = "This tool call was cancelled before it gave a result.";

/// The messages to send: the system prompt, then the path from `first_sent` up to and with the question at
/// `question`. Neighbouring messages of the user are joined, since some providers want the roles to alternate.
#[must_use]
pub fn messages(conversation: &Conversation, system: &str, first_sent: usize, question: usize) -> Vec<RequestMessage> {
    let mut out = Vec::new();
    if !system.trim().is_empty() {
        out.push(RequestMessage::text(Role::System, system));
    }
    let sent: Vec<&Message> = (first_sent..=question)
        .filter(|at| is_sent(conversation, *at, Some(question)))
        .filter_map(|at| conversation.at(at))
        .collect();
    for (position, message) in sent.iter().enumerate() {
        match message.role {
            Role::User => push_user(&mut out, &message.content),
            Role::Assistant => {
                out.push(RequestMessage {
                    role: Role::Assistant,
                    content: message.content.clone(),
                    tool_calls: message.tool_calls.clone(),
                    tool_call_id: None,
                });
                push_results(&mut out, message, &sent[position + 1..]);
            }
            // Results are placed right behind their calls; one without a call is dropped.
            Role::Tool => {}
            Role::System => out.push(RequestMessage::text(Role::System, message.content.clone())),
        }
    }
    out
}

fn push_user(out: &mut Vec<RequestMessage>, text: &str) {
    match out.last_mut() {
        Some(last) if last.role == Role::User => {
            last.content.push_str("\n\n");
            last.content.push_str(text);
        }
        _ => out.push(RequestMessage::text(Role::User, text)),
    }
}

fn push_results(out: &mut Vec<RequestMessage>, reply: &Message, later: &[&Message]) {
    let results: Vec<&&Message> = later.iter().take_while(|message| message.role == Role::Tool).collect();
    let mut answered = HashSet::new();
    for call in &reply.tool_calls {
        if !answered.insert(call.id.as_str()) {
            continue;
        }
        let found = results.iter().find(|result| result.tool_call_id.as_deref() == Some(call.id.as_str()));
        out.push(RequestMessage {
            role: Role::Tool,
            content: found.map_or_else(|| NO_RESULT.to_owned(), |result| result.content.clone()),
            tool_calls: Vec::new(),
            tool_call_id: Some(call.id.clone()),
        });
    }
}
