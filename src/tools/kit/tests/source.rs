//! A source that does what a test tells it to.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::chat::tool::{Confinement, ToolOrigin, ToolSpec};
use crate::tools::source::{Plan, SourceTool};

/// What a call of the tool does.
#[derive(Clone, Copy)]
pub(super) enum Does {
    /// Gives its arguments back.
    Echo,
    Panic,
    /// Goes on until it is stopped, and then says what it had.
    Wait,
    /// Goes on whatever it is told.
    Hang,
    Flood,
}

pub(super) struct Fake {
    pub origin: ToolOrigin,
    pub tools: Mutex<Result<Vec<SourceTool>, String>>,
    pub does: Does,
    pub panics_when_asked: bool,
    pub is_running: bool,
    pub refuses: Option<String>,
    /// The arguments that calls ran with.
    pub ran: Arc<Mutex<Vec<Arc<Value>>>>,
}

impl Fake {
    pub fn new(origin: ToolOrigin, names: &[&str]) -> Self {
        let tools = names.iter().map(|name| tool(name, "1")).collect();
        let ran = Arc::default();
        Self {
            origin,
            tools: Mutex::new(Ok(tools)),
            does: Does::Echo,
            panics_when_asked: false,
            is_running: true,
            refuses: None,
            ran,
        }
    }

    pub fn doing(self, does: Does) -> Self {
        Self { does, ..self }
    }

    pub fn with(self, tool: SourceTool) -> Self {
        self.tools.lock().unwrap().as_mut().unwrap().push(tool);
        self
    }

    pub fn failing(self, why: &str) -> Self {
        Self { tools: Mutex::new(Err(why.to_owned())), ..self }
    }
}

/// A tool that takes one text; its definition is told apart by `version`.
pub(super) fn tool(name: &str, version: &str) -> SourceTool {
    let parameters = json!({
        "type": "object", "properties": { "text": { "type": "string" } }, "additionalProperties": false,
    });
    let spec = ToolSpec { name: name.to_owned(), description: "A tool.".to_owned(), parameters };
    SourceTool { definition: crate::tools::definition::of(&spec, &json!(version)), spec, is_sample: false }
}

impl Source for Fake {
    fn origin(&self) -> ToolOrigin {
        self.origin.clone()
    }

    fn tools(&self) -> BoxFuture<'static, Result<Vec<SourceTool>, String>> {
        assert!(!self.panics_when_asked, "told to");
        let tools = self.tools.lock().unwrap().clone();
        Box::pin(std::future::ready(tools))
    }

    fn is_running(&self) -> bool {
        self.is_running
    }

    fn plan(&self, _: &str, _: &Value) -> Result<Plan, String> {
        match &self.refuses {
            Some(why) => Err(why.clone()),
            None => Ok(Plan { command: None, confinement: Confinement::Within, limit: Duration::from_millis(50) }),
        }
    }

    fn run(&self, call: &Prepared, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let arguments = Arc::clone(&call.arguments);
        self.ran.lock().unwrap().push(Arc::clone(&arguments));
        let does = self.does;
        Box::pin(async move {
            match does {
                Does::Echo => ToolOutcome::done(&arguments.to_string()),
                Does::Panic => panic!("told to"),
                Does::Wait => {
                    cancel.cancelled().await;
                    ToolOutcome::failed("half of it")
                }
                Does::Hang => std::future::pending().await,
                Does::Flood => ToolOutcome {
                    end: crate::chat::tool::ToolEnd::Done,
                    content: "é".repeat(1_000_000),
                    cut_from: Some(1 << 30),
                },
            }
        })
    }
}
