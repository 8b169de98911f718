//! What the configuration says of tools by name: on, allowed, denied. A denial beats a permission, and a server's
//! name stands for all of its tools.

use std::collections::BTreeMap;

use crate::chat::tool::{Permission, ToolChoices, ToolOrigin};
use crate::chat::tooling::Tooling;

#[derive(Debug, Clone, Default)]
pub(super) struct Policy {
    on: Vec<String>,
    allow: Vec<String>,
    deny: Vec<String>,
    /// Whether a server's tools are on, by its name.
    servers: BTreeMap<String, bool>,
}

impl Policy {
    pub(super) fn new(tooling: &Tooling) -> Self {
        Self {
            on: tooling.on.clone(),
            allow: tooling.allow.clone(),
            deny: tooling.deny.clone(),
            servers: tooling.servers.iter().map(|server| (server.name.clone(), server.is_on)).collect(),
        }
    }

    /// The configuration's own word on a tool's calls.
    pub(super) fn permission(&self, tool: &str, origin: &ToolOrigin) -> Permission {
        if names(&self.deny, tool, origin) || self.deny.iter().any(|name| name == ToolChoices::ALL) {
            Permission::Deny
        } else if names(&self.allow, tool, origin) {
            Permission::Allow
        } else {
            Permission::Ask
        }
    }

    /// The server whose name alone allows a tool's calls: then it stands for the tools that the server has when the
    /// first of them runs.
    pub(super) fn allowed_by_server<'a>(&self, tool: &str, origin: &'a ToolOrigin) -> Option<&'a str> {
        let ToolOrigin::Mcp(server) = origin else { return None };
        let is_named = |name: &str| self.allow.iter().any(|allowed| allowed == name);
        (is_named(server) && !is_named(tool)).then_some(server)
    }

    /// Whether a tool is offered to chats that say nothing of it.
    pub(super) fn is_on(&self, tool: &str, origin: &ToolOrigin) -> bool {
        match origin {
            ToolOrigin::BuiltIn => self.on.iter().any(|name| name == tool || name == ToolChoices::ALL),
            ToolOrigin::Command => true,
            ToolOrigin::Mcp(server) => self.servers.get(server).copied().unwrap_or(true),
        }
    }

    /// Whether any tool of a source can be on, so that a server need not be started for nothing.
    pub(super) fn is_wanted(&self, origin: &ToolOrigin, choices: &ToolChoices) -> bool {
        let ToolOrigin::Mcp(server) = origin else { return true };
        let said = choices.switched.get(server).or_else(|| choices.switched.get(ToolChoices::ALL));
        let is_on = said.copied().unwrap_or_else(|| self.is_on("", origin));
        is_on || choices.switched.iter().any(|(name, on)| *on && is_of(server, name))
    }
}

/// Whether a tool's name is one of this server's.
pub(super) fn is_of(server: &str, tool: &str) -> bool {
    tool.strip_prefix(server).is_some_and(|rest| rest.len() > 2 && rest.starts_with("__"))
}

fn names(list: &[String], tool: &str, origin: &ToolOrigin) -> bool {
    list.iter().any(|name| name == tool || matches!(origin, ToolOrigin::Mcp(server) if server == name))
}
