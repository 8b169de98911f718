//! Servers that no SDK would write: they answer nothing, or too much, or something else.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::server::Server;

/// Serves as a raw server until its input ends, where the kind is one.
pub fn serve(kind: &str, server: &Server) -> bool {
    match kind {
        "crash" => std::process::exit(7),
        "silent" => drop(std::io::stdin().lines().last()),
        "deaf" => loop {
            std::thread::park();
        },
        "stubborn" => stubborn(server),
        "hangs" => answer(server, |_| {
            server.note("hanging");
            loop {
                std::thread::park();
            }
        }),
        "garbage" => answer(server, |out| {
            out.write_all(b"\xff\xfe\x00 not json\n{\"half\": \n[1,2]\nnull\n\"\x1b[2J\"\n{\"jsonrpc\":\"2.0\"}\n")
        }),
        "curious" => answer(server, |out| {
            (0..20_000).try_for_each(|id| writeln!(out, r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#))
        }),
        "chatty" => answer(server, |out| {
            let note =
                json!({"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "x"}});
            (0..20_000).try_for_each(|_| writeln!(out, "{note}"))
        }),
        "endless_line" => answer(server, |out| {
            loop {
                out.write_all(&[b'x'; 1 << 12])?;
            }
        }),
        "loud" => {
            eprint!("{}", "\u{1b}[2Jboo\n".repeat(200_000));
            answer(server, |_| Ok(()));
        }
        _ => return false,
    }
    true
}

/// Lives on when it is asked to end, and when nobody speaks to it any more.
fn stubborn(server: &Server) {
    let mut signals = signal_hook::iterator::Signals::new([signal_hook::consts::SIGTERM]).unwrap();
    answer(server, |_| Ok(()));
    assert_eq!(signals.forever().count(), 0, "it waits for ever");
}

/// Shakes hands, lists one tool and answers its calls; before the answer to a call, it does what it is told to.
fn answer(server: &Server, before: impl Fn(&mut std::io::StdoutLock<'_>) -> std::io::Result<()>) {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lines() {
        let asked: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let result = match asked["method"].as_str() {
            Some("initialize") => json!({
                "protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                "serverInfo": {"name": "raw", "version": "1"},
            }),
            Some("tools/list") => json!({"tools": [{"name": "raw", "inputSchema": {"type": "object"}}]}),
            Some("tools/call") => {
                if before(&mut out).is_err() {
                    server.note("cut off");
                    return;
                }
                json!({"content": [{"type": "text", "text": "done"}]})
            }
            Some("ping") => json!({}),
            _ => continue,
        };
        let sent = writeln!(out, "{}", json!({"jsonrpc": "2.0", "id": asked["id"], "result": result}));
        if sent.and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}
