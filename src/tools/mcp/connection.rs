//! One connection to a server: opened, asked for its tools, called. Owns what goes over it and the words for what goes
//! wrong; whether and when a server is started again is not decided here. munshi offers a server nothing in return: no
//! sampling, no roots, no questions to the user.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, ClientCapabilities, ClientConfig, ClientRequest, Implementation,
    PaginatedRequestParams, PingRequest, ProtocolVersion, Tool,
};
use rmcp::service::{ClientCacheConfig, RunningService, ServiceError, serve_client_with_ct};
use rmcp::{ClientHandler, ErrorData, Peer, RoleClient};
use secrecy::SecretString;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::child::{self, Ending};
use super::listing::{self, Listed, MOST_TOOLS};
use super::wire::{Line, MOST_MESSAGE};
use super::{Options, http, trouble};
use crate::chat::tool::{ToolEnd, ToolOutcome};
use crate::chat::tooling::{ServerDefinition, ServerTransport};
use crate::platform::sandbox::End;

/// The most pages of a list that are asked for.
const MOST_PAGES: usize = 64;
/// How long a server that let a call run out of time has to show that it lives.
const PING_TIME: Duration = Duration::from_secs(2);
/// How long the words for a child's end are waited for, once its streams are closed.
const ENDING_TIME: Duration = Duration::from_millis(500);

/// What munshi is to a server.
#[derive(Debug, Clone, Copy)]
struct Munshi;

impl ClientHandler for Munshi {
    fn get_info(&self) -> ClientConfig {
        let itself = Implementation::new("munshi", env!("CARGO_PKG_VERSION"));
        // The newest revision that servers of all ages still shake hands by.
        ClientConfig::new(ClientCapabilities::default(), itself)
            .with_protocol_version(ProtocolVersion::LATEST_WITH_INITIALIZE)
    }

    #[expect(deprecated, reason = "servers of older revisions ask for roots, and get a refusal")]
    async fn list_roots(
        &self,
        _: rmcp::service::RequestContext<RoleClient>,
    ) -> Result<rmcp::model::ListRootsResult, ErrorData> {
        Err(ErrorData::method_not_found::<rmcp::model::ListRootsRequestMethod>())
    }
}

/// A server that answered.
#[derive(Debug)]
pub struct Connection {
    caller: Caller,
    listed: Arc<[Listed]>,
    /// Ends the connection when it is dropped.
    _service: RunningService<RoleClient, Munshi>,
}

/// What a call needs, apart from the connection, so that calls do not wait for each other.
#[derive(Debug, Clone)]
pub struct Caller {
    name: String,
    peer: Peer<RoleClient>,
    line: Line,
    ending: Option<Ending>,
    token: Option<SecretString>,
    /// Whether the server owes a sign of life.
    is_suspect: Arc<AtomicBool>,
}

impl Connection {
    /// Connects, shakes hands, lists: all of it within `options.start_limit`.
    ///
    /// # Errors
    /// Why there is no connection, in a sentence.
    pub async fn open(
        server: &ServerDefinition,
        options: &Options,
        gone: CancellationToken,
        keepers: &TaskTracker,
    ) -> Result<Self, String> {
        let name = &server.name;
        let line = Line::new(gone.clone());
        // Whatever is started does not outlive a failure.
        let guard = gone.clone().drop_guard();
        let limit = options.start_limit;
        let opened = tokio::time::timeout(limit, Self::shake_hands(server, options, line, keepers)).await;
        let mut opened = opened.unwrap_or_else(|_| {
            Err(format!("The MCP server {name} was not ready within {} s.", limit.as_secs_f32()))
        })?;
        let listed = tokio::time::timeout(limit, opened.list(server)).await;
        listed.unwrap_or_else(|_| Err(format!("The MCP server {name} did not list its tools in time.")))?;
        guard.disarm();
        Ok(opened)
    }

