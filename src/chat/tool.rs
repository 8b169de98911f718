//! What a model may ask to have done, how a call is judged, and what came of it: data alone. Owns the words that the
//! screen, the session and the tools share; refuses to run or to validate anything.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::MessageId;

/// What a model is told of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Letters, digits, `_` and `-`, 64 at most: what the model calls it by.
    pub name: String,
    /// When to use it and what it gives, in a sentence or two.
    pub description: String,
    /// A JSON schema of type `object` that its arguments are checked against before anything runs.
    pub parameters: Value,
}

impl ToolSpec {
    /// The most characters of a name that every provider takes.
    pub const LONGEST_NAME: usize = 64;

    /// Whether a name is one that every provider takes.
    #[must_use]
    pub fn is_name(name: &str) -> bool {
        let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
        letters && (1..=Self::LONGEST_NAME).contains(&name.len())
    }
}

/// Where a tool comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolOrigin {
    BuiltIn,
    /// A `[tools.NAME]` table of the user's: it runs a command.
    Command,
    /// A server of this name, `[mcp.NAME]`.
    Mcp(String),
}

impl fmt::Display for ToolOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built in"),
            Self::Command => f.write_str("your config"),
            Self::Mcp(server) => write!(f, "MCP server {server}"),
        }
    }
}

/// What the configuration says of a tool's calls. A denial beats a permission.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Permission {
    #[default]
    Ask,
    Allow,
    Deny,
}

/// A tool as it can be offered to a model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    pub spec: ToolSpec,
    pub origin: ToolOrigin,
    /// A hash of all that it is: name, description, schema, command. Whoever allows a tool allows this.
    pub definition: String,
    /// What the configuration says; an "always" of the user's is not in it.
    pub permission: Permission,
    /// Whether it answers with made-up data, which is always said.
    pub is_sample: bool,
    /// Whether it is offered to chats that say nothing of it.
    pub is_on: bool,
}

impl Tool {
    /// The name that it is switched by together with others: its server's.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        match &self.origin {
            ToolOrigin::Mcp(server) => Some(server),
            ToolOrigin::BuiltIn | ToolOrigin::Command => None,
        }
    }
}

/// A tool with what a reader of a list wants to know besides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedTool {
    pub tool: Tool,
    /// Whether the user allowed this very definition for good.
    pub is_always_allowed: bool,
}

/// A server of tools with how it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedServer {
    pub name: String,
    /// Why its tools are not there; `None` where they are.
    pub trouble: Option<String>,
}

/// All tools there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToolList {
    pub tools: Vec<ListedTool>,
    pub servers: Vec<ListedServer>,
}

/// Whether the model must use tools.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolChoice {
    /// As it sees fit.
    #[default]
    Auto,
    /// It is told of them and must not call any.
    None,
    /// It must call one, whichever.
    Required,
    /// It must call this one.
    Named(String),
}

impl ToolChoice {
    /// Reads `auto`, `none`, `required` or a tool's name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Some(match word {
            "auto" => Self::Auto,
            "none" => Self::None,
            "required" => Self::Required,
            name if ToolSpec::is_name(name) => Self::Named(name.to_owned()),
            _ => return None,
        })
    }

    /// As [`ToolChoice::parse`] reads it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Auto => "auto",
            Self::None => "none",
            Self::Required => "required",
            Self::Named(name) => name,
        }
    }
}

/// What a chat decided of its tools. What it does not mention is as the configuration has it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolChoices {
    /// Switched on or off, by a tool's name, by a server's, or by `*` for all.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub switched: BTreeMap<String, bool>,
    pub choice: ToolChoice,
}

impl ToolChoices {
    /// The word that stands for all tools.
    pub const ALL: &str = "*";

    /// Whether a tool is offered: its own switch counts before its server's, that before the one for all.
    #[must_use]
    pub fn is_on(&self, tool: &Tool) -> bool {
        let keys = [Some(tool.spec.name.as_str()), tool.group(), Some(Self::ALL)];
        let said = keys.into_iter().flatten().find_map(|key| self.switched.get(key));
        said.copied().unwrap_or(tool.is_on)
    }

    /// Whether any tool may be on; `on_by_default`: whether any is that the chat says nothing of.
    #[must_use]
    pub fn may_offer(&self, on_by_default: bool) -> bool {
        let all = self.switched.get(Self::ALL).copied().unwrap_or(on_by_default);
        all || self.switched.values().any(|on| *on)
    }

    /// Switches one tool, one server or all; what was said of single ones before is forgotten with all.
    pub fn switch(&mut self, name: &str, on: bool) {
        if name == Self::ALL {
            self.switched.clear();
        }
        self.switched.insert(name.to_owned(), on);
    }
}

/// The tools of a chat, ready to be offered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gathered {
    pub tools: Arc<[Tool]>,
    /// What is to be said of those that are not there, in sentences.
    pub notes: Vec<String>,
}

