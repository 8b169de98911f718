//! The smallest server of tools that speaks MCP, over standard input and output, by a test binary that is run again.
//! Owns its two tools, one that answers and one that ends the server; refuses everything else of the protocol.

use std::io::Write as _;

use serde_json::{Value, json};

/// The variable that tells a test binary to be the server: a file to which each start adds a line.
pub const VARIABLE: &str = "MUNSHI_E2E_MCP";

/// Serves until the input ends, where this process is told to; else does nothing.
pub fn serve_where_told() {
    let Some(book) = std::env::var_os(VARIABLE) else { return };
    let mut book = std::fs::OpenOptions::new().create(true).append(true).open(book).unwrap();
    writeln!(book, "started {}", std::process::id()).unwrap();
    let mut out = std::io::stdout().lock();
    // The tests' harness has begun a line.
    writeln!(out).unwrap();
    for line in std::io::stdin().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let Some(result) = result(&asked) else { continue };
        writeln!(out, "{}", json!({"jsonrpc": "2.0", "id": asked["id"], "result": result})).unwrap();
        out.flush().unwrap();
    }
    std::process::exit(0);
}

/// The answer to a request; none to what is no request.
fn result(asked: &Value) -> Option<Value> {
    let tool = |name: &str, about: &str, properties: Value| json!({"name": name, "description": about, "inputSchema": {"type": "object", "properties": properties}});
    let params = &asked["params"];
    Some(match asked["method"].as_str()? {
        "initialize" => json!({
            "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
            "serverInfo": {"name": "e2e", "version": "1"},
        }),
        "tools/list" => json!({"tools": [
            tool("shout", "Says it in capitals", json!({"text": {"type": "string"}})),
            tool("die", "Ends the server", json!({})),
        ]}),
        "tools/call" if params["name"] == "die" => std::process::exit(7),
        "tools/call" => {
            let text = params["arguments"]["text"].as_str().unwrap_or_default().to_uppercase();
            json!({"content": [{"type": "text", "text": text}]})
        }
        "ping" => json!({}),
        _ => return None,
    })
}
