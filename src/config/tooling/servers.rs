//! `[mcp.NAME]`: a server of tools, started by a command or reached at an address.

use http::Uri;

use super::Table;
use crate::chat::tool::ToolSpec;
use crate::chat::tooling::{BUILT_IN, ServerDefinition, ServerTransport};
use crate::config::base_url::is_loopback;
use crate::config::error::Problem;

/// The longest name of a server: its tools' names, which begin with it, have 64 characters at most.
const MOST_NAME: usize = 32;

pub(super) fn server(table: &Table<'_>, problems: &mut Vec<Problem>) -> Option<ServerDefinition> {
    let before = problems.len();
    let name = &table.name;
    if !ToolSpec::is_name(name) || name.len() > MOST_NAME || name.contains("__") || name.ends_with('_') {
        let says = "a server's name has letters, digits, _ and - alone, 32 at most, no __ and no _ at its end";
        problems.push(table.problem("", says));
    }
    if BUILT_IN.contains(&name.as_str()) {
        problems.push(table.problem("", "munshi brings a tool of that name; give the server another"));
    }
    let command = table.list("command");
    let transport = match (table.get("command"), table.text("url")) {
        (Some(_), None) => {
            if command.first().is_none_or(String::is_empty) {
                problems.push(table.problem("command", "command is empty; expected a program and its arguments"));
            }
            if table.get("token_env").is_some() {
                problems.push(table.problem("token_env", "token_env goes with url; a command gets variables by env"));
            }
            Some(ServerTransport::Command { command, env: table.list("env") })
        }
        (None, Some(url)) => {
            if let Err(says) = address(&url) {
                problems.push(table.problem("url", &format!("url: {says}")));
            }
            if table.get("env").is_some() {
                problems.push(table.problem("env", "env goes with command; an address gets a token by token_env"));
            }
            Some(ServerTransport::Url { url, token_env: table.text("token_env") })
        }
        (Some(_), Some(_)) => {
            problems.push(table.problem("url", "command is set too; keep one of the two"));
            None
        }
        (None, None) => {
            let says = "expected command, such as [\"npx\", \"-y\", \"some-server\"], or url";
            problems.push(table.problem("", says));
            None
        }
    };
    table.check_variables(problems);
    let transport = transport.filter(|_| problems.len() == before)?;
    Some(ServerDefinition { name: name.clone(), transport, timeout: table.timeout(), is_on: table.switch("on", true) })
}

/// The rule for a server's address: `https`, or this machine; no user name in it.
fn address(url: &str) -> Result<(), String> {
    let expected = "expected an address such as \"https://tools.example.org/mcp\" or \"http://localhost:8000/mcp\"";
    let uri: Uri = url.parse().map_err(|_| format!("{expected}, found {url:?}"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("{expected}, found {url:?}"));
    };
    if authority.as_str().contains('@') || uri.query().is_some() {
        return Err("an address must not hold a user name, a password or a query; token_env names a token's variable"
            .to_owned());
    }
    match scheme {
        "https" => Ok(()),
        "http" if is_loopback(url) => Ok(()),
        "http" => Err(format!("{url} would send your words unencrypted: use https://, or a server on this machine")),
        _ => Err(format!("{expected}, found {url:?}")),
    }
}
