//! Wires implementations together, prints the error chain, and sets the exit code.

#[path = "main/ask.rs"]
mod ask;
#[path = "main/batch/mod.rs"]
mod batch;
#[path = "main/budgets.rs"]
mod budgets;
#[path = "main/chat.rs"]
mod chat;
#[path = "main/confined.rs"]
mod confined;
#[path = "main/cost/mod.rs"]
mod cost;
#[path = "main/doctor/mod.rs"]
mod doctor;
#[path = "main/heard.rs"]
mod heard;
#[path = "main/host.rs"]
mod host;
#[path = "main/keyed.rs"]
mod keyed;
#[path = "main/refresh.rs"]
mod refresh;
#[path = "main/reports.rs"]
mod reports;
#[path = "main/schema_file.rs"]
mod schema_file;
#[path = "main/setup.rs"]
mod setup;
#[path = "main/toolbox.rs"]
mod toolbox;
#[path = "main/tools.rs"]
mod tools;

use std::io::{self, Write as _};
use std::process::ExitCode;

use color_eyre::eyre::Result;
use munshi::cli::{Cli, Command};
use munshi::text::Sanitised;

/// The command line or the configuration is wrong.
pub const USAGE: u8 = 2;

fn main() -> ExitCode {
    if let Some(code) = confined::run() {
        return code;
    }
    let cli = Cli::read();
    munshi::platform::process::forbid_core_dumps();
    if let Err(error) = setup::install_hooks() {
        return fail(&format!("munshi: {error:#}"), 1);
    }
    // It looks at what is broken, and so does not wait for it to be whole.
    if let Some(Command::Doctor { json }) = &cli.command {
        return doctor::run(&cli, *json).unwrap_or_else(|error| fail(&format!("munshi: {error:#}"), 1));
    }
    let config = match setup::config(&cli) {
        Ok(config) => config,
        Err(error) => return fail(&error, USAGE),
    };
    match run(&cli, config) {
        Ok(code) => code,
        Err(error) => fail(&format!("munshi: {error:#}"), 1),
    }
}

fn run(cli: &Cli, config: munshi::config::Config) -> Result<ExitCode> {
    let text = match &cli.command {
        None => return chat::open(cli, config),
        Some(Command::Ask(args)) => return ask::run(cli, args, config),
        Some(Command::Batch(command)) => return batch::run(command, &config),
        Some(Command::Config(command)) => reports::config(command, &config)?,
        Some(Command::Models { refresh: Some(provider), json }) => return refresh::models(provider, *json, &config),
        Some(Command::Models { refresh: None, json }) => reports::models(*json, &config),
        Some(Command::Cost(args)) => cost::report(args, &config)?,
        // Run before the configuration is judged.
        Some(Command::Doctor { json }) => return doctor::run(cli, *json),
        Some(Command::Tools(command)) => return tools::run(command, &config),
        Some(Command::Chats(command)) => reports::chats(command, &config)?,
        Some(Command::Completions { shell }) => {
            let mut out = Vec::new();
            munshi::cli::completions(*shell, &mut out)?;
            String::from_utf8_lossy(&out).into_owned()
        }
        Some(Command::Man) => {
            let mut out = Vec::new();
            munshi::cli::man(&mut out)?;
            String::from_utf8_lossy(&out).into_owned()
        }
    };
    print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// Writes to standard output; a reader that has gone away is no error.
pub fn print(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => Ok(result?),
    }
}

/// Data for a program as it is printed: whole, but at a terminal, which would obey what stands in it, only as text.
pub fn data(text: String) -> String {
    if munshi::platform::terminal::is_terminal() { Sanitised::new(&text).as_str().to_owned() } else { text }
}

/// Says on standard error why it ends.
pub fn fail(why: &str, code: u8) -> ExitCode {
    talk(why);
    ExitCode::from(code)
}

/// Says something on standard error.
pub fn talk(words: &str) {
    // Nobody is left to be told where even this fails.
    let _ = writeln!(io::stderr().lock(), "{words}");
}
