//! `munshi doctor`: looks at all that a chat needs, and says how to mend what is wrong. Owns the order and the words on
//! paper; refuses to change anything, so that it can be run on what is broken.

mod access;
mod database;
mod here;

use std::fmt::Write as _;
use std::process::ExitCode;

use color_eyre::eyre::{Result, eyre};
use munshi::cli::Cli;
use munshi::platform::terminal;
use munshi::runtime::Clock;
use munshi::text::Sanitised;
use munshi::tui::theme::ColourDepth;
use serde_json::json;

use crate::setup;

/// How it is with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Status {
    Fine,
    /// The chat works, but not as well as it could, or not for long.
    Warning,
    /// The chat does not work.
    Failure,
}

impl Status {
    const fn word(self) -> &'static str {
        match self {
            Self::Fine => "ok",
            Self::Warning => "warn",
            Self::Failure => "fail",
        }
    }

    /// The palette's green, yellow and red.
    const fn colour(self) -> &'static str {
        match self {
            Self::Fine => "\x1b[32m",
            Self::Warning => "\x1b[33m",
            Self::Failure => "\x1b[31m",
        }
    }
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    /// What was looked at: `key`, `network`.
    check: &'static str,
    status: Status,
    says: String,
    /// How to mend it; only where it is not fine.
    mend: Option<String>,
}

impl Finding {
    fn fine(check: &'static str, says: impl Into<String>) -> Self {
        Self { check, status: Status::Fine, says: says.into(), mend: None }
    }

    fn warning(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, status: Status::Warning, says: says.into(), mend: Some(mend.into()) }
    }

    fn failure(check: &'static str, says: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { check, status: Status::Failure, says: says.into(), mend: Some(mend.into()) }
    }
}

/// Looks at everything, prints it, and gives the exit code: 1 where something does not work.
pub fn run(cli: &Cli, as_json: bool) -> Result<ExitCode> {
    let (config, problems) = setup::inspected(cli).map_err(|why| eyre!(why))?;
    let clock = Clock::start();
    let today = clock.now().day;
    let mut findings = here::configuration(&config, &problems);
    findings.extend(access::key_and_network(&config, &clock)?);
    findings.extend(here::terminal(terminal::is_terminal(), terminal::size(), setup::colours(), setup::told));
    let path = config.paths.database();
    let database = database::database(&path);
    let is_readable = database.iter().all(|finding| finding.status != Status::Failure);
    findings.extend(database);
    findings.push(database::disk(&path));
    findings.extend(database::budgets(&config.settings, &path, is_readable, today));
    findings.push(here::prices(&config, today));
    let failed = findings.iter().any(|finding| finding.status == Status::Failure);
    let text = if as_json {
        crate::data(json_report(&findings)?)
    } else {
        report(&findings, terminal::is_terminal() && setup::colours() != ColourDepth::None)
    };
    crate::print(&text)?;
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn report(findings: &[Finding], coloured: bool) -> String {
    let mut out = String::new();
    for finding in findings {
        let word = format!("{:<4}", finding.status.word());
        let word = if coloured { format!("{}{word}\x1b[0m", finding.status.colour()) } else { word };
        let _ = writeln!(out, "{word}  {:<13}  {}", finding.check, Sanitised::line(&finding.says));
        if let Some(mend) = &finding.mend {
            let _ = writeln!(out, "{:21}mend: {}", "", Sanitised::line(mend));
        }
    }
    let count = |status| findings.iter().filter(|finding| finding.status == status).count();
    let verdict = match (count(Status::Failure), count(Status::Warning)) {
        (0, 0) => "\nAll is well.\n".to_owned(),
        (0, warnings) => format!("\nIt works; {} to look at.\n", things(warnings)),
        (failures, _) => format!("\n{} to mend.\n", things(failures)),
    };
    out + &verdict
}

fn things(count: usize) -> String {
    if count == 1 { "1 thing".to_owned() } else { format!("{count} things") }
}

fn json_report(findings: &[Finding]) -> Result<String> {
    let rows: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "check": finding.check,
                "status": finding.status.word(),
                "says": finding.says,
                "mend": finding.mend,
            })
        })
        .collect();
    let failed = findings.iter().any(|finding| finding.status == Status::Failure);
    Ok(format!("{}\n", serde_json::to_string_pretty(&json!({ "ok": !failed, "checks": rows }))?))
}
