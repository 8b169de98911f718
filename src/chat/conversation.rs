//! A conversation: a tree of messages, of which one path from the root is shown and sent.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::context::{ContextNotes, History};
use super::format::AnswerFormat;
use super::id::{ConversationId, MessageId};
use super::message::{Message, Role, Status, ToolCall};
use super::model::ModelRef;
use super::tool::ToolChoices;

/// What is kept of a conversation besides its messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConversationMeta {
    pub id: ConversationId,
    /// Empty until the first message gives one or the user does.
    pub title: String,
    /// Whether the user gave the title; then the first message no longer does.
    pub titled_by_user: bool,
    pub model: ModelRef,
    /// The system prompt; empty for none.
    pub system: String,
    pub temperature: Option<f32>,
    pub max_tokens: Option<u32>,
    /// What of it is sent.
    #[serde(default)]
    pub history: History,
    /// What its models may ask for.
    #[serde(default)]
    pub tools: ToolChoices,
    /// The shape of its answers.
    #[serde(default)]
    pub format: AnswerFormat,
    pub pinned: bool,
    pub created_ms: i64,
    pub updated_ms: i64,
}

impl ConversationMeta {
    /// That of a conversation of which nothing is chosen but its model, begun at `at_ms` (Unix time in milliseconds).
    #[must_use]
    pub fn new(id: ConversationId, model: ModelRef, at_ms: i64) -> Self {
        Self {
            id,
            title: String::new(),
            titled_by_user: false,
            model,
            system: String::new(),
            temperature: None,
            max_tokens: None,
            history: History::default(),
            tools: ToolChoices::default(),
            format: AnswerFormat::default(),
            pinned: false,
            created_ms: at_ms,
            updated_ms: at_ms,
        }
    }
}

/// A part of [`ConversationMeta`] that is changed by itself, so that two windows on one chat do not undo each
/// other's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetaPart {
    /// The title, and whose it is.
    Title,
    Model,
    System,
    Temperature,
    MaxTokens,
    History,
    Tools,
    Format,
    Pinned,
}

/// A conversation in memory.
#[derive(Debug, Clone)]
pub struct Conversation {
    pub meta: ConversationMeta,
    /// Marks and summaries: what of it is sent, and as what.
    pub notes: ContextNotes,
    /// In the order of their sequence, which is the order they were written in.
    messages: Vec<Message>,
    index: HashMap<MessageId, usize>,
    /// Indices into `messages`, from the root to the active leaf.
    path: Vec<usize>,
}

/// The longest title taken from a first message, in characters.
const TITLE_CHARS: usize = 60;

impl Conversation {
    /// A conversation without messages.
    #[must_use]
    pub fn new(meta: ConversationMeta) -> Self {
        Self { meta, notes: ContextNotes::default(), messages: Vec::new(), index: HashMap::new(), path: Vec::new() }
    }

    /// A conversation as it was saved; `messages` in order of sequence. The path shown leads to the
    /// newest message, except that a reply of which nothing came gives way to an older one beside it.
    #[must_use]
    pub fn restore(meta: ConversationMeta, messages: Vec<Message>) -> Self {
        let index = messages.iter().enumerate().map(|(at, message)| (message.id, at)).collect();
        let mut conversation = Self { meta, notes: ContextNotes::default(), messages, index, path: Vec::new() };
        if let Some(last) = conversation.messages.last() {
            let leaf = conversation.best_sibling(last.id);
            conversation.activate(leaf);
        }
        conversation
    }

    /// The same with what is kept of how its messages are sent.
    #[must_use]
    pub fn with_notes(self, notes: ContextNotes) -> Self {
        Self { notes, ..self }
    }

    /// The messages shown, oldest first.
    pub fn path(&self) -> impl DoubleEndedIterator<Item = &Message> + ExactSizeIterator {
        self.path.iter().map(|at| &self.messages[*at])
    }

