//! What happens to a conversation, in the order in which a turn meets it.

use std::time::Duration;

use crate::chat::budget::Refusal;
use crate::chat::embedding::{EmbeddingModel, Excerpt};
use crate::chat::tool::{CheckedCall, Gathered, ToolOutcome};
use crate::chat::{
    AnswerFormat, Approval, AttemptId, Failure, History, Mark, MessageId, ModelRef, RateLimits, Report, Stamp,
    ToolChoices,
};

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
    /// The conversation is left for good: the reply and all that runs beside it are stopped.
    Left,
    /// The last question is to be answered again, in a fresh reply; `over_budget`: whatever the budgets say, once.
    Retried {
        reply: MessageId,
        over_budget: bool,
    },
    /// A summary of the conversation so far is to be made; `automatic`: the strategy asked for it. The id is fresh.
    SummariseAsked {
        id: MessageId,
        automatic: bool,
    },
    /// A summary is to have another text.
    SummaryEdited {
        id: MessageId,
        text: String,
    },
    /// The summary in force is to be forgotten.
    SummaryUndone,
    /// A message is to be sent always, or never, or as the strategy decides.
    Marked {
        message: MessageId,
        mark: Option<Mark>,
    },
    /// A message is being written, and the tools that would go with it are not known yet.
    ToolsWanted,
    /// The user's word on the call whose result this message will hold.
    Answered {
        result: MessageId,
        approval: Approval,
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
    /// The attempt's row was not opened, and nothing may be sent.
    Refused {
        attempt: AttemptId,
        refusal: Refusal,
    },

    // The search for older messages
    /// The vectors are in memory; these messages have none yet. The id is fresh, for the attempt that makes them.
    Indexed {
        id: MessageId,
        missing: Vec<(MessageId, String)>,
    },
    /// An attempt at vectors is over; what came of it is kept.
    Embedded {
        attempt: AttemptId,
        ended: EmbeddingEnded,
    },
    /// What a search found, best first. `by` may be words where vectors were asked for and there are none.
    Found {
        question: MessageId,
        by: RankedBy,
        found: Vec<Found>,
    },

    // Tools
    /// What the chat offers, now that its servers were asked.
    ToolsGathered(Gathered),
    /// The calls of a reply were looked at, in their order. `next` is a fresh id, for the reply that follows them.
    CallsChecked {
        reply: MessageId,
        checked: Vec<CheckedCall>,
        next: MessageId,
    },
    /// A call is over.
    ToolEnded {
        result: MessageId,
        outcome: ToolOutcome,
    },
    /// An answer was held against the shape it was asked for in: what is wrong with it, where, in lines; none: it
    /// fits. The ids are fresh, for a request to mend it and the reply to that.
    AnswerChecked {
        reply: MessageId,
        problems: Vec<String>,
        message: MessageId,
        next: MessageId,
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

/// What a search goes by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RankedBy {
    /// Vectors of this model.
    Meaning(EmbeddingModel),
    /// The words of the question (BM25).
    Words,
}

/// How an attempt at vectors ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingEnded {
    /// `Err(None)`: it was cancelled.
    pub result: Result<(), Option<Failure>>,
    /// Tokens as billed; `None` where the provider did not say.
    pub tokens: Option<u64>,
    pub request_id: Option<String>,
}

/// A message that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub message: MessageId,
    /// The better the higher; scores of vectors and of words do not compare.
    pub score: f64,
    /// What it says, where it is of another chat.
    pub elsewhere: Option<Excerpt>,
}

/// A change of a chat's own settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    Title(String),
    Model(ModelRef),
    System(String),
    Temperature(Option<f32>),
    MaxTokens(Option<u32>),
    History(History),
    Tools(ToolChoices),
    Format(AnswerFormat),
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
    /// The search for older messages is late.
    Search,
    /// The summary that is being made is late.
    Summary,
}
