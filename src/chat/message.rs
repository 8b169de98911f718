//! One message, as it is kept.

use serde::{Deserialize, Serialize};

use super::id::{ConversationId, MessageId};
use super::model::ModelRef;
use super::money::PicoUsd;
use super::tool::ToolOrigin;
use super::usage::{FinishReason, Usage};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    System,
    User,
    Assistant,
    Tool,
}

impl Role {
    /// The word on the wire and on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Tool => "tool",
        }
    }
}

/// How far a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Whole.
    Complete,
    /// A reply that is being made.
    Streaming,
    /// A reply that ended early, by the user, by a fault or by the program's end; its text is what came.
    Interrupted,
    /// A reply of which nothing came.
    Failed,
}

impl Status {
    /// The word on disk.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Streaming => "streaming",
            Self::Interrupted => "interrupted",
            Self::Failed => "failed",
        }
    }
}

/// A tool call that a model asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// JSON as the model wrote it, which may not be valid.
    pub arguments: String,
}

/// One message. Append-only: once it is no longer streaming it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub id: MessageId,
    pub conversation: ConversationId,
    /// The message it follows; `None` for the first.
    pub parent: Option<MessageId>,
    pub role: Role,
    pub content: String,
    /// What a reasoning model thought aloud: shown folded, not sent back.
    pub reasoning: String,
    pub tool_calls: Vec<ToolCall>,
    pub tool_call_id: Option<String>,
    /// Where the tool came from, for a result.
    #[serde(default)]
    pub origin: Option<ToolOrigin>,
    pub status: Status,
    /// The model that answered, for a reply.
    pub model: Option<ModelRef>,
    pub finish: Option<FinishReason>,
    pub usage: Option<Usage>,
    /// The cost of the attempt that gave this text; `None` where the price or the usage is unknown.
    pub cost: Option<PicoUsd>,
    /// Wall clock when it was begun, milliseconds since 1970 UTC.
    pub created_ms: i64,
    /// How long the reply took from sending to its end, in milliseconds.
    pub took_ms: Option<u64>,
    /// Why it failed or ended early, or who answered in whose place, in words for the user.
    pub note: Option<String>,
}

impl Message {
    /// A whole message of plain text.
    #[must_use]
    pub fn text(
        id: MessageId,
        conversation: ConversationId,
        parent: Option<MessageId>,
        role: Role,
        content: String,
        created_ms: i64,
    ) -> Self {
        Self {
            id,
            conversation,
            parent,
            role,
            content,
            reasoning: String::new(),
            tool_calls: Vec::new(),
            tool_call_id: None,
            origin: None,
            status: Status::Complete,
            model: None,
            finish: None,
            usage: None,
            cost: None,
            created_ms,
            took_ms: None,
            note: None,
        }
    }

    /// A reply that has just been begun and has no text yet.
    #[must_use]
    pub fn reply(
        id: MessageId,
        conversation: ConversationId,
        parent: MessageId,
        model: ModelRef,
        created_ms: i64,
    ) -> Self {
        Self {
            status: Status::Streaming,
            model: Some(model),
            ..Self::text(id, conversation, Some(parent), Role::Assistant, String::new(), created_ms)
        }
    }

    /// Whether it is a reply that has anything to show.
    #[must_use]
    pub fn has_substance(&self) -> bool {
        !self.content.is_empty() || !self.reasoning.is_empty() || !self.tool_calls.is_empty()
    }
}
