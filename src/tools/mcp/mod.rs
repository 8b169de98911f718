//! Servers of tools, by the Model Context Protocol through its official SDK: one source each. Owns when a server is
//! started, listed and started again; refuses to start one before it is wanted, and to believe what it says.
//!
//! What the SDK leaves open: a message of up to 4 MiB is read as a whole before it is looked at, and takes several
//! times that in memory while it is.

mod child;
mod connection;
mod http;
mod listing;
mod naming;
mod outcome;
mod pace;
mod trouble;
mod wire;

use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use futures::future::BoxFuture;
use secrecy::SecretString;
use serde_json::Value;
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use self::connection::{Caller, Connection};
use self::listing::Listed;
use self::pace::{Pace, Start};
use super::source::{Plan, Source, SourceTool};
use crate::chat::tool::{Confinement, Prepared, ToolEnd, ToolOrigin, ToolOutcome};
use crate::chat::tooling::ServerDefinition;

/// How long the end of a server is waited for.
const MOST_ENDING: Duration = Duration::from_secs(2);

/// How a variable of munshi's environment is looked up.
pub type Variables = Arc<dyn Fn(&str) -> Option<OsString> + Send + Sync>;

/// What is the same for all servers.
#[derive(Clone)]
pub struct Options {
    /// This program, to be run again as the helper that holds a server: [`crate::platform::sandbox::this_program`].
    pub helper: PathBuf,
    /// Where PATH, tokens and what a definition names are looked up.
    pub variables: Variables,
    /// Whether `HTTPS_PROXY` and the system's settings count. Plain `http` to loopback never uses a proxy.
    pub system_proxies: bool,
    /// How long a server may take until it has listed its tools.
    pub start_limit: Duration,
}

impl Options {
    /// Those that a user has.
    #[must_use]
    pub fn of_user(helper: PathBuf) -> Self {
        Self {
            helper,
            variables: Arc::new(|name| std::env::var_os(name)),
            system_proxies: true,
            start_limit: Duration::from_secs(10),
        }
    }

    fn token(&self, server: &str, variable: &str) -> Result<SecretString, String> {
        let token = (self.variables)(variable).and_then(|token| token.into_string().ok());
        token.map(SecretString::from).ok_or_else(|| format!("No token for the MCP server {server}: set {variable}."))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options").field("start_limit", &self.start_limit).finish_non_exhaustive()
    }
}

/// One server of tools. Whoever drops it ends the server, with all that it started, within two seconds.
#[derive(Debug)]
pub struct McpSource {
    inner: Arc<Inner>,
    /// Ends what still runs for calls that are under way.
    _stop: DropGuard,
}

#[derive(Debug)]
struct Inner {
    server: ServerDefinition,
    options: Options,
    stop: CancellationToken,
    /// Those that watch over its children.
    keepers: TaskTracker,
    state: Mutex<State>,
    /// The list as it was last, for whoever cannot wait.
    listed: RwLock<Arc<[Listed]>>,
}

#[derive(Debug, Default)]
struct State {
    connection: Option<Connection>,
    pace: Pace,
    /// Why it died last.
    epitaph: String,
}

impl McpSource {
    /// Of a server that is not started yet.
    #[must_use]
    pub fn new(server: ServerDefinition, options: Options) -> Self {
        let stop = CancellationToken::new();
        let inner = Inner {
            server,
            options,
            stop: stop.clone(),
            keepers: TaskTracker::new(),
            state: Mutex::default(),
            listed: RwLock::default(),
        };
        Self { inner: Arc::new(inner), _stop: stop.drop_guard() }
    }
}

impl Source for McpSource {
    fn origin(&self) -> ToolOrigin {
        ToolOrigin::Mcp(self.inner.server.name.clone())
    }

