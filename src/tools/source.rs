//! What one origin of tools has to do: say which it has, say what a call would do, do it. The built-in tools, the
//! user's commands and each server of tools are one source each; `kit` puts them behind the one door.

use std::time::Duration;

use futures::future::BoxFuture;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::chat::tool::{Confinement, Prepared, ToolOrigin, ToolOutcome, ToolSpec};

/// A tool as its source describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceTool {
    pub spec: ToolSpec,
    /// A hash of all that it is: what the model is told, and what is run.
    pub definition: String,
    pub is_sample: bool,
}

/// What a call would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The argument list that is run, for a command.
    pub command: Option<Vec<String>>,
    pub confinement: Confinement,
    /// How long it may take.
    pub limit: Duration,
}

/// One origin of tools.
pub trait Source: Send + Sync + 'static {
    fn origin(&self) -> ToolOrigin;

    /// Its tools; where it is a server, it is started unless it runs, and asked again after it said that they changed.
    ///
    /// # Errors
    /// The future gives, in a sentence, why they are not there.
    fn tools(&self) -> BoxFuture<'static, Result<Vec<SourceTool>, String>>;

    /// Whether its tools can be told without anything being started for it.
    fn is_running(&self) -> bool {
        true
    }

    /// What a call with these arguments, valid by the tool's schema, would do. Runs nothing.
    ///
    /// # Errors
    /// Why it cannot be done, in a sentence for the model and the user: a path outside the roots, say.
    fn plan(&self, tool: &str, arguments: &Value) -> Result<Plan, String>;

    /// Does it, exactly as it was checked: where the tool's definition or the argument list is another by now, it fails.
    fn run(&self, call: &Prepared, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome>;

    /// Ends whatever it has running, children too, for good; done within two seconds. Most have nothing running.
    fn end(&self) -> BoxFuture<'static, ()> {
        Box::pin(std::future::ready(()))
    }
}
