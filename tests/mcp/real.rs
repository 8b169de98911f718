//! Servers that others wrote, where `real_servers.sh` has installed them; otherwise these tests have nothing to do.

use std::path::{Path, PathBuf};

use munshi::chat::tool::ToolEnd;
use munshi::chat::tooling::ServerTransport;
use munshi::tools::mcp::McpSource;
use munshi::tools::source::Source as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::kit::{call, definition, names, options};

/// The variable with the folder that the servers are installed in.
const REAL: &str = "MUNSHI_MCP_REAL";

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os(REAL).unwrap_or_else(|| panic!("run tests/mcp/real_servers.sh, which sets {REAL}")))
}

fn source(name: &str, script: &str, arguments: &[&str]) -> McpSource {
    let script = folder().join("node_modules/@modelcontextprotocol").join(script);
    let words = ["node".to_owned(), script.to_string_lossy().into_owned()];
    let command = words.into_iter().chain(arguments.iter().map(|word| (*word).to_owned())).collect();
    let mut definition = definition(ServerTransport::Command { command, env: Vec::new() });
    name.clone_into(&mut definition.name);
    McpSource::new(definition, options(&[]))
}

/// Calls a tool and shows what came, shortened.
async fn show(source: &McpSource, tool: &str, arguments: Value) -> String {
    let outcome = call(source, tool, arguments.clone(), CancellationToken::new()).await;
    let shown: String = outcome.content.chars().take(300).collect();
    println!("{tool} {arguments}\n  {:?}: {}", outcome.end, shown.replace('\n', "\n  "));
    outcome.content
}

async fn list(source: &McpSource) {
    let tools = source.tools().await.unwrap();
    println!("{}: {} tools: {}", source.origin(), tools.len(), names(&tools).join(", "));
}

fn write(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    path.to_string_lossy().into_owned()
}

#[tokio::test]
#[ignore = "needs node and a server from its registry: run tests/mcp/real_servers.sh"]
async fn the_server_with_everything_echoes_adds_and_shows_a_picture() {
    let everything = source("everything", "server-everything/dist/index.js", &["stdio"]);
    list(&everything).await;
    assert!(show(&everything, "everything__echo", json!({"message": "नमस्ते"})).await.contains("नमस्ते"));
    assert!(show(&everything, "everything__get-sum", json!({"a": 19, "b": 23})).await.contains("42"));
    assert!(show(&everything, "everything__get-tiny-image", json!({})).await.contains("not shown"));
    show(&everything, "everything__get-structured-content", json!({"location": "Chicago"})).await;
    let environment = show(&everything, "everything__get-env", json!({})).await;
    assert!(!environment.contains("OPENAI_API_KEY"), "{environment}");
    everything.end().await;
}

#[tokio::test]
#[ignore = "needs node and a server from its registry: run tests/mcp/real_servers.sh"]
async fn the_server_of_files_lists_and_reads_under_its_root_and_nowhere_else() {
    let root = tempfile::tempdir().unwrap();
    let root_path = root.path().canonicalize().unwrap();
    let file = write(&root_path.join("notes.txt"), "तीन रुपये");
    let files = source("files", "server-filesystem/dist/index.js", &[&root_path.to_string_lossy()]);
    list(&files).await;
    assert!(show(&files, "files__list_directory", json!({"path": root_path})).await.contains("notes.txt"));
    assert!(show(&files, "files__read_text_file", json!({"path": file})).await.contains("तीन रुपये"));
    let denied = call(&files, "files__read_text_file", json!({"path": "/etc/passwd"}), CancellationToken::new()).await;
    println!("files__read_text_file /etc/passwd\n  {:?}: {}", denied.end, denied.content);
    assert_eq!(denied.end, ToolEnd::Failed);
    files.end().await;
}
