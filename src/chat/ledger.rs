//! The ledger: one row for every attempt, opened before it is sent.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{AttemptId, ConversationId};
use super::model::{ModelRef, Prices};
use super::money::{PicoUsd, Rate};
use super::usage::Usage;

/// What an attempt is paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    Chat,
    Summary,
    Title,
    Embedding,
    Tool,
    Batch,
}

impl Purpose {
    pub const ALL: [Self; 6] = [Self::Chat, Self::Summary, Self::Title, Self::Embedding, Self::Tool, Self::Batch];

    /// The word on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Summary => "summary",
            Self::Title => "title",
            Self::Embedding => "embedding",
            Self::Tool => "tool",
            Self::Batch => "batch",
        }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Complete,
    /// Stopped by the user, by a fallback or by the program's end.
    Interrupted,
    Failed,
}

impl Outcome {
    /// The word on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// A row as it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerOpening {
    pub attempt: AttemptId,
    pub conversation: ConversationId,
    pub purpose: Purpose,
    pub model: ModelRef,
    pub day: Date,
    pub at_ms: i64,
    /// The rate that was configured then.
    pub rate: Rate,
    /// The most it can cost; kept as reserved until it is closed.
    pub reserved: Option<PicoUsd>,
    /// The model's prices as they were known then; `None`: not known.
    pub prices: Option<Prices>,
    /// Whether it goes on when this process ends: then its end settles nothing.
    pub outlives: bool,
}

/// What a row is closed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerClosing {
    pub attempt: AttemptId,
    pub outcome: Outcome,
    pub usage: Option<Usage>,
    /// `None`: unknown, never 0.
    pub cost: Option<PicoUsd>,
    /// The prices that the cost was made with, where they are others than those of the opening: a long context's.
    pub prices: Option<Prices>,
    pub took_ms: u64,
    pub status: Option<u16>,
    pub request_id: Option<String>,
}
