//! What the transcript is drawn from: borrowed data, filled in by the caller for one frame. Owns nothing of it.

use std::collections::HashSet;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::frame::Selection;
use super::highlights::Highlights;
use crate::chat::{Conversation, Currency, MessageId};
use crate::session::history::Plan;
use crate::text::Ink;

/// How loud a local note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NoticeKind {
    Info,
    Warning,
    Error,
}

impl NoticeKind {
    pub(super) const fn ink(self) -> Ink {
        match self {
            Self::Info => Ink::Muted,
            Self::Warning => Ink::Warning,
            Self::Error => Ink::Error,
        }
    }
}

/// A local note between messages: what a command answered, what could not be done. Never sent, never saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The message it stands below; `None`: it was there before the first one.
    pub after: Option<MessageId>,
    pub kind: NoticeKind,
    /// Raw: Markdown for [`NoticeKind::Info`], else plain text of which newlines are kept.
    pub text: String,
}

/// What happens to the reply that is being made, such as `retry 2 of 5 in 3 s`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveStatus {
    pub message: MessageId,
    /// Raw, one line.
    pub state: String,
}

/// A call of a tool that is not over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveCall {
    /// The message that will hold its result.
    pub result: MessageId,
    pub state: CallState,
    /// Whether the tool answers with made-up data.
    pub is_sample: bool,
}

/// How far a call has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallState {
    /// It waits for the user's word.
    Asks,
    Running {
        /// Whole ones.
        seconds: u64,
    },
}

/// One frame's worth of a chat.
#[derive(Debug, Clone, Copy)]
pub struct TranscriptView<'a> {
    pub conversation: &'a Conversation,
    /// Messages that wait for the reply to end, in the order they will be sent.
    pub queued: &'a [String],
    pub notices: &'a [Notice],
    /// What the next request will carry of it.
    pub plan: &'a Plan,
    pub highlights: &'a Highlights,
    pub currency: &'a Currency,
    pub live: Option<&'a LiveStatus>,
    /// The calls of tools that wait or run.
    pub calls: &'a [LiveCall],
    /// Messages of which all is shown: reasoning, a call's arguments and result, long JSON.
    pub unfolded: &'a HashSet<MessageId>,
    pub time_zone: &'a TimeZone,
    /// The local day: messages of another day carry their date.
    pub today: Date,
    /// Cells of the last frame that are shown reversed.
    pub selection: Option<Selection>,
}