    async fn shake_hands(
        server: &ServerDefinition,
        options: &Options,
        line: Line,
        keepers: &TaskTracker,
    ) -> Result<Self, String> {
        let name = &server.name;
        let (mut ending, mut token) = (None, None);
        let gone = line.gone.clone();
        let served = match &server.transport {
            ServerTransport::Command { command, env } => {
                let (transport, its_ending) = child::start(name, command, env, options, &line, keepers).await?;
                ending = Some(its_ending);
                serve_client_with_ct(Munshi, transport, gone).await
            }
            ServerTransport::Url { url, token_env } => {
                token = token_env.as_deref().map(|variable| options.token(name, variable)).transpose()?;
                let transport = http::start(name, url, token.as_ref(), options.system_proxies, &line).await?;
                serve_client_with_ct(Munshi, transport, gone).await
            }
        };
        let service = match served {
            Ok(service) => service,
            Err(error) => {
                let why = match how_it_ended(ending).await {
                    Some(end @ End::NotStarted(_)) => {
                        return Err(format!("The MCP server {name} {}", child::words(&end)));
                    }
                    Some(end) => format!("it {} before it was ready", child::words(&end)),
                    None => trouble::of_start(&error, token.as_ref()),
                };
                return Err(format!("The MCP server {name} cannot be used: {why}."));
            }
        };
        let peer = service.peer().clone();
        // A server could say that its list is good for ever; only its word that the list is another one counts.
        peer.set_response_cache_config(ClientCacheConfig::disabled()).await;
        let caller = Caller { name: name.clone(), peer, line, ending, token, is_suspect: Arc::default() };
        Ok(Self { caller, listed: Arc::default(), _service: service })
    }

    pub fn caller(&self) -> Caller {
        self.caller.clone()
    }

    pub fn listed(&self) -> Arc<[Listed]> {
        Arc::clone(&self.listed)
    }

    /// Whether it is still good for a call. Asks, where there is doubt.
    pub async fn is_alive(&self) -> bool {
        let caller = &self.caller;
        if caller.line.gone.is_cancelled() || caller.peer.is_transport_closed() {
            return false;
        }
        if !caller.is_suspect.swap(false, Ordering::AcqRel) {
            return true;
        }
        let ping = caller.peer.send_request(ClientRequest::PingRequest(PingRequest::default()));
        // A refusal is an answer, too.
        matches!(tokio::time::timeout(PING_TIME, ping).await, Ok(Ok(_) | Err(ServiceError::McpError(_))))
    }

    /// Why it ended, in words.
    pub async fn epitaph(&self) -> String {
        self.caller.epitaph().await
    }

    /// Lists its tools anew where the server said that they are others.
    ///
    /// # Errors
    /// Why there is no list, in a sentence; the next use asks again.
    pub async fn refresh(&mut self, server: &ServerDefinition, limit: Duration) -> Result<(), String> {
        let is_stale = Arc::clone(&self.caller.line.is_stale);
        if !is_stale.load(Ordering::Acquire) {
            return Ok(());
        }
        let listed = tokio::time::timeout(limit, self.list(server)).await;
        let listed =
            listed.unwrap_or_else(|_| Err(format!("The MCP server {} did not list its tools in time.", server.name)));
        listed.inspect_err(|_| is_stale.store(true, Ordering::Release))
    }

    async fn list(&mut self, server: &ServerDefinition) -> Result<(), String> {
        // Before it is asked for: a change in between is one that the next use must hear of.
        self.caller.line.is_stale.store(false, Ordering::Release);
        let tools = self.caller.list().await?;
        let (listed, left_out) = listing::read(server, &tools);
        for what in left_out {
            tracing::warn!(server = server.name, what = ?what, "a tool is left out");
        }
        self.listed = listed.into();
        Ok(())
    }
}

impl Caller {
    async fn list(&self) -> Result<Vec<Tool>, String> {
        let mut skipped = self.line.skipped.subscribe();
        tokio::select! {
            biased;
            listed = self.pages() => listed,
            _ = skipped.changed() => Err(format!(
                "The MCP server {} cannot be used: its list of tools is longer than {} MiB.", self.name, MOST_MESSAGE >> 20
            )),
            () = self.line.gone.cancelled() => Err(format!(
                "The MCP server {} cannot be used: it {} before it listed its tools.", self.name, self.epitaph().await
            )),
        }
    }

