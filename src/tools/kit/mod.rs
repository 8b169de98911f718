//! All sources of tools behind the one door. Owns what holds for every tool whatever its source: names, switches,
//! arguments, permissions, deadlines, and that a fault of a tool's is only its own. Refuses to run what was not checked.

mod finding;
mod judging;
mod policy;
mod running;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use futures::future::{BoxFuture, join_all};
use tokio_util::sync::CancellationToken;

use super::Toolbox;
use super::grants::{Grant, Grants, Kept, look};
use super::source::Source;
use crate::chat::ToolCall;
use crate::chat::tool::{
    Gathered, ListedServer, ListedTool, Permission, Prepared, Tool, ToolChoices, ToolList, ToolOrigin, ToolOutcome,
    Verdict,
};
use crate::chat::tooling::Tooling;

use finding::{Found, Schemas};
use policy::Policy;

/// What is listed of a server that nobody wants yet.
const OFF: &str = "off: its tools are not known until it is switched on";

/// Tools in one request: more than so many are refused by OpenAI (its reference of chat completions, `tools`) and by
/// those that follow it.
const MOST_OFFERED: usize = 128;

/// The sources, what the configuration says of them, and what the user allowed for good.
#[derive(Clone)]
pub struct Kit {
    inner: Arc<Inner>,
}

struct Inner {
    /// Those munshi brings first, then the user's commands, then servers: of two tools of one name the first counts.
    sources: Vec<Arc<dyn Source>>,
    policy: Policy,
    grants: Grants,
    schemas: Schemas,
}

impl Kit {
    /// Puts sources together.
    #[must_use]
    pub fn new(mut sources: Vec<Arc<dyn Source>>, tooling: &Tooling, grants: Grants) -> Self {
        sources.sort_by_key(|source| source.origin());
        let inner = Inner { sources, policy: Policy::new(tooling), grants, schemas: Schemas::default() };
        Self { inner: Arc::new(inner) }
    }

    /// Ends what the sources have running, servers with all that they started, within two seconds.
    pub async fn end(&self) {
        join_all(self.inner.sources.iter().map(|source| source.end())).await;
    }

    /// All tools, of servers that are off, too, which are started for it: for `munshi tools check`.
    pub async fn list_all(&self) -> ToolList {
        Arc::clone(&self.inner).list(true).await
    }

    /// What is wrong with single tools and servers, in sentences: for `munshi tools check`.
    pub async fn troubles(&self) -> Vec<String> {
        self.inner.find(|_| true).await.notes
    }
}

/// Leaves as many tools as can be offered, those first that the chat names, and tells of the others.
fn limit(offered: &mut Vec<Tool>, choices: &ToolChoices) -> Option<String> {
    let too_many = offered.len().checked_sub(MOST_OFFERED).filter(|more| *more > 0)?;
    let is_named = |tool: &Tool| {
        let name = &tool.spec.name;
        choices.switched.get(name) == Some(&true) || choices.choice.as_str() == name
    };
    offered.sort_by_key(|tool| !is_named(tool));
    let first = offered[MOST_OFFERED].spec.name.clone();
    offered.truncate(MOST_OFFERED);
    Some(format!(
        "{too_many} of the tools that are on are left out, {first} first: a model is offered {MOST_OFFERED} at most. \
         /tools off NAME makes room for them, NAME being a tool's or a server's."
    ))
}

impl Inner {
    fn tool(&self, found: &Found) -> Tool {
        let origin = found.source.origin();
        Tool {
            permission: self.policy.permission(&found.tool.spec.name, &origin),
            is_on: self.policy.is_on(&found.tool.spec.name, &origin),
            spec: found.tool.spec.clone(),
            definition: found.tool.definition.clone(),
            is_sample: found.tool.is_sample,
            origin,
        }
    }

    async fn gather(&self, choices: &ToolChoices) -> Gathered {
        let found = self.find(|source| self.policy.is_wanted(&source.origin(), choices)).await;
        let tools = found.tools.iter().map(|found| self.tool(found));
        let mut offered: Vec<Tool> =
            tools.filter(|tool| tool.permission != Permission::Deny && choices.is_on(tool)).collect();
        let mut notes = found.notes;
        notes.extend(limit(&mut offered, choices));
        Gathered { tools: offered.into(), notes }
    }

    /// All tools; or without those of servers that are off and were not started for any chat.
    async fn list(self: Arc<Self>, starts_all: bool) -> ToolList {
        let is_asked = |source: &dyn Source| {
            starts_all || source.is_running() || self.policy.is_wanted(&source.origin(), &ToolChoices::default())
        };
        let mut found = self.find(is_asked).await;
        for source in &self.sources {
            if let ToolOrigin::Mcp(name) = source.origin()
                && !found.servers.iter().any(|server| server.name == name)
            {
                found.servers.push(ListedServer { name, trouble: Some(OFF.to_owned()) });
            }
        }
        found.servers.sort_by(|a, b| a.name.cmp(&b.name));
        let kept = self.kept().await;
        let tools = found.tools.iter().map(|found| {
            let tool = self.tool(found);
            let is_always_allowed = look(&kept, &tool.spec.name, &tool.definition) == Grant::Given;
            ListedTool { tool, is_always_allowed }
        });
        ToolList { tools: tools.collect(), servers: found.servers }
    }

    /// What the user allowed for good, read anew: another instance may have added to it.
    async fn kept(&self) -> Kept {
        let grants = self.grants.clone();
        tokio::task::spawn_blocking(move || grants.load()).await.unwrap_or_default()
    }

    async fn pins(&self) -> Result<Kept, String> {
        let grants = self.grants.clone();
        let pins = tokio::task::spawn_blocking(move || grants.pins()).await;
        pins.unwrap_or_else(|_| Err("Which definitions were let run could not be read.".to_owned()))
    }

    async fn give(&self, tool: String, definition: String) -> Result<(), String> {
        let grants = self.grants.clone();
        let given = tokio::task::spawn_blocking(move || grants.give(&tool, &definition)).await;
        given.unwrap_or_else(|_| Err("What is always allowed could not be kept.".to_owned()))
    }
}

impl Inner {
    async fn forget(&self, tool: String) -> Result<(), String> {
        let (grants, name) = (self.grants.clone(), tool.clone());
        let forgotten = tokio::task::spawn_blocking(move || grants.forget(&name)).await;
        let failed = || Err(format!("{tool} is still allowed for good: the file could not be changed."));
        let forgotten = forgotten.unwrap_or_else(|_| failed())?;
        let none = || Err(format!("{tool:?} was not allowed for good; `munshi tools list` tells which tools are."));
        if forgotten { Ok(()) } else { none() }
    }
}

impl Toolbox for Kit {
    fn gather(&self, choices: ToolChoices) -> BoxFuture<'static, Gathered> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.gather(&choices).await })
    }

    fn list(&self) -> BoxFuture<'static, ToolList> {
        Box::pin(Arc::clone(&self.inner).list(false))
    }

    fn check(&self, call: ToolCall) -> BoxFuture<'static, Verdict> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.check(call).await })
    }

    fn run(&self, prepared: Arc<Prepared>, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.run(prepared, cancel).await })
    }

    fn allow(&self, tool: String, definition: String) -> BoxFuture<'static, Result<(), String>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.give(tool, definition).await })
    }

    fn forget(&self, tool: String) -> BoxFuture<'static, Result<(), String>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move { inner.forget(tool).await })
    }
}
