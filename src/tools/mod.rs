//! The port to what a model may ask for. Owns the trait and the judgement of JSON; refuses policy (whether a call may
//! run, how often, what its end means is the session's) and screens. Arguments are untrusted input, results untrusted
//! data. One tool per file, one row in the table.

pub mod answer;
pub mod arguments;
pub mod builtin;
pub mod command;
pub mod definition;
pub mod grants;
pub mod kit;
#[cfg(feature = "mcp")]
pub mod mcp;
pub mod schema;
pub mod source;

use std::sync::Arc;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::chat::ToolCall;
use crate::chat::tool::{Gathered, Prepared, ToolChoices, ToolList, ToolOutcome, Verdict};

/// What every program that serves a tool is told of munshi's environment; its definition names whatever else it is told.
const ENVIRONMENT: [&str; 3] = ["PATH", "HOME", "LANG"];

/// All tools there are, behind one door. Every call returns at once and gives a future that does the work.
pub trait Toolbox: Send + Sync + 'static {
    /// Those that a chat with these choices offers. Servers of tools are started where they are wanted and do not run
    /// yet; one that does not answer in time is left out, with a note.
    fn gather(&self, choices: ToolChoices) -> BoxFuture<'static, Gathered>;

    /// All of them, on or off, with how their servers do. A server that is off and does not run is not started for it.
    fn list(&self) -> BoxFuture<'static, ToolList>;

    /// Looks whether a call can run, without running anything.
    fn check(&self, call: ToolCall) -> BoxFuture<'static, Verdict>;

    /// Runs a call exactly as it was checked; a tool whose definition is another by now fails instead. When `cancel`
    /// fires, whatever runs for it is ended, its children too, within two seconds.
    fn run(&self, prepared: Arc<Prepared>, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome>;

    /// Keeps that the user allowed this definition of a tool for good.
    ///
    /// # Errors
    /// The future gives the reason, in a sentence, where it is not kept.
    fn allow(&self, tool: String, definition: String) -> BoxFuture<'static, Result<(), String>>;

    /// Takes back that the user allowed a tool for good, whichever its definition.
    ///
    /// # Errors
    /// The future gives the reason, in a sentence, where it was not allowed, or still is.
    fn forget(&self, tool: String) -> BoxFuture<'static, Result<(), String>>;
}

/// No tools at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoTools;

impl Toolbox for NoTools {
    fn gather(&self, _: ToolChoices) -> BoxFuture<'static, Gathered> {
        Box::pin(std::future::ready(Gathered::default()))
    }

    fn list(&self) -> BoxFuture<'static, ToolList> {
        Box::pin(std::future::ready(ToolList::default()))
    }

    fn check(&self, call: ToolCall) -> BoxFuture<'static, Verdict> {
        let says = format!("There is no tool {:?} here.", call.name);
        Box::pin(std::future::ready(Verdict::Invalid(says)))
    }

    fn run(&self, prepared: Arc<Prepared>, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let content = format!("There is no tool {:?} here.", prepared.tool);
        Box::pin(std::future::ready(ToolOutcome::failed(&content)))
    }

    fn allow(&self, tool: String, _: String) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(std::future::ready(Err(format!("There is no tool {tool:?} here."))))
    }

    fn forget(&self, tool: String) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(std::future::ready(Err(format!("There is no tool {tool:?} here."))))
    }
}
