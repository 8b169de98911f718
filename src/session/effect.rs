//! What a conversation asks of the world. Effects are run in the order in which they were returned.

use std::sync::Arc;
use std::time::Duration;

use crate::chat::ledger::{LedgerClosing, LedgerOpening};
use crate::chat::{AttemptId, ConversationMeta, Message, MessageId, MetaPart, ModelRef, Request};

use super::event::Timer;
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
    /// Reserve the most an attempt can cost, and open its row; answered by `Booked` or `Refused`.
    Reserve(LedgerOpening),
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
    /// Give queued messages back to the input box, oldest first.
    ReturnQueued(Vec<String>),
    /// A field was refused by this model: other chats need not ask again.
    RememberRefusal {
        model: ModelRef,
        field: Field,
    },
    /// Say something beside the conversation.
    Say(String),
    /// A turn is over.
    TurnEnded,
}
