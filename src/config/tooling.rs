//! What the configuration says of tools: `[tools]`, `[tools.NAME]`, `[mcp.NAME]`. Owns the short form of a tool's
//! parameters and the sentences for what cannot be; whether a schema compiles and a program is there is looked at by
//! `munshi tools check`.

mod parameters;
mod servers;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::error::Problem;
use super::layers::{Entry, Layers, Origin};
use super::resolve::expanded;
use super::schema::nearest;
use super::value::Value;
use crate::chat::tool::{ToolChoices, ToolSpec};
use crate::chat::tooling::{BUILT_IN, CommandDefinition, Tooling};

/// How long a call may take, unless it is said.
const USUAL_LIMIT: Duration = Duration::from_secs(30);

/// All that is said of tools; what is wrong with it is added to `problems`.
pub(super) fn tooling(layers: &Layers, file: &Path, home: Option<&Path>, problems: &mut Vec<Problem>) -> Tooling {
    let paths = Paths { file, home };
    let commands = tables(layers, "tools").into_iter().filter_map(|table| table.command(&paths, problems)).collect();
    let servers = tables(layers, "mcp").into_iter().filter_map(|table| servers::server(&table, problems)).collect();
    let tooling = Tooling {
        on: layers.list("tools.on"),
        allow: layers.list("tools.allow"),
        deny: layers.list("tools.deny"),
        roots: layers.list("tools.roots").iter().map(|root| paths.expand(root)).collect(),
        commands,
        servers,
    };
    let own = tables(layers, "tools").into_iter().map(|table| table.name).collect::<Vec<String>>();
    let server_names = tables(layers, "mcp").into_iter().map(|table| table.name).collect::<Vec<String>>();
    for list in ["tools.on", "tools.allow", "tools.deny"] {
        check_names(layers, list, &own, &server_names, problems);
    }
    tooling
}

/// What paths in a file are relative to.
struct Paths<'a> {
    file: &'a Path,
    home: Option<&'a Path>,
}

impl Paths<'_> {
    fn expand(&self, written: &str) -> PathBuf {
        expanded(written, self.file, self.home)
    }
}

/// One `[tools.NAME]` or `[mcp.NAME]`.
struct Table<'a> {
    layers: &'a Layers,
    kind: &'static str,
    name: String,
    /// Where the first of its fields stands.
    origin: Origin,
}

/// The tables of a kind that say anything.
fn tables<'a>(layers: &'a Layers, kind: &'static str) -> Vec<Table<'a>> {
    let mut tables: Vec<Table<'a>> = Vec::new();
    for (path, entry) in layers.iter().filter(|(path, _)| path.len() == 3 && path[0] == kind) {
        match tables.last_mut().filter(|table| table.name == path[1]) {
            Some(table) if line(&entry.origin) < line(&table.origin) => table.origin = entry.origin.clone(),
            Some(_) => {}
            None => tables.push(Table { layers, kind, name: path[1].clone(), origin: entry.origin.clone() }),
        }
    }
    tables
}

const fn line(origin: &Origin) -> usize {
    match origin {
        Origin::File { line, .. } => *line,
        _ => 0,
    }
}

