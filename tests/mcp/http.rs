//! Servers over streamable HTTP on loopback: with and without a token, gone and back again, leading elsewhere, too long.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use munshi::chat::tool::ToolEnd;
use munshi::chat::tooling::ServerTransport;
use munshi::tools::mcp::McpSource;
use munshi::tools::source::Source as _;
use rmcp::transport::StreamableHttpService;
use rmcp::transport::streamable_http_server::StreamableHttpServerConfig;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::kit::{call, definition, names, options, until};
use crate::server::Server;

/// A server on loopback, with what came to it in headers.
struct Site {
    url: String,
    tokens: Arc<Mutex<Vec<String>>>,
    _stop: DropGuard,
}

/// Serves a router on a free port until the site is dropped.
async fn serve(router: Router) -> Site {
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&tokens);
    let router = router.layer(axum::middleware::map_request(move |request: Request| {
        let said = request.headers().get(header::AUTHORIZATION).map(|token| token.to_str().unwrap().to_owned());
        seen.lock().unwrap().push(said.unwrap_or_default());
        std::future::ready(request)
    }));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/mcp", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            served = axum::serve(listener, router).into_future() => served.unwrap(),
            () = stopped.cancelled() => {}
        }
    });
    Site { url, tokens, _stop: stop.drop_guard() }
}

/// The tests' server over HTTP.
fn mcp(kind: &'static str, config: StreamableHttpServerConfig) -> Router {
    let sessions = Arc::new(LocalSessionManager::default());
    let server = Server::new(kind, None);
    Router::new().route_service("/mcp", StreamableHttpService::new(move || Ok(server.clone()), sessions, config))
}

fn source(url: &str, token: Option<&str>) -> McpSource {
    let token_env = token.map(|_| "MCP_TOKEN".to_owned());
    let mut definition = definition(ServerTransport::Url { url: url.to_owned(), token_env });
    definition.timeout = Duration::from_secs(20);
    let variables: Vec<(&str, &str)> = token.into_iter().map(|token| ("MCP_TOKEN", token)).collect();
    McpSource::new(definition, options(&variables))
}

async fn echo(source: &McpSource) -> String {
    call(source, "test__echo", json!({"text": "hello"}), CancellationToken::new()).await.content
}

#[tokio::test]
async fn tools_are_listed_and_called_over_http_in_events_and_in_json() {
    for config in [
        StreamableHttpServerConfig::default(),
        StreamableHttpServerConfig::default().with_legacy_session_mode(false).with_json_response(true),
    ] {
        let site = serve(mcp("good", config)).await;
        let source = source(&site.url, None);
        assert!(names(&source.tools().await.unwrap()).contains(&"test__echo"));
        assert_eq!(echo(&source).await, "echo: hello");
        assert!(site.tokens.lock().unwrap().iter().all(String::is_empty), "nobody gave it a token");
    }
}

#[tokio::test]
async fn the_token_is_sent_with_every_request() {
    let site = serve(mcp("good", StreamableHttpServerConfig::default())).await;
    let source = source(&site.url, Some("secret-token"));
    assert_eq!(echo(&source).await, "echo: hello");
    let seen = site.tokens.lock().unwrap().clone();
    assert!(seen.len() >= 3 && seen.iter().all(|token| token == "Bearer secret-token"), "{seen:?}");
}

#[tokio::test]
async fn a_token_that_is_missing_or_cannot_be_sent_is_said_and_nothing_is_sent() {
    let site = serve(mcp("good", StreamableHttpServerConfig::default())).await;
    let mut server = definition(ServerTransport::Url { url: site.url.clone(), token_env: Some("NO_SUCH".to_owned()) });
    server.name = "files".to_owned();
    let says = McpSource::new(server, options(&[])).tools().await.unwrap_err();
    assert_eq!(says, "No token for the MCP server files: set NO_SUCH.");
    let says = source(&site.url, Some("a\nb")).tools().await.unwrap_err();
    assert!(says.contains("has a character that no token has"), "{says}");
    assert_eq!(site.tokens.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_stopped_call_over_http_returns_at_once_and_the_next_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::new("good", Some(folder.path().to_owned()));
    let sessions = Arc::new(LocalSessionManager::default());
    let config = StreamableHttpServerConfig::default();
    let router =
        Router::new().route_service("/mcp", StreamableHttpService::new(move || Ok(server.clone()), sessions, config));
    let site = serve(router).await;
    let source = source(&site.url, None);
    let wrote = |line: &str| std::fs::read_to_string(folder.path().join("book")).is_ok_and(|book| book.contains(line));
    let cancel = CancellationToken::new();
    let (outcome, ()) = tokio::join!(call(&source, "test__wait", json!({}), cancel.clone()), async {
        until("the server waits", || wrote("waiting")).await;
        cancel.cancel();
    });
    assert_eq!(outcome.end, ToolEnd::Stopped);
    until("the server hears of it", || wrote("cancelled")).await;
    assert_eq!(echo(&source).await, "echo: hello");
}

#[tokio::test]
async fn a_redirect_to_another_origin_is_not_followed_and_the_token_does_not_go_there() {
    let elsewhere = serve(mcp("good", StreamableHttpServerConfig::default())).await;
    let target = elsewhere.url.clone();
    let leads = move || std::future::ready((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, target.clone())]));
    let site = serve(Router::new().route("/mcp", any(leads))).await;
    let says = source(&site.url, Some("secret-token")).tools().await.unwrap_err();
    assert!(says.contains("307") && !says.contains("secret-token"), "{says}");
    assert_eq!(elsewhere.tokens.lock().unwrap().len(), 0);
}

