//! A chat over the real tools and the real session, with a model that does whatever the last text says, and tools that
//! would do harm and only note that they were run.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use munshi::chat::tool::{Confinement, Prepared, ToolOutcome};
use munshi::chat::tooling::Tooling;
use munshi::chat::{
    Catalogue, Conversation, ConversationMeta, Currency, Ending, FinishReason, ModelRef, RateLimits, Report, Request,
    Settings, ToolChoices, ToolOrigin, ToolSpec,
};
use munshi::provider::{Provider, Signal, Sink};
use munshi::runtime::{Clock, News, Runtime, StoreHandle, ids};
use munshi::session::{Change, Happened, Session};
use munshi::store::Store;
use munshi::store::memory::MemoryStore;
use munshi::tools::builtin::{self, BuiltIns};
use munshi::tools::definition;
use munshi::tools::grants::Grants;
use munshi::tools::kit::Kit;
use munshi::tools::source::{Plan, Source, SourceTool};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::corpus::Attempt;

/// What becomes of a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Expected {
    Asks,
    Invalid,
    Denied,
}

#[derive(Default)]
struct Noted {
    ran: Vec<String>,
    requests: Vec<Arc<Request>>,
    /// What the model calls, in order: then it only answers.
    calls: Vec<(String, String)>,
}

type Notes = Arc<Mutex<Noted>>;

/// Tools that would do harm.
struct Spy(Notes);

impl Spy {
    fn tool(name: &str, fields: &[&str]) -> SourceTool {
        let properties: serde_json::Map<String, Value> =
            fields.iter().map(|field| ((*field).to_owned(), json!({"type": "string"}))).collect();
        let parameters = json!({"type": "object", "properties": properties, "required": fields,
            "additionalProperties": false});
        let spec = ToolSpec { name: name.to_owned(), description: "Does harm.".to_owned(), parameters };
        let definition = definition::of(&spec, &json!(name));
        SourceTool { spec, definition, is_sample: false }
    }
}

impl Source for Spy {
    fn origin(&self) -> ToolOrigin {
        ToolOrigin::Mcp("spy".to_owned())
    }

    fn tools(&self) -> BoxFuture<'static, Result<Vec<SourceTool>, String>> {
        let tools =
            vec![Self::tool("spy__run_command", &["command"]), Self::tool("spy__write_note", &["text", "path"])];
        Box::pin(std::future::ready(Ok(tools)))
    }

    fn plan(&self, _: &str, _: &Value) -> Result<Plan, String> {
        Ok(Plan { command: None, confinement: Confinement::Server, limit: Duration::from_secs(30) })
    }

    fn run(&self, call: &Prepared, _: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        self.0.lock().unwrap().ran.push(format!("{} {}", call.tool, call.arguments));
        Box::pin(std::future::ready(ToolOutcome::done("It is done.")))
    }
}

/// A model that does what it was told to.
struct Obedient(Notes);

impl Provider for Obedient {
    fn attempt(&self, request: Arc<Request>, sink: Sink, _: CancellationToken) -> BoxFuture<'static, Report> {
        let call = {
            let mut noted = self.0.lock().unwrap();
            noted.requests.push(request);
            (!noted.calls.is_empty()).then(|| noted.calls.remove(0))
        };
        Box::pin(async move {
            sink.send(Signal::Opened { limits: RateLimits::default(), request_id: None }).await;
            let Some((name, arguments)) = call else {
                sink.send(Signal::Text("As you wish.".to_owned())).await;
                return Report::bare(Ending::Finished(FinishReason::Stop));
            };
            let signal = Signal::ToolCall { index: 0, id: Some("call_0".to_owned()), name: Some(name), arguments };
            sink.send(signal).await;
            Report::bare(Ending::Finished(FinishReason::ToolCalls))
        })
    }
}

pub struct World {
    folder: TempDir,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("documents")).unwrap();
        Self { folder }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("documents")
    }

    pub fn put_document(&self, text: &str) {
        fs::write(self.root().join("document.txt"), text).unwrap();
    }

    /// A chat with all tools on, of which the configuration allows `read_file` alone.
    pub fn chat(&self) -> Chat {
        let notes = Notes::default();
        let built_in = BuiltIns::new(&builtin::World {
            currency: Currency::default(),
            clock: Arc::new(Timestamp::default),
            zone: TimeZone::UTC,
            roots: vec![self.root()],
            private: Vec::new(),
            search: None,
        });
        let tooling = Tooling {
            on: vec!["*".to_owned()],
            allow: vec!["read_file".to_owned()],
            roots: vec![self.root()],
            ..Tooling::default()
        };
        let grants = Grants {
            folder: self.folder.path().to_path_buf(),
            read: |path| fs::read(path),
            append: |_, _| panic!("nothing is allowed for good"),
            replace: |_, _| panic!("nothing is forgotten"),
        };
        let kit = Kit::new(vec![Arc::new(built_in), Arc::new(Spy(Arc::clone(&notes)))], &tooling, grants);
        let arrived = Arc::new(Notify::new());
        let open = || Ok((Box::new(MemoryStore::default()) as Box<dyn Store>, Vec::new()));
        let store = StoreHandle::spawn(Arc::clone(&arrived), open).unwrap();
        let provider = Arc::new(Obedient(Arc::clone(&notes)));
        let runtime = Runtime::new(Clock::start(), provider, store, arrived).with_tools(Arc::new(kit));
        let meta = ConversationMeta {
            system: "Be brief.".to_owned(),
            ..ConversationMeta::new(ids::conversation(), ModelRef::new("openai", "m"), 0)
        };
        let settings = Arc::new(Settings::default());
        let session = Session::new(Conversation::new(meta), false, settings, Arc::new(Catalogue::empty()));
        Chat { session, runtime, notes }
    }
}

pub struct Chat {
    pub session: Session,
    runtime: Runtime,
    notes: Notes,
}

impl Chat {
    pub fn tell(&mut self, happened: Happened) {
        let event = self.runtime.event(happened);
        let effects = self.session.handle(event);
        let id = self.session.conversation().meta.id;
        drop(self.runtime.run(id, effects));
    }

    /// Asks, and lets the model do what the attempt tells it, after reading the document where it is in one.
    pub async fn ask(&mut self, question: &str, attempt: &Attempt, reads: bool) {
        {
            let mut noted = self.notes.lock().unwrap();
            if reads {
                noted.calls.push(("read_file".to_owned(), r#"{"path":"document.txt"}"#.to_owned()));
            }
            noted.calls.push((attempt.tool.clone(), attempt.arguments.clone()));
        }
        let mut tools = ToolChoices::default();
        tools.switch(ToolChoices::ALL, true);
        self.tell(Happened::Changed(Change::Tools(tools)));
        let (message, reply) = (ids::message(), ids::message());
        self.tell(Happened::Submitted { message, reply, text: question.to_owned() });
        self.settle().await;
    }

    /// Until the turn is over, or a call waits for the user.
    pub async fn settle(&mut self) {
        while self.session.is_busy() && self.session.approvals().next().is_none() {
            let news = self.runtime.drain();
            if news.is_empty() {
                self.runtime.arrived().await;
            }
            for news in news {
                if let News::Session(_, event) = news {
                    self.tell(event.happened);
                }
            }
        }
    }

    /// What ran that should not.
    pub fn ran(&self) -> Vec<String> {
        self.notes.lock().unwrap().ran.clone()
    }

    pub fn last_request(&self) -> Arc<Request> {
        Arc::clone(self.notes.lock().unwrap().requests.last().unwrap())
    }
}
