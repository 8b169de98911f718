//! A small server of tools, built with the SDK's server side. It does what its kind and its arguments tell it to, and
//! writes down what happens to it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ErrorData, ListToolsResult,
    PaginatedRequestParams, ResourceContents, ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ServerHandler, ServiceExt as _};
use serde_json::{Value, json};

use crate::kit::{FOLDER, KIND};
use crate::raw;

/// The server of this test binary; where it is not told to be one, it is a test that passes.
#[test]
fn is_a_server_where_it_is_told_to_be_one() {
    let Ok(kind) = std::env::var(KIND) else { return };
    let server = Server::new(&kind, std::env::var_os(FOLDER).map(PathBuf::from));
    server.note(&format!("started {}", std::process::id()));
    server.note("started");
    // The tests' harness has begun a line.
    println!();
    if raw::serve(&kind, &server) {
        std::process::exit(0);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let running = server.serve(rmcp::transport::stdio()).await.unwrap();
        running.waiting().await.unwrap();
    });
    std::process::exit(0);
}

#[derive(Clone)]
pub struct Server {
    kind: String,
    book: Option<PathBuf>,
    has_changed: Arc<AtomicBool>,
}

impl Server {
    pub fn new(kind: &str, folder: Option<PathBuf>) -> Self {
        Self { kind: kind.to_owned(), book: folder.map(|folder| folder.join("book")), has_changed: Arc::default() }
    }

    pub fn note(&self, line: &str) {
        let Some(book) = &self.book else { return };
        let mut book = OpenOptions::new().create(true).append(true).open(book).unwrap();
        writeln!(book, "{line}").unwrap();
    }

    fn list(&self, cursor: Option<&str>) -> ListToolsResult {
        let mut page = ListToolsResult::with_all_items(match self.kind.as_str() {
            "names" => vec![tool("\u{1b}]52;c;x\u{7}", ""), tool("\u{202e}evil", ""), tool("a.b", ""), tool("a_b", "")],
            "many" => (0..10_000).map(|at| tool(format!("tool{at}"), "")).collect(),
            "endless" => vec![],
            "described" => vec![tool("long", "x".repeat(1 << 20))],
            "verbose" => vec![tool("long", "x".repeat(10 << 20))],
            "schemas" => vec![
                with_schema("wrong", &json!({"type": "object", "properties": {"a": {"type": "no such type"}}})),
                with_schema("list", &json!({"type": "array"})),
                with_schema("huge", &json!({"type": "object", "description": "x".repeat(70_000)})),
                with_schema("good", &json!({"type": "object"})),
            ],
            _ => self.usual(),
        });
        if self.kind == "endless" {
            let number: usize = cursor.and_then(|cursor| cursor.parse().ok()).unwrap_or_default();
            page.tools.push(tool(format!("page{number}"), ""));
            page.next_cursor = Some((number + 1).to_string());
        }
        page
    }

    fn usual(&self) -> Vec<Tool> {
        let words = [
            "echo",
            "environment",
            "picture",
            "structured",
            "fail",
            "refuse",
            "wait",
            "family",
            "change",
            "die",
            "ask",
            "big",
        ];
        let mut tools: Vec<Tool> = words.into_iter().map(|name| tool(name, format!("Does {name}."))).collect();
        if self.has_changed.load(Ordering::Relaxed) {
            tools[0] = tool("echo", "Does something else.");
            tools.push(tool("fresh", ""));
        }
        tools
    }

    async fn wait(&self, context: &RequestContext<RoleServer>) -> CallToolResult {
        self.note("waiting");
        context.ct.cancelled().await;
        self.note("cancelled");
        text("too late")
    }

    /// Asks the client for everything that a server can ask for, and tells what came.
    #[expect(deprecated, reason = "servers of older revisions ask for samples and roots")]
    async fn ask(&self, context: &RequestContext<RoleServer>) -> CallToolResult {
        use rmcp::model::{CreateMessageRequestParams, SamplingMessage};
        let sample = CreateMessageRequestParams::new(vec![SamplingMessage::user_text("hi")], 16);
        let sampled = context.peer.create_message(sample).await.is_ok();
        let rooted = context.peer.list_roots().await.is_ok();
        text(&format!("sampled {sampled}, rooted {rooted}"))
    }
}

pub fn text(text: &str) -> CallToolResult {
    CallToolResult::success(vec![ContentBlock::text(text)])
}

pub fn tool(name: impl Into<String>, description: impl Into<String>) -> Tool {
    let schema = json!({"type": "object", "properties": {"text": {"type": "string"}}});
    Tool::new(name.into(), description.into(), Arc::new(schema.as_object().unwrap().clone()))
}

fn with_schema(name: &'static str, schema: &Value) -> Tool {
    Tool::new(name, "", Arc::new(schema.as_object().unwrap().clone()))
}

/// The server's variables, without those that the tests' harness needs.
fn environment() -> Value {
    std::env::vars_os().map(|(name, _)| Value::from(name.to_string_lossy())).collect()
}

/// Starts children that ignore the request to end, in the server's group and out of it, and gives their ids.
#[expect(clippy::zombie_processes, reason = "they are for munshi to end")]
fn family() -> CallToolResult {
    let away = if cfg!(target_os = "linux") { "setsid sh -c 'echo $$; exec sleep 600' &" } else { "" };
    let script = format!("trap '' TERM HUP; sleep 600 & echo $!; {away} wait");
    let mut child =
        std::process::Command::new("sh").args(["-c", &script]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let grandchildren = if away.is_empty() { 1 } else { 2 };
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.as_mut().unwrap()));
    let grandchildren: Vec<String> = lines.take(grandchildren).map(Result::unwrap).collect();
    text(&format!("{} {} {}", std::process::id(), child.id(), grandchildren.join(" ")))
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().enable_tool_list_changed().build())
    }

    async fn list_tools(
        &self,
        page: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        self.note("listed");
        Ok(self.list(page.and_then(|page| page.cursor).as_deref()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        self.note(&format!("called {}", call.name));
        let given = Value::Object(call.arguments.unwrap_or_default());
        let result = match call.name.as_ref() {
            "environment" => CallToolResult::structured(environment()),
            "picture" => CallToolResult::success(vec![
                ContentBlock::text("look:"),
                ContentBlock::image("A".repeat(16_000), "image/png"),
                ContentBlock::resource(ResourceContents::blob("AAAA", "file:///x")),
            ]),
            "structured" => CallToolResult::structured(json!({"sum": 3})),
            "fail" => CallToolResult::error(vec![ContentBlock::text("no such file")]),
            "refuse" => return Err(ErrorData::invalid_params("not like this", None)),
            "wait" => self.wait(&context).await,
            "family" => family(),
            "change" => {
                self.has_changed.store(true, Ordering::Relaxed);
                context.peer.notify_tool_list_changed().await.unwrap();
                text("changed")
            }
            "die" => std::process::exit(3),
            "ask" => self.ask(&context).await,
            "big" => text(&"x".repeat(given["bytes"].as_u64().unwrap() as usize)),
            name => text(&format!("{name}: {}", given["text"].as_str().unwrap_or_default())),
        };
        Ok(CallToolResponse::Complete(result))
    }
}
