//! What the messages of a path weigh, as running sums: a choice among 100,000 messages is a few look-ups, and a new
//! message is one more entry. Owns the sums of what will not change any more; refuses to count anything twice.

use std::collections::{BTreeMap, HashMap};

use crate::chat::{Conversation, Mark, Message, MessageId, Role, Status};
use crate::session::tokens;

use super::{is_sent, marks};

/// Running sums along the path.
#[derive(Debug, Clone, Default)]
pub struct Weights {
    /// The messages that the sums are of.
    ids: Vec<MessageId>,
    /// Behind each of them: tokens and messages from the first on.
    sums: Vec<(u64, u32)>,
    /// The questions that are sent: only there may a request begin.
    starts: Vec<usize>,
    /// Each message is weighed once, also where it leaves the path and comes back.
    counted: HashMap<MessageId, u64>,
    /// The marks that the sums were made with.
    marks: BTreeMap<MessageId, Mark>,
}

impl Weights {
    /// Brings the sums up to the first `settled` messages of the path.
    pub fn update(&mut self, conversation: &Conversation, settled: usize) {
        if self.marks != conversation.notes.marks {
            self.marks.clone_from(&conversation.notes.marks);
            self.truncate(0);
        }
        // In a tree, what leads to a message is always the same: where one matches, so do all before it.
        let mut same = self.ids.len().min(settled);
        while same > 0 && conversation.at(same - 1).map(|message| message.id) != self.ids.get(same - 1).copied() {
            same -= 1;
        }
        // Whether a question counts depends on what follows it: where that is another now, it is looked at anew.
        if same < self.ids.len() {
            same = same.saturating_sub(1);
        }
        self.truncate(same);
        for at in same..settled {
            self.push(conversation, at);
        }
        // What is not settled yet is few, and looked at for each letter that is typed.
        for message in (settled..conversation.len()).filter_map(|at| conversation.at(at)) {
            self.count(message);
        }
    }

    fn truncate(&mut self, len: usize) {
        self.ids.truncate(len);
        self.sums.truncate(len);
        let starts = self.starts.partition_point(|start| *start < len);
        self.starts.truncate(starts);
    }

    fn push(&mut self, conversation: &Conversation, at: usize) {
        let Some(message) = conversation.at(at) else { return };
        let (mut tokens, mut count) = self.sums.last().copied().unwrap_or_default();
        if is_sent(conversation, at, None) && !marks::is_left_out(conversation, at, None) {
            tokens = tokens.saturating_add(self.count(message));
            count = count.saturating_add(1);
            if message.role == Role::User {
                self.starts.push(at);
            }
        }
        self.ids.push(message.id);
        self.sums.push((tokens, count));
    }

    /// Counts a message, and remembers it; not one that is still being written.
    fn count(&mut self, message: &Message) -> u64 {
        if message.status == Status::Streaming {
            return tokens::of_message(message);
        }
        *self.counted.entry(message.id).or_insert_with(|| tokens::of_message(message))
    }

    /// What a message weighs.
    pub fn of(&self, message: &Message) -> u64 {
        self.counted.get(&message.id).copied().unwrap_or_else(|| tokens::of_message(message))
    }

    /// How many messages the sums are of.
    pub(super) fn settled(&self) -> usize {
        self.sums.len()
    }

    /// Tokens and messages before `at`, which is settled.
    pub(super) fn before(&self, at: usize) -> (u64, u32) {
        at.checked_sub(1).and_then(|last| self.sums.get(last)).copied().unwrap_or_default()
    }

    /// The settled questions that a request may begin with.
    pub(super) fn starts(&self) -> &[usize] {
        &self.starts
    }
}