    /// Its tools, page by page; a list without end has one here.
    async fn pages(&self) -> Result<Vec<Tool>, String> {
        let mut tools = Vec::new();
        let mut cursor = None;
        for _ in 0..MOST_PAGES {
            let asked = PaginatedRequestParams::default().with_cursor(cursor.clone());
            let page = self.peer.list_tools(Some(asked)).await.map_err(|error| {
                format!("The MCP server {} does not list its tools: {}.", self.name, self.words(&error))
            })?;
            tools.extend(page.tools);
            if tools.len() > MOST_TOOLS {
                tracing::warn!(server = self.name, "only the first {MOST_TOOLS} of its tools are offered");
                tools.truncate(MOST_TOOLS);
                return Ok(tools);
            }
            if page.next_cursor.is_none() || page.next_cursor == cursor {
                return Ok(tools);
            }
            cursor = page.next_cursor;
        }
        tracing::warn!(server = self.name, "its list of tools has more than {MOST_PAGES} pages; the rest is left out");
        Ok(tools)
    }

    /// Calls a tool by the name that its server knows it by. Where this future is dropped, the server is told that
    /// nobody waits for the answer.
    pub async fn call(&self, own_name: &str, arguments: &Value, limit: Duration) -> ToolOutcome {
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        let asked = CallToolRequestParams::new(own_name.to_owned()).with_arguments(arguments);
        let mut skipped = self.line.skipped.subscribe();
        let doubt = DoubtGuard(Some(&self.is_suspect));
        let outcome = tokio::select! {
            biased;
            answered = tokio::time::timeout(limit, self.peer.call_tool_once(asked)) => match answered {
                Ok(Ok(answer)) => self.outcome(answer),
                Ok(Err(ServiceError::TransportClosed)) => self.died().await,
                Ok(Err(error)) => return self.failed(&error, doubt),
                Err(_) => {
                    let says = format!("The MCP server {} did not answer within {} s.", self.name, limit.as_secs_f32());
                    return ToolOutcome::new(ToolEnd::TimedOut, &says);
                }
            },
            _ = skipped.changed() => ToolOutcome::failed(&format!(
                "The MCP server {} answered with more than {} MiB, which munshi does not read.", self.name, MOST_MESSAGE >> 20
            )),
            () = self.line.gone.cancelled() => self.died().await,
        };
        doubt.cleared();
        outcome
    }

    fn outcome(&self, answer: CallToolResponse) -> ToolOutcome {
        match answer {
            CallToolResponse::Complete(result) => super::outcome::read(&result),
            CallToolResponse::InputRequired(_) => ToolOutcome::failed(&format!(
                "The MCP server {} wants to ask the user, which munshi has no place for.",
                self.name
            )),
            _ => ToolOutcome::failed(&format!(
                "The MCP server {} answered that it will answer later, which munshi does not wait for.",
                self.name
            )),
        }
    }

    fn failed(&self, error: &ServiceError, doubt: DoubtGuard<'_>) -> ToolOutcome {
        if matches!(error, ServiceError::McpError(_)) {
            doubt.cleared();
        }
        ToolOutcome::failed(&format!("The MCP server {} failed: {}.", self.name, self.words(error)))
    }

    async fn died(&self) -> ToolOutcome {
        self.line.gone.cancel();
        let says = format!("The MCP server {} {} during the call.", self.name, self.epitaph().await);
        ToolOutcome::failed(&says)
    }

    async fn epitaph(&self) -> String {
        match how_it_ended(self.ending.clone()).await {
            Some(end) => child::words(&end),
            None => "broke the connection off".to_owned(),
        }
    }

    fn words(&self, error: &ServiceError) -> String {
        trouble::of_request(error, self.token.as_ref())
    }
}

/// How a child ended, where it is one and has.
async fn how_it_ended(ending: Option<Ending>) -> Option<End> {
    let mut ending = ending?;
    let ended = tokio::time::timeout(ENDING_TIME, ending.wait_for(Option::is_some)).await.ok()?.ok()?;
    ended.clone()
}

/// Raises doubt in a server whose call was given up, whoever gave it up.
struct DoubtGuard<'a>(Option<&'a AtomicBool>);

impl DoubtGuard<'_> {
    fn cleared(mut self) {
        self.0 = None;
    }
}

impl Drop for DoubtGuard<'_> {
    fn drop(&mut self) {
        if let Some(is_suspect) = self.0 {
            is_suspect.store(true, Ordering::Release);
        }
    }
}
