//! What happens to a conversation, in the order in which a turn meets it.

use std::time::Duration;

use crate::chat::{AttemptId, MessageId, ModelRef, RateLimits, Report, Stamp};

/// Something that happened, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub at: Stamp,
    pub happened: Happened,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "an event is handled where it is made and never kept in bulk")]
pub enum Happened {
    // The user
    /// A message was sent: now, or, while a reply streams, to wait for its turn. The ids are fresh.
    Submitted {
        message: MessageId,
        reply: MessageId,
        text: String,
    },
    /// The reply was stopped; what is queued goes back to the input box.
    Stopped,
    /// The last question is to be answered again, in a fresh reply.
    Retried {
        reply: MessageId,
    },
    /// A setting of this chat was changed.
    Changed(Change),

    // The store
    /// The question is on disk.
    Committed {
        message: MessageId,
    },
    /// The question can never be saved, and why, in a sentence.
    CommitFailed {
        message: MessageId,
        reason: String,
    },
    /// The ledger row of an attempt is open, and what it may cost is reserved where a budget is set.
    Booked {
        attempt: AttemptId,
    },
    /// The attempt would have passed a budget, and its row was not opened.
    Refused {
        attempt: AttemptId,
        reason: String,
    },

    // The provider
    /// The server answered with a stream.
    Opened {
        attempt: AttemptId,
        limits: RateLimits,
    },
    TextArrived {
        attempt: AttemptId,
        text: String,
    },
    ReasoningArrived {
        attempt: AttemptId,
        text: String,
    },
    /// A piece of a tool call.
    ToolCallArrived {
        attempt: AttemptId,
        index: u32,
        id: Option<String>,
        name: Option<String>,
        arguments: String,
    },
    /// The attempt is over. `jitter`, up to a second, is what a retry adds to its wait.
    Ended {
        attempt: AttemptId,
        report: Report,
        jitter: Duration,
    },

    // The clock
    /// A timer's time came. One that was cancelled or started again meanwhile is never told.
    TimerFired(Timer),
    /// The program was suspended and goes on: what was waited for meanwhile does not count.
    Resumed,
}

/// A change of a chat's own settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Title(String),
    Model(ModelRef),
    System(String),
    Temperature(Option<f32>),
    MaxTokens(Option<u32>),
    Pinned(bool),
}

/// The waits of a turn. There is at most one of each kind at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Timer {
    /// The first token of the running attempt is late.
    FirstToken,
    /// The next model is tried in its place.
    Fallback,
    /// Nothing came for too long.
    Silence,
    /// The turn as a whole is too long.
    Turn,
    /// The wait before the next attempt is over.
    Backoff,
    /// What came since is to be saved.
    Save,
}