    fn tools(&self) -> BoxFuture<'static, Result<Vec<SourceTool>, String>> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let (_, listed) = inner.ready().await?;
            Ok(listed.iter().map(|one| one.tool.clone()).collect())
        })
    }

    fn is_running(&self) -> bool {
        // Whoever holds the lock is about to start it.
        self.inner.state.try_lock().map_or(true, |state| state.connection.is_some())
    }

    fn plan(&self, tool: &str, _: &Value) -> Result<Plan, String> {
        let listed = self.inner.listed.read().unwrap_or_else(PoisonError::into_inner);
        let server = &self.inner.server;
        match find(&listed, tool) {
            Some(_) => Ok(Plan { command: None, confinement: Confinement::Server, limit: server.timeout }),
            None => Err(format!("The MCP server {} has no tool {tool:?}.", server.name)),
        }
    }

    fn run(&self, call: &Prepared, cancel: CancellationToken) -> BoxFuture<'static, ToolOutcome> {
        let (inner, tool, definition) = (Arc::clone(&self.inner), call.tool.clone(), call.definition.clone());
        let arguments = Arc::clone(&call.arguments);
        Box::pin(async move {
            tokio::select! {
                biased;
                () = cancel.cancelled() => ToolOutcome::new(ToolEnd::Stopped, "The call was stopped."),
                outcome = inner.run(&tool, &definition, &arguments) => outcome,
            }
        })
    }

    fn end(&self) -> BoxFuture<'static, ()> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            inner.stop.cancel();
            inner.keepers.close();
            let _ = tokio::time::timeout(MOST_ENDING, inner.keepers.wait()).await;
        })
    }
}

impl Inner {
    async fn run(&self, tool: &str, definition: &str, arguments: &Value) -> ToolOutcome {
        let (caller, listed) = match self.ready().await {
            Ok(ready) => ready,
            Err(why) => return ToolOutcome::failed(&why),
        };
        let name = &self.server.name;
        match find(&listed, tool) {
            Some(one) if one.tool.definition == definition => {
                caller.call(&one.own_name, arguments, self.server.timeout).await
            }
            Some(_) => ToolOutcome::failed(&format!(
                "The MCP server {name} has changed its tool {tool} since the call was checked, so the call was not made: make it again."
            )),
            None => ToolOutcome::failed(&format!("The MCP server {name} has no tool {tool:?} any more.")),
        }
    }

    /// A connection that is good for a call, with the list as it is now; a server that does not run is started.
    async fn ready(&self) -> Result<(Caller, Arc<[Listed]>), String> {
        let mut state = self.state.lock().await;
        if self.stop.is_cancelled() {
            return Err(format!("The MCP server {} has been ended.", self.server.name));
        }
        state.bury().await;
        if let Some(connection) = &mut state.connection {
            connection.refresh(&self.server, self.options.start_limit).await?;
            return Ok(self.note(connection));
        }
        self.wait(&mut state).await?;
        match Connection::open(&self.server, &self.options, self.stop.child_token(), &self.keepers).await {
            Ok(connection) => Ok(self.note(state.connection.insert(connection))),
            Err(why) => {
                state.pace.died(Instant::now());
                state.epitaph.clone_from(&why);
                Err(why)
            }
        }
    }

    fn note(&self, connection: &Connection) -> (Caller, Arc<[Listed]>) {
        let listed = connection.listed();
        *self.listed.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&listed);
        (connection.caller(), listed)
    }

    /// Keeps a server that dies from being started in a loop.
    async fn wait(&self, state: &mut State) -> Result<(), String> {
        match state.pace.start(Instant::now()) {
            Start::Now => Ok(()),
            Start::After(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Start::LeftAlone(left) => Err(format!(
                "The MCP server {} died three times within a minute and is left alone; it can be tried again in {} s. {}",
                self.server.name,
                left.as_secs() + 1,
                state.epitaph
            )),
        }
    }
}

impl State {
    /// Lets go of a connection that is none any more.
    async fn bury(&mut self) {
        let Some(connection) = &self.connection else { return };
        if connection.is_alive().await {
            return;
        }
        self.epitaph = format!("Last, it {}.", connection.epitaph().await);
        self.connection = None;
        self.pace.died(Instant::now());
    }
}

fn find<'a>(listed: &'a [Listed], tool: &str) -> Option<&'a Listed> {
    listed.iter().find(|one| one.tool.spec.name == tool)
}
