//! What happens to the screen's machine.

use crate::chat::tool::ToolList;
use crate::chat::{AnswerSchema, ConversationId, MessageId, Stamp};
use crate::runtime::{ForUser, StoreEvent};
use crate::session;

use super::host::{FoundServer, Settled};
use super::input::Input;
use super::transcript::Highlighted;

/// Fresh ids, which come as data so that the machine stays deterministic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fresh {
    pub conversation: ConversationId,
    pub message: MessageId,
    pub reply: MessageId,
}

/// Something that happened, when, and the ids it may use.
#[derive(Debug)]
pub struct TuiEvent {
    pub at: Stamp,
    pub fresh: Fresh,
    pub happened: Happened,
}

/// What happened.
#[derive(Debug)]
pub enum Happened {
    // The user
    Input(Input),
    /// The editor was closed with this text; `None` where it could not be run, and why.
    Edited(Result<String, String>),

    // The world
    Session(ConversationId, session::Happened),
    /// What a session's effects left for the user.
    ForUser(ConversationId, ForUser),
    Store(StoreEvent),
    Highlighted(Highlighted),
    /// Servers that were found on this machine, or at a given address.
    Probed(Result<Vec<FoundServer>, String>),
    /// The host did, or could not do, what it was asked for.
    Settled(Settled),
    /// The system's clipboard took a text, or there is none to be sure of.
    NativeCopied {
        text: String,
        is_sure: bool,
    },
    /// A text was sent to the terminal's clipboard, or was too long for it; the sentence says which.
    Copied(String),
    /// Texts were counted exactly, in the order in which they were given.
    Counted {
        ticket: u64,
        tokens: Vec<u64>,
    },
    /// A schema for the answers of a chat was read, or why not.
    SchemaRead(ConversationId, Result<AnswerSchema, String>),
    /// What the user allowed of a tool is taken back, or why not.
    ToolForgotten {
        name: String,
        was_here: bool,
        result: Result<(), String>,
    },
    /// All tools there are, as they stand now.
    ToolsListed(ToolList),
    /// A file was written, or not.
    Exported(Result<String, String>),

    // The clock and the system
    /// Something that is shown changes with time alone.
    Ticked,
    /// The program was suspended and goes on.
    Resumed,
    /// The system asks to end.
    Terminated,
}
