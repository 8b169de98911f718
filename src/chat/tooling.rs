//! Tools as the user defined them, and what is said of tools in general: data that the configuration makes and the
//! tools are built from.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

/// The names of the tools that munshi brings, which no other tool can have.
pub const BUILT_IN: &[&str] = &[
    "get_stock_price",
    "get_weather",
    "convert_currency",
    "current_time",
    "calculate",
    "read_file",
    "list_files",
    "search_chats",
];

/// A `[tools.NAME]` table: a command of the user's.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandDefinition {
    pub name: String,
    pub description: String,
    /// A JSON schema of type `object`.
    pub parameters: Value,
    /// Program and arguments; `{param}` in an argument stands for that parameter's value.
    pub command: Vec<String>,
    /// How long it may run.
    pub timeout: Duration,
    /// Variables of munshi's own environment that it gets besides PATH, HOME and LANG.
    pub env: Vec<String>,
    /// Files and folders that it may read besides the system's.
    pub reads: Vec<PathBuf>,
    /// Files and folders that it may change besides its own temporary folder.
    pub writes: Vec<PathBuf>,
    pub network: bool,
}

/// How a server of tools is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerTransport {
    /// Started as a child that speaks on its standard input and output.
    Command {
        command: Vec<String>,
        /// Variables of munshi's own environment that it gets besides PATH, HOME and LANG.
        env: Vec<String>,
    },
    /// Streamable HTTP: `https`, or loopback.
    Url {
        url: String,
        /// The variable that holds a bearer token.
        token_env: Option<String>,
    },
}

/// A `[mcp.NAME]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerDefinition {
    /// Letters, digits, `_` and `-`: its tools are called `NAME__TOOL`.
    pub name: String,
    pub transport: ServerTransport,
    /// How long one call may take.
    pub timeout: Duration,
    /// Whether its tools are offered to chats that say nothing of them.
    pub is_on: bool,
}

/// All that the configuration says of tools.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tooling {
    /// Built-in tools, by name, that are offered to chats that say nothing of them; `*` for all. The user's own
    /// commands are offered anyway.
    pub on: Vec<String>,
    /// Tools, by name, whose calls run without asking.
    pub allow: Vec<String>,
    /// Tools, by name, that never run, whatever else is said of them.
    pub deny: Vec<String>,
    /// Folders that `read_file` and `list_files` may look into; none: those two are not there.
    pub roots: Vec<PathBuf>,
    pub commands: Vec<CommandDefinition>,
    pub servers: Vec<ServerDefinition>,
}

impl Tooling {
    /// Whether any tool is offered to chats that say nothing of tools.
    #[must_use]
    pub fn is_any_on(&self) -> bool {
        !self.on.is_empty() || !self.commands.is_empty() || self.servers.iter().any(|server| server.is_on)
    }
}