    /// How many messages are shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.path.len()
    }

    /// Whether nothing was ever said.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.path.is_empty()
    }

    /// The `at`-th message shown.
    #[must_use]
    pub fn at(&self, at: usize) -> Option<&Message> {
        self.path.get(at).map(|at| &self.messages[*at])
    }

    /// The call that the shown message at `at` is the result of: one of the nearest reply above it, by its id, and where
    /// several calls share that, by their order.
    #[must_use]
    pub fn call_of(&self, at: usize) -> Option<&ToolCall> {
        let id = self.at(at)?.tool_call_id.as_deref()?;
        let mut earlier = 0;
        for above in (0..at).rev() {
            let message = self.at(above)?;
            if message.role != Role::Tool {
                return message.tool_calls.iter().filter(|call| call.id == id).nth(earlier);
            }
            earlier += usize::from(message.tool_call_id.as_deref() == Some(id));
        }
        None
    }

    /// Where a message stands among those shown; `None` where it is not shown.
    #[must_use]
    pub fn position(&self, id: MessageId) -> Option<usize> {
        // A message is written after its parent, so that the shown ones stand in the order they were written in.
        let at = self.index.get(&id)?;
        self.path.binary_search(at).ok()
    }

    /// The last message shown.
    #[must_use]
    pub fn leaf(&self) -> Option<&Message> {
        self.path.last().map(|at| &self.messages[*at])
    }

    /// Any message of the tree.
    #[must_use]
    pub fn get(&self, id: MessageId) -> Option<&Message> {
        self.index.get(&id).map(|at| &self.messages[*at])
    }

    /// A message that is still streaming, to be changed in place.
    pub fn get_mut(&mut self, id: MessageId) -> Option<&mut Message> {
        self.index.get(&id).map(|at| &mut self.messages[*at])
    }

    /// Adds a message and shows the path that ends in it.
    pub fn push(&mut self, message: Message) {
        let id = message.id;
        let follows_leaf = message.parent == self.leaf().map(|leaf| leaf.id);
        let at = self.messages.len();
        self.index.insert(id, at);
        self.messages.push(message);
        if follows_leaf {
            self.path.push(at);
        } else {
            self.activate(id);
        }
    }

    /// Shows the path that ends in `leaf`.
    pub fn activate(&mut self, leaf: MessageId) {
        let mut path = Vec::new();
        let mut next = self.index.get(&leaf).copied();
        // A damaged file could hold a cycle: no path is longer than the number of messages.
        while let Some(at) = next.filter(|_| path.len() < self.messages.len()) {
            path.push(at);
            next = self.messages[at].parent.and_then(|parent| self.index.get(&parent).copied());
        }
        path.reverse();
        self.path = path;
    }

    /// The replies to the same message as `id`, oldest first, `id` among them.
    #[must_use]
    pub fn siblings(&self, id: MessageId) -> Vec<MessageId> {
        let Some(message) = self.get(id) else { return Vec::new() };
        self.messages
            .iter()
            .filter(|other| other.parent == message.parent && other.role == message.role)
            .map(|other| other.id)
            .collect()
    }

    /// `id`, or where it is a reply of which nothing came, the newest sibling of which something did.
    #[must_use]
    pub fn best_sibling(&self, id: MessageId) -> MessageId {
        let is_empty = self.get(id).is_some_and(|message| {
            message.role == Role::Assistant
                && matches!(message.status, Status::Failed | Status::Interrupted)
                && !message.has_substance()
        });
        if !is_empty {
            return id;
        }
        let better = self.siblings(id).into_iter().rev().find(|other| {
            self.get(*other).is_some_and(|message| {
                message.status != Status::Failed && message.status != Status::Streaming && message.has_substance()
            })
        });
        better.unwrap_or(id)
    }

    /// A title made from a first message: its first line with words, cut between words.
    #[must_use]
    pub fn title_from(text: &str) -> String {
        let bare = |line: &'_ str| line.trim().trim_start_matches(['#', '>', '*', '-', ' ']).len();
        let line = text.lines().find(|line| bare(line) > 0).map(str::trim).unwrap_or_default();
        let line = line.trim_start_matches(['#', '>', '*', '-', ' ']);
        if line.chars().count() <= TITLE_CHARS {
            return line.to_owned();
        }
        let cut: String = line.chars().take(TITLE_CHARS).collect();
        let whole_words = cut.rsplit_once(char::is_whitespace).map_or(cut.as_str(), |(head, _)| head);
        format!("{}…", whole_words.trim_end_matches([',', '.', ';', ':', ' ']))
    }

    /// Whether the shown question at `at` got no answer, since it failed or was stopped before any came: it is not
    /// sent again until it is retried.
    #[must_use]
    pub fn is_failed_question(&self, at: usize) -> bool {
        let is_user = self.at(at).is_some_and(|message| message.role == Role::User);
        let came_to_nothing = |reply: &Message| match reply.status {
            Status::Failed => true,
            Status::Interrupted => !reply.has_substance(),
            Status::Complete | Status::Streaming => false,
        };
        is_user && self.at(at + 1).is_some_and(came_to_nothing)
    }
}

#[cfg(test)]
mod tests;
