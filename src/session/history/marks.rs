//! What the user decided of single messages, as places on the path. A reply without its question, or a tool's result
//! without its call, is nothing that can be sent: marks are read so that turns stay whole.

use std::collections::BTreeSet;
use std::ops::Range;

use crate::chat::{Conversation, Mark, Role};

/// Whether the user left the message at `at` out: by itself, with its question, or with the call that it is a result
/// of. The question that is answered is never left out.
#[must_use]
pub fn is_left_out(conversation: &Conversation, at: usize, answered: Option<usize>) -> bool {
    let notes = &conversation.notes;
    if notes.marks.is_empty() || answered == Some(at) {
        return false;
    }
    let has_mark =
        |at: usize| conversation.at(at).is_some_and(|message| notes.marks.get(&message.id) == Some(&Mark::LeftOut));
    if has_mark(at) {
        return true;
    }
    let Some(message) = conversation.at(at).filter(|message| message.role != Role::User) else { return false };
    if message.role == Role::Tool {
        let call = (0..at).rev().find(|before| conversation.at(*before).is_none_or(|other| other.role != Role::Tool));
        if call.is_some_and(|call| answered != Some(call) && has_mark(call)) {
            return true;
        }
    }
    let question = turn(conversation, at).start;
    answered != Some(question) && question < at && has_mark(question)
}

/// The places of the turn that the message at `at` belongs to: a question and all that answers it.
#[must_use]
pub fn turn(conversation: &Conversation, at: usize) -> Range<usize> {
    let is_question = |at: &usize| conversation.at(*at).is_some_and(|message| message.role == Role::User);
    let start = (0..=at).rev().find(is_question).unwrap_or(0);
    let end = (at + 1..conversation.len()).find(is_question).unwrap_or(conversation.len());
    start..end
}

/// The places before `end` of what is pinned: a question alone, a reply with its whole turn.
#[must_use]
pub fn pinned(conversation: &Conversation, end: usize) -> BTreeSet<usize> {
    let pins = conversation.notes.marks.iter().filter(|(_, mark)| **mark == Mark::Pinned);
    let places = pins.filter_map(|(id, _)| conversation.position(*id)).filter(|at| *at < end);
    places
        .flat_map(|at| {
            let is_question = conversation.at(at).is_some_and(|message| message.role == Role::User);
            if is_question { at..at + 1 } else { turn(conversation, at) }
        })
        .filter(|at| *at < end)
        .collect()
}