impl Table<'_> {
    fn get(&self, field: &str) -> Option<&Entry> {
        self.layers.at(&[self.kind, &self.name, field])
    }

    fn list(&self, field: &str) -> Vec<String> {
        match self.get(field).map(|entry| &entry.value) {
            Some(Value::List(list)) => list.clone(),
            _ => Vec::new(),
        }
    }

    fn text(&self, field: &str) -> Option<String> {
        match self.get(field).map(|entry| &entry.value) {
            Some(Value::Text(text)) => Some(text.clone()),
            _ => None,
        }
    }

    fn timeout(&self) -> Duration {
        match self.get("timeout").map(|entry| &entry.value) {
            Some(Value::Time(time)) => *time,
            _ => USUAL_LIMIT,
        }
    }

    fn switch(&self, field: &str, else_: bool) -> bool {
        match self.get(field).map(|entry| &entry.value) {
            Some(Value::Switch(on)) => *on,
            _ => else_,
        }
    }

    /// A problem with one of its fields, or with the table where that is not there.
    fn problem(&self, field: &str, says: &str) -> Problem {
        let at = self.get(field).map_or(&self.origin, |entry| &entry.origin);
        Problem::new(at, format!("{}.{}: {says}", self.kind, super::read::dotted(std::slice::from_ref(&self.name))))
    }

    /// Variables are named and never written out.
    fn check_variables(&self, problems: &mut Vec<Problem>) {
        let is_name = |name: &String| !name.is_empty() && !name.contains(|c: char| c == '=' || c.is_whitespace());
        if let Some(wrong) = self.list("env").iter().find(|name| !is_name(name)) {
            let says =
                format!("env holds names of variables that are handed on, such as \"API_TOKEN\"; found {wrong:?}");
            problems.push(self.problem("env", &says));
        }
    }

    fn command(&self, paths: &Paths<'_>, problems: &mut Vec<Problem>) -> Option<CommandDefinition> {
        let before = problems.len();
        if !ToolSpec::is_name(&self.name) || self.name.contains("__") {
            let says =
                "a tool's name has letters, digits, _ and - alone, 64 at most, and no __, which servers' tools have";
            problems.push(self.problem("", says));
        }
        if BUILT_IN.contains(&self.name.as_str()) {
            problems.push(self.problem("", "munshi brings a tool of that name; give yours another"));
        }
        let description = self.text("description").map(|text| text.trim().to_owned()).unwrap_or_default();
        if description.is_empty() {
            problems
                .push(self.problem("description", "description is missing; expected when to use it, in a sentence"));
        }
        let parameters = match self.get("parameters").map(|entry| &entry.value) {
            Some(Value::Json(written)) => parameters::schema(written),
            _ => Ok(parameters::none()),
        };
        let parameters = parameters.unwrap_or_else(|says| {
            problems.push(self.problem("parameters", &says));
            parameters::none()
        });
        let command = self.list("command");
        if command.first().is_none_or(String::is_empty) {
            let says = "command is missing; expected a program and its arguments, such as [\"date\", \"-u\"]";
            problems.push(self.problem("command", says));
        }
        if problems.len() == before {
            for place in command.iter().flat_map(|word| parameters::places(word)) {
                if parameters.pointer("/properties").and_then(|properties| properties.get(&place)).is_none() {
                    let says =
                        format!("command has {{{place}}}, which parameters does not; a brace itself is written twice");
                    problems.push(self.problem("command", &says));
                }
            }
        }
        self.check_variables(problems);
        (problems.len() == before).then(|| CommandDefinition {
            name: self.name.clone(),
            description,
            parameters,
            command,
            timeout: self.timeout(),
            env: self.list("env"),
            reads: self.list("reads").iter().map(|path| paths.expand(path)).collect(),
            writes: self.list("writes").iter().map(|path| paths.expand(path)).collect(),
            network: self.switch("network", false),
        })
    }
}

/// A name in a list that no tool can have is a slip, and one in `deny` would be a dangerous one.
fn check_names(layers: &Layers, list: &str, own: &[String], servers: &[String], problems: &mut Vec<Problem>) {
    let Some(entry) = layers.get(list) else { return };
    for name in layers.list(list) {
        let of_server = servers.iter().any(|server| {
            name == *server || name.strip_prefix(server.as_str()).is_some_and(|rest| rest.starts_with("__"))
        });
        let is_all = name == ToolChoices::ALL && list != "tools.allow";
        if is_all || of_server || own.contains(&name) || BUILT_IN.contains(&name.as_str()) {
            continue;
        }
        let known: Vec<&str> = BUILT_IN.iter().copied().chain(own.iter().chain(servers).map(String::as_str)).collect();
        let hint = match nearest(&name, &known) {
            Some(near) => format!("did you mean {near:?}?"),
            None => format!("there are {}", known.join(", ")),
        };
        problems.push(Problem::new(&entry.origin, format!("{list}: there is no tool {name:?}; {hint}")));
    }
}
