//! What a conversation asks of the world. Effects are run in the order in which they were returned.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::embedding::{EmbeddingModel, EmbeddingRequest};
use crate::chat::ledger::{LedgerClosing, LedgerOpening};
use crate::chat::tool::Prepared;
use crate::chat::{
    AnswerFormat, AttemptId, Cap, ConversationMeta, Mark, Message, MessageId, MetaPart, ModelRef, Request, Summary,
    ToolCall, ToolChoices,
};

use super::event::{RankedBy, Timer};
use super::retry::Field;

/// One thing to do.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    // The store
    /// Save a question, and its conversation where that is not saved yet; answered by `Committed`, or by
    /// `CommitFailed` where it never can be.
    Commit {
        meta: ConversationMeta,
        message: Message,
    },
    /// Save a reply that has just begun.
    AddReply(Message),
    /// Open an attempt's ledger row; answered by `Booked`.
    Book(LedgerOpening),
    /// Reserve the most an attempt can cost within these caps, and open its row; answered by `Booked` or `Refused`.
    Reserve {
        opening: LedgerOpening,
        caps: Vec<Cap>,
    },
    /// Save what came since the last time.
    SaveChunk {
        message: MessageId,
        text: String,
        reasoning: String,
    },
    /// Save a reply as it is for good.
    FinishReply(Message),
    /// Close an attempt's ledger row.
    CloseAttempt(LedgerClosing),
    /// Save one part of what is kept of the conversation besides its messages.
    SaveMeta {
        meta: ConversationMeta,
        part: MetaPart,
    },

    /// Save a mark, or that there is none any more.
    SaveMark {
        message: MessageId,
        mark: Option<Mark>,
    },
    SaveSummary(Summary),
    /// Forget a summary.
    DropSummary(MessageId),

    // The search for older messages
    /// Hold the vectors of this chat's messages, or of all chats', in memory; answered by `Indexed`.
    Index {
        with: EmbeddingModel,
        everywhere: bool,
    },
    /// Hold them no longer.
    DropIndex,
    /// Ask for vectors and keep them, as an attempt of its own; answered by `Embedded`.
    Embed {
        attempt: AttemptId,
        messages: Vec<MessageId>,
        request: Arc<EmbeddingRequest>,
    },
    /// Find the messages that fit a question best; answered by `Found`.
    Search {
        question: MessageId,
        text: String,
        by: RankedBy,
        everywhere: bool,
        most: u32,
    },

    // Tools
    /// Find out which tools the chat offers, starting their servers where needed; answered by `ToolsGathered`.
    GatherTools {
        choices: ToolChoices,
    },
    /// Look whether the calls of a reply can run; answered by `CallsChecked`.
    CheckCalls {
        reply: MessageId,
        calls: Vec<ToolCall>,
    },
    /// Run a call exactly as it was checked; answered by exactly one `ToolEnded`.
    RunTool {
        result: MessageId,
        prepared: Arc<Prepared>,
    },
    /// End what runs for a call; it is still answered by its `ToolEnded`.
    StopTool {
        result: MessageId,
    },
    /// Keep that this definition of a tool is allowed for good.
    AllowAlways {
        tool: String,
        definition: String,
    },
    /// Hold an answer against the shape it was asked for in; answered by `AnswerChecked`.
    CheckAnswer {
        reply: MessageId,
        text: String,
        format: AnswerFormat,
    },

    // The provider
    /// Make one attempt; answered by `Opened`, deltas, and exactly one `Ended`.
    StartAttempt {
        attempt: AttemptId,
        request: Arc<Request>,
    },
    /// Let go of an attempt; it is still answered by its `Ended`.
    CancelAttempt {
        attempt: AttemptId,
    },

    // The clock
    /// Start a timer, in place of a running one of its kind.
    StartTimer {
        timer: Timer,
        after: Duration,
    },
    CancelTimer(Timer),

    // The user
    /// A summary is due: the front end answers with `SummariseAsked` and a fresh id.
    SummaryDue,
    /// Give queued messages back to the input box, oldest first.
    ReturnQueued(Vec<String>),
    /// A field was refused by this model: other chats need not ask again.
    RememberRefusal {
        model: ModelRef,
        field: Field,
    },
    /// Say something beside the conversation.
    Say(String),
    /// A call waits for the user's word.
    ApprovalAsked,
    /// A turn is over.
    TurnEnded,
}

impl Effect {
    /// Whether it only keeps the conversation: what is asked once and kept nowhere does without, but for the ledger.
    #[must_use]
    pub const fn keeps_conversation(&self) -> bool {
        matches!(
            self,
            Self::Commit { .. }
                | Self::AddReply(_)
                | Self::SaveChunk { .. }
                | Self::FinishReply(_)
                | Self::SaveMeta { .. }
                | Self::SaveMark { .. }
                | Self::SaveSummary(_)
                | Self::DropSummary(_)
        )
    }
}
