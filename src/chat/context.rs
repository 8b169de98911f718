//! What a chat chooses to send: the strategy, marks on single messages, summaries. Originals are never altered:
//! all of this only says what goes into a request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::id::MessageId;
use super::model::ModelRef;

/// How a chat chooses which of its messages a request carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Everything; what cannot fit is refused.
    Full,
    /// The last messages, by tokens and by count.
    #[default]
    Truncate,
    /// Older messages give way to a summary that the model writes.
    Summarise,
    /// The last messages, and the older ones that fit the question best.
    Retrieve,
}

impl Strategy {
    pub const ALL: [Self; 4] = [Self::Full, Self::Truncate, Self::Summarise, Self::Retrieve];

    /// The word in commands, in the configuration and on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Truncate => "truncate",
            Self::Summarise => "summarise",
            Self::Retrieve => "retrieve",
        }
    }

    /// Reads that word, in either English spelling.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "summarize" => Some(Self::Summarise),
            _ => Self::ALL.into_iter().find(|strategy| strategy.as_str() == word),
        }
    }
}

/// A chat's choice of history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    pub strategy: Strategy,
    /// The most messages that are sent, beside those that are pinned or found; `None`: no limit but tokens.
    pub max_messages: Option<u32>,
    /// The most tokens of a request's input; `None`: the general limit.
    pub max_tokens: Option<u64>,
    /// Whether [`Strategy::Retrieve`] looks in all chats.
    pub everywhere: bool,
}

/// What the user decided of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Always sent.
    Pinned,
    /// Never sent.
    LeftOut,
}

impl Mark {
    /// The word on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::LeftOut => "left_out",
        }
    }
}

/// A summary of a conversation from its beginning up to and with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Its own id, which its attempts in the ledger carry too.
    pub id: MessageId,
    /// The last message that it covers.
    pub upto: MessageId,
    pub text: String,
    pub model: ModelRef,
    pub created_ms: i64,
    /// Made by the strategy and not asked for by the user.
    pub automatic: bool,
}

/// What is kept beside a conversation's messages of how they are sent.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContextNotes {
    pub marks: BTreeMap<MessageId, Mark>,
    /// In the order they were made; those that were undone are not among them.
    pub summaries: Vec<Summary>,
}