/// How a tool is kept from doing more than it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confinement {
    /// munshi does it itself, and nothing is started.
    Within,
    Bubblewrap,
    Landlock,
    /// A server that runs by itself, with all rights of whoever started it.
    Server,
    /// Nothing holds it: it can do what the user can.
    Unsandboxed,
}

impl Confinement {
    /// What an approval says of it.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Within => "inside munshi, which starts no program for it",
            Self::Bubblewrap => "sandboxed (bubblewrap)",
            Self::Landlock => "sandboxed (Landlock)",
            Self::Server => "a server, UNSANDBOXED: it can do what you can",
            Self::Unsandboxed => "UNSANDBOXED: it can do what you can",
        }
    }
}

/// A call that was found valid, exactly as it will run: what an approval shows is what is run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    pub tool: String,
    pub origin: ToolOrigin,
    /// The hash of the definition that it was checked against; a tool of another one does not run it.
    pub definition: String,
    /// A JSON object, read once.
    pub arguments: Arc<Value>,
    /// Config's word, with an "always" of the user's in it: `Ask` or `Allow`. Whoever can ask goes by it.
    pub permission: Permission,
    /// Config's own word on this definition, `Ask` or `Allow`, whatever the user said before: where nobody is asked, it
    /// alone counts.
    pub by_config: Permission,
    /// The argument list that is run, for a command.
    pub command: Option<Vec<String>>,
    pub confinement: Confinement,
    pub is_sample: bool,
    /// Whether the user allowed the tool for good when its definition was another.
    pub was_changed: bool,
    /// How long it may take.
    pub limit: Duration,
}

/// What a check found of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It can run, if the user agrees.
    Ready(Arc<Prepared>),
    /// It never runs: no such tool, arguments that are no JSON or not what the schema wants. A strike.
    Invalid(String),
    /// It never runs, although nothing is wrong with it: the configuration denies it.
    Denied(String),
}

/// One checked call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedCall {
    /// A fresh id, for the message that will hold the result.
    pub result: MessageId,
    pub verdict: Verdict,
}

/// How a tool ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToolEnd {
    Done,
    /// It said, or showed by its exit, that it failed.
    Failed,
    TimedOut,
    Stopped,
}

/// What came of a call that ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutcome {
    pub end: ToolEnd,
    /// What the model is told; [`MOST_RESULT_BYTES`] at most.
    pub content: String,
    /// How many bytes there were, where that was more than is told.
    pub cut_from: Option<u64>,
}

impl ToolOutcome {
    /// Of a whole text: what is more than a model is told is cut off, between two characters.
    #[must_use]
    pub fn new(end: ToolEnd, text: &str) -> Self {
        let end_of_told = text.floor_char_boundary(MOST_RESULT_BYTES);
        let cut_from = (end_of_told < text.len()).then_some(text.len() as u64);
        Self { end, content: text[..end_of_told].to_owned(), cut_from }
    }

    /// That it went well, with this result.
    #[must_use]
    pub fn done(text: &str) -> Self {
        Self::new(ToolEnd::Done, text)
    }

    /// That it failed, and why.
    #[must_use]
    pub fn failed(why: &str) -> Self {
        Self::new(ToolEnd::Failed, why)
    }
}

/// The most of a result that a model is told, in bytes.
pub const MOST_RESULT_BYTES: usize = 64 * 1024;

/// What the user says to a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    Once,
    /// This tool, as it is defined now, for as long as the chat is open.
    ForChat,
    /// This tool, as it is defined now, from now on.
    Always,
    /// With a word to the model, where there is one.
    No(Option<String>),
    /// Nobody could be asked, for this reason: the call does not run, and nobody denied it.
    Unasked(String),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tool(name: &str, origin: ToolOrigin, is_on: bool) -> Tool {
        let spec = ToolSpec { name: name.to_owned(), description: String::new(), parameters: serde_json::json!({}) };
        let definition = String::new();
        Tool { spec, origin, definition, permission: Permission::Ask, is_sample: false, is_on }
    }

    #[test]
    fn a_tools_own_switch_counts_before_its_servers_and_that_before_the_one_for_all() {
        let read = tool("files__read", ToolOrigin::Mcp("files".to_owned()), false);
        let clock = tool("current_time", ToolOrigin::BuiltIn, true);
        let mut choices = ToolChoices::default();
        assert!(!choices.is_on(&read) && choices.is_on(&clock));
        choices.switch(ToolChoices::ALL, false);
        assert!(!choices.is_on(&clock) && !choices.may_offer(true));
        choices.switch("files", true);
        assert!(choices.is_on(&read) && !choices.is_on(&clock) && choices.may_offer(false));
        choices.switch("files__read", false);
        assert!(!choices.is_on(&read));
        choices.switch(ToolChoices::ALL, true);
        assert!(choices.is_on(&read) && choices.is_on(&clock));
    }

    #[test]
    fn a_choice_reads_back_as_it_is_written() {
        for word in ["auto", "none", "required", "get_weather"] {
            assert_eq!(ToolChoice::parse(word).unwrap().as_str(), word);
        }
        assert_eq!(ToolChoice::parse("get weather"), None);
    }
}
