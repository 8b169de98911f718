//! `munshi tools …`: which tools there are, and whether each can do its work. Owns the words on paper; runs no tool.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use color_eyre::eyre::Result;
use munshi::chat::tool::{ListedTool, Permission, ToolList};
use munshi::chat::tooling::ServerTransport;
use munshi::cli::ToolsCommand;
use munshi::config::Config;
use munshi::platform::files;
use munshi::platform::terminal;
use munshi::runtime::Clock;
use munshi::text::{Ink, Sanitised, plain_rows};
use munshi::tools::Toolbox as _;
use munshi::tools::command::SandboxReport;
use serde_json::json;

use crate::setup;
use crate::toolbox::{Toolbox, toolbox};

/// With fewer columns than this beside the names, what a tool does stands below them.
const LEAST_ROOM: usize = 30;

pub fn run(command: &ToolsCommand, config: &Config) -> Result<ExitCode> {
    let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let tools = match toolbox(config, &Clock::start(), &config.paths.database()) {
        Ok(tools) => tools,
        Err(why) => return Ok(crate::fail(&format!("munshi: {why}"), crate::USAGE)),
    };
    let (text, code) = workers.block_on(async {
        match command {
            ToolsCommand::List { json } => {
                let list = tools.kit.list().await;
                let text = if *json {
                    crate::data(list_json(&list)?)
                } else {
                    list_text(&list, terminal::size().map(|(columns, _)| columns))
                };
                color_eyre::eyre::Ok((text, ExitCode::SUCCESS))
            }
            ToolsCommand::Check { json } => {
                let findings = findings(config, &tools).await;
                let is_well = findings.iter().all(|finding| finding.is_well);
                let text =
                    if *json { crate::data(check_json(&findings, is_well)?) } else { check_text(&findings, is_well) };
                Ok((text, if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }))
            }
            ToolsCommand::Forget { name } => Ok(match tools.kit.forget(name.clone()).await {
                Ok(()) => (format!("{} is no longer always allowed.\n", Sanitised::line(name)), ExitCode::SUCCESS),
                Err(why) => (String::new(), crate::fail(&format!("munshi: {why}"), 1)),
            }),
        }
    })?;
    workers.block_on(tools.kit.end());
    workers.shutdown_background();
    crate::print(&text)?;
    Ok(code)
}

const fn permission(listed: &ListedTool) -> &'static str {
    match (listed.tool.permission, listed.is_always_allowed) {
        (Permission::Deny, _) => "denied",
        (Permission::Allow, _) => "allowed",
        (Permission::Ask, true) => "always",
        (Permission::Ask, false) => "asks",
    }
}

/// A text behind a head; at a terminal its rows stand below one another, else it is one line.
fn hung(head: &str, text: &str, columns: Option<u16>) -> String {
    let Some(columns) = columns else { return format!("{head}{text}\n") };
    let indent = munshi::text::width(head);
    let room = usize::from(columns).saturating_sub(indent);
    // Where there is no room beside it, it stands below.
    let (first, indent) = if room >= LEAST_ROOM { (String::new(), indent) } else { (format!("\n{:4}", ""), 4) };
    let room = usize::from(columns).saturating_sub(indent).max(1);
    let rows = plain_rows(text, room as u16, Ink::Plain).into_iter();
    let rows: Vec<String> = rows.map(|row| row.spans.iter().map(|span| span.text.as_str()).collect()).collect();
    format!("{head}{first}{}\n", rows.join(&format!("\n{:indent$}", "")))
}

fn list_text(list: &ToolList, columns: Option<u16>) -> String {
    let width = list.tools.iter().map(|listed| listed.tool.spec.name.len()).max().unwrap_or_default();
    let from = list.tools.iter().map(|listed| listed.tool.origin.to_string().chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for listed in &list.tools {
        let tool = &listed.tool;
        let is_on = if tool.is_on { "on" } else { "off" };
        let sample = if tool.is_sample { "sample data: " } else { "" };
        let description = Sanitised::line(&tool.spec.description);
        let origin = tool.origin.to_string();
        let head = format!(
            "{:width$}  {is_on:<3}  {:<7}  {:from$}  ",
            Sanitised::line(&tool.spec.name).as_str(),
            permission(listed),
            Sanitised::line(&origin).as_str(),
        );
        out.push_str(&hung(&head, &format!("{sample}{}", description.as_str()), columns));
    }
    for server in &list.servers {
        if let Some(why) = &server.trouble {
            let _ = writeln!(out, "MCP server {}: {}", Sanitised::line(&server.name), Sanitised::line(why));
        }
    }
    out.push_str("\non and off: in new chats; /tools switches them in one. asks: you agree to each call.\n");
    out
}

fn list_json(list: &ToolList) -> Result<String> {
    let tools: Vec<_> = list
        .tools
        .iter()
        .map(|listed| {
            let tool = &listed.tool;
            json!({
                "name": tool.spec.name, "origin": tool.origin.to_string(), "on": tool.is_on,
                "permission": permission(listed), "sample": tool.is_sample,
                "description": tool.spec.description, "parameters": tool.spec.parameters,
                "definition": tool.definition,
            })
        })
        .collect();
    let servers: Vec<_> =
        list.servers.iter().map(|server| json!({ "name": server.name, "trouble": server.trouble })).collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&json!({ "tools": tools, "servers": servers }))?))
}