#[tokio::test]
async fn a_redirect_within_the_origin_is_followed() {
    let leads = || std::future::ready((StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/mcp")]));
    let router = mcp("good", StreamableHttpServerConfig::default()).route("/", any(leads));
    let site = serve(router).await;
    let source = source(site.url.trim_end_matches("mcp"), None);
    assert_eq!(echo(&source).await, "echo: hello");
}

#[tokio::test]
async fn what_is_no_server_of_tools_is_told_by_what_it_answered() {
    let echoes = |headers: HeaderMap| {
        let token = headers.get(header::AUTHORIZATION).map(|token| token.to_str().unwrap().to_owned());
        std::future::ready((StatusCode::FORBIDDEN, format!("no, {token:?}, \u{1b}[2J{}", "x".repeat(1 << 20))))
    };
    let site = serve(Router::new().route("/mcp", any(echoes))).await;
    let says = source(&site.url, Some("secret-token")).tools().await.unwrap_err();
    assert!(says.contains("403") && says.len() < 1000, "{says}");
    assert!(!says.contains("secret-token") && !says.contains('\u{1b}'), "{says}");
}

#[tokio::test]
async fn an_address_in_the_clear_is_refused_before_anything_is_sent() {
    let says = source("http://192.0.2.1/mcp", Some("secret-token")).tools().await.unwrap_err();
    assert!(says.contains("plain http would send your words in the clear"), "{says}");
}

#[tokio::test]
async fn nobody_there_is_said_and_whoever_comes_later_is_found() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let source = source(&format!("http://{address}/mcp"), None);
    let says = source.tools().await.unwrap_err();
    assert!(says.contains("cannot be used") && says.to_lowercase().contains("connect"), "{says}");
    let listener = TcpListener::bind(address).await.unwrap();
    let router = mcp("good", StreamableHttpServerConfig::default());
    tokio::spawn(async move { axum::serve(listener, router).await });
    assert_eq!(echo(&source).await, "echo: hello");
}

#[tokio::test]
async fn an_answer_of_a_hundred_megabytes_is_not_read() {
    for is_json in [false, true] {
        let config =
            StreamableHttpServerConfig::default().with_json_response(is_json).with_legacy_session_mode(!is_json);
        let site = serve(mcp("good", config)).await;
        let mut server = definition(ServerTransport::Url { url: site.url.clone(), token_env: None });
        server.timeout = Duration::from_secs(5);
        let source = McpSource::new(server, options(&[]));
        let outcome = call(&source, "test__big", json!({"bytes": 100 << 20}), CancellationToken::new()).await;
        assert!(matches!(outcome.end, ToolEnd::Failed | ToolEnd::TimedOut), "{is_json}: {:?}", outcome.end);
        assert!(outcome.content.len() < 1000, "{}", outcome.content);
        assert_eq!(echo(&source).await, "echo: hello");
    }
}

#[tokio::test]
async fn a_body_without_end_is_given_up() {
    let endless = || {
        let chunk = futures::stream::repeat_with(|| Ok::<_, std::io::Error>("x".repeat(1 << 16)));
        let response: Response =
            ([(header::CONTENT_TYPE, "application/json")], Body::from_stream(chunk)).into_response();
        std::future::ready(response)
    };
    let site = serve(Router::new().route("/mcp", any(endless))).await;
    let says = source(&site.url, None).tools().await.unwrap_err();
    assert!(says.contains("cannot be used"), "{says}");
}
