//! What is set up before anything is done: hooks, folders, configuration, the log.

use std::env;
use std::io;
use std::sync::LazyLock;

use color_eyre::eyre::Result;
use munshi::cli::Cli;
use munshi::config::{Config, Flags, Inputs, Paths, Problem, System, env_from};
use munshi::platform::{files, folders, process};
use munshi::tui;
use munshi::tui::theme::ColourDepth;
use tokio_util::sync::CancellationToken;

/// What the configuration needs of the system.
pub const SYSTEM: System =
    System { write_private: files::write_private, others_may_read: files::others_may_read, run: process::run_limited };

const NO_HOME: &str = "No home folder is known to keep anything in: set HOME to an existing folder.";

/// Cancelled by a panic anywhere, also in a task that the loop would outlive: its report stands on the normal screen,
/// and nothing may be drawn over it.
pub static PANICKED: LazyLock<CancellationToken> = LazyLock::new(CancellationToken::new);

/// Reports of panics and errors: the terminal is given back before a word of them is printed.
pub fn install_hooks() -> Result<()> {
    let (panics, errors) = color_eyre::config::HookBuilder::default()
        .display_env_section(false)
        .panic_section("This is a fault of munshi's. What you wrote is saved; `munshi -c` goes on with it.")
        .into_hooks();
    errors.install()?;
    let hook = panics.into_panic_hook();
    std::panic::set_hook(Box::new(move |info| {
        // Whatever of it fails, the report is worth more than the reason.
        let _ = tui::terminal::restore();
        // The place alone: the message may quote what was written or answered.
        match info.location() {
            Some(place) => tracing::error!(file = place.file(), line = place.line(), "panicked"),
            None => tracing::error!("panicked"),
        }
        hook(info);
        PANICKED.cancel();
    }));
    Ok(())
}

/// The configuration, from all that it is made of.
///
/// # Errors
/// What is wrong with it, each with its place.
pub fn config(cli: &Cli) -> Result<Config, String> {
    Config::load(&inputs(cli)?).map_err(|error| error.to_string())
}

/// As much of the configuration as can be made, and what is wrong with the rest.
pub fn inspected(cli: &Cli) -> Result<(Config, Vec<Problem>), String> {
    Config::inspect(&inputs(cli)?).map_err(|error| error.to_string())
}

fn inputs(cli: &Cli) -> Result<Inputs, String> {
    let folders = folders::folders().ok_or(NO_HOME)?;
    let settings = &cli.settings;
    Ok(Inputs {
        env: env_from(env::vars_os()),
        cwd: env::current_dir().ok(),
        paths: Paths { config: folders.config, data: folders.data, state: folders.state },
        flags: Flags {
            config: settings.config.clone(),
            model: settings.model.model.clone(),
            system: settings.model.system.clone(),
            temperature: settings.model.temperature,
            max_tokens: settings.model.max_tokens,
            log_level: settings.log_level.clone(),
            theme: settings.theme.clone(),
            no_mouse: settings.no_mouse,
        },
        system: SYSTEM,
    })
}

/// Begins to log. A log that cannot be written is no reason not to chat.
pub fn log(config: &Config) -> Option<String> {
    let started = munshi::logging::start(&config.paths.state, &config.log_level);
    started.err().map(|error| format!("Nothing is logged: {error}"))
}

/// How many colours the terminal shows, as the environment tells.
pub fn colours() -> ColourDepth {
    ColourDepth::detect(told("NO_COLOR").as_deref(), told("COLORTERM").as_deref(), told("TERM").as_deref())
}

/// A variable of the environment, as text.
pub fn told(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned())
}

/// Whether both ends of the screen are terminals.
pub fn on_a_terminal() -> bool {
    use io::IsTerminal as _;
    io::stdin().is_terminal() && io::stdout().is_terminal()
}