/// What was found of one thing.
struct Finding {
    of: String,
    is_well: bool,
    says: String,
}

impl Finding {
    fn new(of: &str, found: Result<String, String>) -> Self {
        let is_well = found.is_ok();
        let (Ok(says) | Err(says)) = found;
        Self { of: of.to_owned(), is_well, says }
    }
}

async fn findings(config: &Config, tools: &Toolbox) -> Vec<Finding> {
    let mut findings = Vec::new();
    for root in &config.tooling.roots {
        let path = root.display();
        findings.push(Finding::new(
            "tools.roots",
            match std::fs::read_dir(root) {
                Ok(_) => Ok(format!("{path} can be looked into")),
                Err(error) => Err(format!("{path} cannot be looked into: {error}")),
            },
        ));
    }
    for examined in tools.commands.examine() {
        let program = examined.program.map(|path| format!("it runs {}", path.display()));
        findings.push(Finding::new(&examined.name, program));
        findings.extend(examined.notes.into_iter().map(|says| Finding::new(&examined.name, Err(says))));
    }
    if !config.tooling.commands.is_empty() {
        findings.push(sandbox(&tools.commands.sandbox()));
    }
    for server in &config.tooling.servers {
        if let ServerTransport::Command { command, .. } = &server.transport {
            let program = command.first().map(String::as_str).unwrap_or_default();
            findings.push(Finding::new(&server.name, program_of(program, told_path().as_deref())));
        }
    }
    let list = tools.kit.list_all().await;
    findings.extend(list.tools.iter().map(|listed| {
        let says = format!("its schema can be used; {}", listed.tool.origin);
        Finding::new(&listed.tool.spec.name, Ok(says))
    }));
    findings.extend(tools.kit.troubles().await.into_iter().map(|says| Finding::new("tools", Err(says))));
    findings
}

/// What the user's commands run in. None at all is nothing wrong with the configuration, and still worth a word.
fn sandbox(report: &SandboxReport) -> Finding {
    let why = [report.misses.as_slice(), report.gaps.as_slice()].concat().join(" ");
    Finding::new("sandbox", Ok(format!("{} {why}", report.confinement.words()).trim_end().to_owned()))
}

fn told_path() -> Option<String> {
    setup::told("PATH")
}

/// Where a program is.
fn program_of(program: &str, path: Option<&str>) -> Result<String, String> {
    let runs = |file: &Path| format!("it runs {}", file.display());
    if program.contains('/') {
        let path = Path::new(program);
        let there = files::may_run(path).then(|| runs(path));
        return there.ok_or_else(|| format!("{program} is not there, or is no program"));
    }
    let folders: Vec<PathBuf> = std::env::split_paths(path.unwrap_or_default()).collect();
    let found = files::program(program, &folders).map(|path| runs(&path));
    found.ok_or_else(|| format!("{program} is in no folder of PATH: install it, or write where it is"))
}

fn check_text(findings: &[Finding], is_well: bool) -> String {
    let width = findings.iter().map(|finding| finding.of.chars().count()).max().unwrap_or_default();
    let mut out = String::new();
    for finding in findings {
        let word = if finding.is_well { "ok" } else { "fail" };
        let _ = writeln!(out, "{word:<4}  {:width$}  {}", finding.of, Sanitised::line(&finding.says));
    }
    out.push_str(if is_well {
        "\nAll is well.\n"
    } else {
        "\nWhat failed is not offered, or fails when it is called.\n"
    });
    out
}

fn check_json(findings: &[Finding], is_well: bool) -> Result<String> {
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| json!({ "of": finding.of, "status": if finding.is_well { "ok" } else { "fail" }, "says": finding.says }))
        .collect();
    Ok(format!("{}\n", serde_json::to_string_pretty(&json!({ "ok": is_well, "checks": rows }))?))
}
