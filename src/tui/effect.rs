//! What the screen's machine asks of the world.

use secrecy::SecretString;

use crate::chat::{ConversationId, ModelRef};
use crate::runtime::Query;
use crate::runtime::Write;
use crate::session;

/// One thing to do. Effects are run in the order in which they were returned.
#[derive(Debug)]
pub enum TuiEffect {
    /// What a session asks for.
    Session(ConversationId, Vec<session::Effect>),
    Query(Query),
    Write(Vec<Write>),

    /// Put a text into the system's clipboard; answered by `NativeCopied`.
    Copy(String),
    /// Send a text to the terminal's clipboard; answered by `Copied`.
    CopyByTerminal(String),
    /// Write an export; answered by `Exported`.
    Export {
        file_name: String,
        content: String,
    },
    /// Edit the draft in the user's editor; answered by `Edited`.
    Edit(String),
    SaveKey {
        provider: String,
        key: SecretString,
    },
    UseServer {
        base_url: String,
        model: String,
    },
    Probe(Option<String>),
    SaveTheme(String),
    /// Write a setting into the configuration, or take it out; answered by `Settled`.
    SaveSetting {
        path: String,
        value: Option<String>,
    },

    /// Count these texts exactly, as the model does; answered by `Counted` where its tokenizer is known.
    CountExactly {
        ticket: u64,
        model: ModelRef,
        texts: Vec<String>,
    },

    /// Read the JSON schema in a file; answered by `SchemaRead`.
    ReadSchema {
        conversation: ConversationId,
        file: String,
    },
    /// Take back what the user allowed of a tool for good; answered by `ToolForgotten`.
    ForgetTool {
        name: String,
        /// Whether it was allowed in an open chat.
        was_here: bool,
    },
    /// List all tools, asking their servers; answered by `ToolsListed`.
    ListTools,

    SetMouse(bool),
    /// Draw everything anew.
    Redraw,
    Suspend,
    /// End; with the demo, begin again on the embedded server.
    Quit {
        then_demo: bool,
    },
}
