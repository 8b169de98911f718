//! What the tests share: a source over a server of a given kind, and what that server wrote down.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use munshi::chat::tool::{Confinement, Permission, Prepared, ToolOrigin, ToolOutcome};
use munshi::chat::tooling::{ServerDefinition, ServerTransport};
use munshi::tools::mcp::{McpSource, Options};
use munshi::tools::source::{Source as _, SourceTool};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

/// The variable that tells this test binary to be a server, and of which kind.
pub const KIND: &str = "MUNSHI_MCP_TEST_KIND";
/// The variable with the folder that a server writes down in what happens to it.
pub const FOLDER: &str = "MUNSHI_MCP_TEST_FOLDER";
/// How long a condition is waited for before the test fails: far longer than it ever takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// A source over this test binary as a server.
pub struct World {
    pub source: Option<McpSource>,
    folder: TempDir,
}

impl World {
    pub fn new(kind: &str) -> Self {
        Self::with(kind, |_, _| ())
    }

    /// With a definition and options that the test has a say in.
    pub fn with(kind: &str, change: impl FnOnce(&mut ServerDefinition, &mut Options)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let itself = std::env::current_exe().unwrap().to_string_lossy().into_owned();
        let words = ["server::is_a_server_where_it_is_told_to_be_one", "--exact", "--nocapture", "--test-threads=1"];
        let command = std::iter::once(itself).chain(words.map(str::to_owned)).collect();
        let transport = ServerTransport::Command { command, env: vec![KIND.to_owned(), FOLDER.to_owned()] };
        let mut definition = definition(transport);
        let mut options = options(&[(KIND, kind), (FOLDER, &folder.path().to_string_lossy())]);
        change(&mut definition, &mut options);
        Self { source: Some(McpSource::new(definition, options)), folder }
    }

    pub fn source(&self) -> &McpSource {
        self.source.as_ref().unwrap()
    }

    pub async fn tools(&self) -> Result<Vec<SourceTool>, String> {
        self.source().tools().await
    }

    /// Calls a tool as it is defined now.
    pub async fn call(&self, tool: &str, arguments: Value) -> ToolOutcome {
        call(self.source(), tool, arguments, CancellationToken::new()).await
    }

    /// How often the server wrote a line.
    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|written| *written == line).count()
    }

    pub fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.book()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn book(&self) -> PathBuf {
        self.folder.path().join("book")
    }
}

pub fn definition(transport: ServerTransport) -> ServerDefinition {
    ServerDefinition { name: "test".to_owned(), transport, timeout: Duration::from_mins(1), is_on: true }
}

/// Options whose variables are these, with PATH and HOME of the test's own, and a secret that nobody named.
pub fn options(variables: &[(&str, &str)]) -> Options {
    let own = ["PATH", "HOME"].into_iter().filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
    let mut known: BTreeMap<String, OsString> = own.collect();
    known.insert("OPENAI_API_KEY".to_owned(), "sk-nobody-may-see-this".into());
    known.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())));
    Options {
        helper: PathBuf::from(env!("CARGO_BIN_EXE_munshi")),
        variables: Arc::new(move |name| known.get(name).cloned()),
        system_proxies: false,
        start_limit: Duration::from_mins(1),
    }
}

pub async fn call(source: &McpSource, tool: &str, arguments: Value, cancel: CancellationToken) -> ToolOutcome {
    let tools = source.tools().await.unwrap();
    let tool = tools.into_iter().find(|one| one.spec.name == tool).unwrap_or_else(|| panic!("there is no {tool}"));
    source.run(&prepared(&tool, arguments), cancel).await
}

/// A call of a tool as a check leaves it.
pub fn prepared(tool: &SourceTool, arguments: Value) -> Prepared {
    Prepared {
        tool: tool.spec.name.clone(),
        origin: ToolOrigin::Mcp("test".to_owned()),
        definition: tool.definition.clone(),
        arguments: Arc::new(arguments),
        by_config: Permission::Ask,
        permission: Permission::Ask,
        command: None,
        confinement: Confinement::Server,
        is_sample: false,
        was_changed: false,
        limit: PATIENCE,
    }
}

pub fn names(tools: &[SourceTool]) -> Vec<&str> {
    tools.iter().map(|tool| tool.spec.name.as_str()).collect()
}

/// Waits until a condition holds.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "it was waited for in vain that {what}");
}

/// Whether a process is there; one that only waits to be reaped is not.
pub fn runs(pid: &str) -> bool {
    let seen = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap();
    let state = String::from_utf8_lossy(&seen.stdout);
    !state.trim().is_empty() && !state.trim().starts_with('Z')
}
