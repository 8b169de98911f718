//! The tools that munshi brings: one a file, each with one row in the table. Owns the table and the source made of it.
//! What they need of the world is handed to them; none reads a clock, an environment or a store by itself, and none
//! changes anything.

mod calculate;
mod convert_currency;
mod current_time;
mod files;
mod get_stock_price;
mod get_weather;
mod list_files;
mod read_file;
mod search_chats;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::definition;
use super::source::{Plan, Source, SourceTool};
use crate::chat::Currency;
use crate::chat::tool::{Confinement, Prepared, ToolOrigin, ToolOutcome, ToolSpec};

pub use search_chats::{FoundMessage, SearchChats};

/// How long one of these may take.
const LIMIT: Duration = Duration::from_secs(30);

/// What stands in every result that is made up.
const SAMPLE: &str = "Sample data, made up for trying tools: it is not real. Say so to the user.";

/// What the tools need of the world.
pub struct World {
    /// The user's currency; its rate to the dollar is the configured one.
    pub currency: Currency,
    /// The time now.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// Where the user is.
    pub zone: TimeZone,
    /// Folders that may be looked into; none: the two tools for files are not there.
    pub roots: Vec<PathBuf>,
    /// munshi's own folders, and files that it takes keys from: never read, not even inside a root.
    pub private: Vec<PathBuf>,
    /// Looks into the user's own history; `None`: the tool for it is not there.
    pub search: Option<SearchChats>,
}

/// One tool.
trait BuiltIn: Send + Sync + 'static {
    fn description(&self) -> String;

    /// The JSON schema of its arguments.
    fn parameters(&self) -> Value;

    /// Why a call may not be, in a sentence.
    fn refuse(&self, _arguments: &Value) -> Option<String> {
        None
    }

    fn run(&self, arguments: Arc<Value>, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome>;
}

/// One row of the table.
struct Row {
    name: &'static str,
    is_sample: bool,
    /// `None` where the world has not what it needs.
    make: fn(&World) -> Option<Arc<dyn BuiltIn>>,
}

const TABLE: &[Row] = &[
    Row { name: "get_stock_price", is_sample: true, make: get_stock_price::make },
    Row { name: "get_weather", is_sample: true, make: get_weather::make },
    Row { name: "convert_currency", is_sample: true, make: convert_currency::make },
    Row { name: "current_time", is_sample: false, make: |world| Some(current_time::make(world)) },
    Row { name: "calculate", is_sample: false, make: |_| Some(calculate::make()) },
    Row { name: "read_file", is_sample: false, make: read_file::make },
    Row { name: "list_files", is_sample: false, make: list_files::make },
    Row { name: "search_chats", is_sample: false, make: search_chats::make },
];

/// The tools as one source.
pub struct BuiltIns {
    tools: Vec<(SourceTool, Arc<dyn BuiltIn>)>,
}

impl BuiltIns {
    /// Those of the table that this world has what they need for.
    #[must_use]
    pub fn new(world: &World) -> Self {
        let tools = TABLE.iter().filter_map(|row| {
            let made = (row.make)(world)?;
            let spec =
                ToolSpec { name: row.name.to_owned(), description: made.description(), parameters: made.parameters() };
            let definition = definition::of(&spec, &json!("built in"));
            Some((SourceTool { spec, definition, is_sample: row.is_sample }, made))
        });
        Self { tools: tools.collect() }
    }

    fn get(&self, name: &str) -> Option<&(SourceTool, Arc<dyn BuiltIn>)> {
        self.tools.iter().find(|(tool, _)| tool.spec.name == name)
    }
}

impl Source for BuiltIns {
    fn origin(&self) -> ToolOrigin {
        ToolOrigin::BuiltIn
    }

    fn tools(&self) -> BoxFuture<'static, Result<Vec<SourceTool>, String>> {
        let tools = self.tools.iter().map(|(tool, _)| tool.clone()).collect();
        Box::pin(std::future::ready(Ok(tools)))
    }

    fn plan(&self, tool: &str, arguments: &Value) -> Result<Plan, String> {
        let (_, made) = self.get(tool).ok_or_else(|| format!("There is no tool {tool:?} built in."))?;
        match made.refuse(arguments) {
            Some(why) => Err(why),
            None => Ok(Plan { command: None, confinement: Confinement::Within, limit: LIMIT }),
        }
    }

    fn run(&self, call: &Prepared, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        match self.get(&call.tool) {
            Some((known, made)) if known.definition == call.definition => made.run(Arc::clone(&call.arguments), cancel),
            _ => Box::pin(std::future::ready(ToolOutcome::failed("The tool was changed since the call was checked."))),
        }
    }
}

/// An argument that the schema made sure is a text.
fn text<'a>(arguments: &'a Value, name: &str) -> Option<&'a str> {
    arguments.get(name).and_then(Value::as_str)
}

/// An argument that the schema made sure is a whole number. JSON writes one as `5` or `5.0`.
fn whole(arguments: &Value, name: &str) -> Option<u64> {
    let value = arguments.get(name)?;
    value.as_u64().or_else(|| value.as_f64().filter(|number| *number >= 0.0).map(|number| number as u64))
}

/// A result as a model and a reader take it.
fn told(result: &Value) -> ToolOutcome {
    ToolOutcome::done(&format!("{result:#}"))
}

/// An outcome that is there at once.
fn at_once(outcome: Result<Value, String>) -> BoxFuture<'static, ToolOutcome> {
    let outcome = match outcome {
        Ok(result) => told(&result),
        Err(why) => ToolOutcome::failed(&why),
    };
    Box::pin(std::future::ready(outcome))
}

/// An outcome that takes a while or waits for a disk, made off the tasks that serve everything else.
fn elsewhere(work: impl FnOnce() -> ToolOutcome + Send + 'static) -> BoxFuture<'static, ToolOutcome> {
    Box::pin(async move {
        let ended = tokio::task::spawn_blocking(work).await;
        ended.unwrap_or_else(|_| ToolOutcome::failed("The tool broke off with a fault of its own."))
    })
}
