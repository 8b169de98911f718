//! The command line: its types, its help, completions and manual page, all from one table. Owns no meaning:
//! what a flag does is decided where it is used.

mod ask;
mod batch;
mod man;
mod model;

use std::ffi::OsString;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use jiff::civil::Date;

pub use ask::{AskArgs, AskOutput};
pub use batch::{Amount, BatchCommand, BatchInput, BatchOutput, BatchRunArgs, IfChanged};
pub use man::man;
pub use model::ModelArgs;

const AFTER_HELP: &str = "\
Exit codes: 0 it went well, 1 it failed (`munshi doctor`, `munshi tools check`: something does not
work), 2 the command line or the configuration is wrong, 101 a fault of munshi's own. `munshi ask` and
`munshi batch` have more: 3 refused by a budget, 4 the provider failed, 5 not in the shape that was asked
for (`batch`: some rows have an error), 130 interrupted.

Settings come from the defaults, the configuration file (`munshi config path`), the environment
(OPENAI_API_KEY, OPENAI_BASE_URL, OPENAI_MODEL, OPENAI_TEMPERATURE, OPENAI_MAX_TOKENS, MUNSHI_LOG)
and these flags; the later one wins. `munshi config show` says where each value comes from.
MUNSHI_CONFIG_DIR, MUNSHI_DATA_DIR and MUNSHI_STATE_DIR name other folders.";

/// A full-screen terminal chat for OpenAI-compatible models that streams, never loses a line, and keeps
/// count of every rupee.
#[derive(Debug, Parser)]
#[command(name = "munshi", version, after_help = AFTER_HELP)]
pub struct Cli {
    #[command(flatten)]
    pub chat: ChatArgs,
    #[command(flatten)]
    pub settings: SettingArgs,
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// Reads the process's arguments; where they cannot be, it says why and ends with exit code 2.
    #[must_use]
    pub fn read() -> Self {
        Self::checked(std::env::args_os()).unwrap_or_else(|error| error.exit())
    }

    /// Settings may stand before a command, as they hold for it too; which conversation to open may not.
    fn checked(words: impl IntoIterator<Item = OsString>) -> Result<Self, clap::Error> {
        let mut cli = Self::try_parse_from(words)?;
        match &cli.command {
            Some(Command::Ask(ask)) => ask.lay_over(&mut cli.settings),
            Some(Command::Batch(BatchCommand::Run(run))) => run.lay_over(&mut cli.settings),
            _ => {}
        }
        let chat = &cli.chat;
        if cli.command.is_some() && (chat.demo || chat.continue_last || chat.resume.is_some()) {
            let why = "--demo, --continue and --resume open the chat, and do not go before a command; `ask` and `batch run` have a --demo of their own, behind them";
            return Err(Self::command().error(ErrorKind::ArgumentConflict, why));
        }
        if let Some(Command::Cost(cost)) = &cli.command
            && let Some(why) = cost.wrong_days()
        {
            return Err(Self::command().error(ErrorKind::ValueValidation, why));
        }
        Ok(cli)
    }
}

/// Which conversation is opened.
#[derive(Debug, Args, Default)]
pub struct ChatArgs {
    /// Go on with the last conversation
    #[arg(short = 'c', long = "continue", conflicts_with = "resume")]
    pub continue_last: bool,
    /// Go on with this conversation; `munshi chats list` names them
    #[arg(short, long, value_name = "ID", value_parser = lossy())]
    pub resume: Option<String>,
    /// Try munshi without key and network, against a model that it plays itself; saved apart from the real ones
    #[arg(long)]
    pub demo: bool,
}

/// Settings that the command line may override.
#[derive(Debug, Args, Default)]
pub struct SettingArgs {
    #[command(flatten)]
    pub model: ModelArgs,
    /// What is logged: off, error, warn, info, debug, trace, or a list of targets with levels
    #[arg(long, value_name = "LEVEL", global = true, value_parser = lossy())]
    pub log_level: Option<String>,
    /// Read this configuration file
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// The colours: terminal (the terminal's own), dark, light
    #[arg(long, value_name = "NAME", value_parser = lossy())]
    pub theme: Option<String>,
    /// Leave the mouse to the terminal
    #[arg(long)]
    pub no_mouse: bool,
}

/// What munshi can do without opening the chat.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// One question from the arguments and standard input, its answer on standard output
    Ask(AskArgs),
    /// The same question about each line of a file, its answers a checked CSV
    #[command(subcommand)]
    Batch(BatchCommand),
    /// Where the configuration is, a new one with every field explained, or what holds and why
    #[command(subcommand)]
    Config(ConfigCommand),
    /// The known models with their prices for a million tokens, in your currency
    Models {
        /// Ask PROVIDER, or each provider that has a key, which models it has and for what prices, and keep that
        #[arg(long, value_name = "PROVIDER", num_args = 0..=1, default_missing_value = "", value_parser = lossy())]
        refresh: Option<String>,
        /// Print JSON, prices in micro-dollars
        #[arg(long)]
        json: bool,
    },
    /// What was spent: a chart of the days, a table, and how much of each budget is used
    Cost(CostArgs),
    /// Check key, network, terminal, configuration, database, budgets and prices, and say how to mend what is wrong
    Doctor {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Saved conversations
    #[command(subcommand)]
    Chats(ChatsCommand),
    /// What a model may ask to have done, and whether it works
    #[command(subcommand)]
    Tools(ToolsCommand),
    /// Completions for a shell, on standard output
    Completions { shell: Shell },
    /// The manual page (roff), on standard output
    Man,
}

/// `munshi cost`
#[derive(Debug, Args)]
pub struct CostArgs {
    /// What each row of the table is
    #[arg(long, value_enum, default_value_t = CostBy::Day)]
    pub by: CostBy,
    /// The last N days, today included; without it 30 days, 12 weeks or 12 months
    #[arg(long, value_name = "N", conflicts_with_all = ["since", "until"], value_parser = clap::value_parser!(u32).range(1..=LONGEST_PERIOD))]
    pub days: Option<u32>,
    /// From this day on, such as 2026-04-01
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub since: Option<Date>,
    /// Up to and with this day; without it, today
    #[arg(long, value_name = "DATE", requires = "since", value_parser = day)]
    pub until: Option<Date>,
    /// Print CSV, sums as exact decimals
    #[arg(long, conflicts_with = "json")]
    pub csv: bool,
    /// Print JSON, sums as exact decimals
    #[arg(long)]
    pub json: bool,
    /// What the demo has spent, which cost nothing
    #[arg(long)]
    pub demo: bool,
}

/// The longest period of a report, in days: a hundred years.
const LONGEST_PERIOD: i64 = 36_525;

/// What the rows of `munshi cost` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CostBy {
    Day,
    Week,
    Month,
    Model,
    Conversation,
    Purpose,
}

impl CostArgs {
    /// What is wrong with the days, which only shows once both are read.
    fn wrong_days(&self) -> Option<&'static str> {
        let (since, until) = (self.since?, self.until.or(self.since)?);
        let span = until.since(since).ok()?.get_days();
        match i64::from(span) {
            ..0 => Some("--until is before --since"),
            LONGEST_PERIOD.. => Some("the days from --since to --until are more than a hundred years"),
            _ => None,
        }
    }
}

/// `munshi config …`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print the configuration file's path
    Path,
    /// Write a configuration file with every field explained; an existing one stays
    Init,
    /// Print each value and where it comes from; keys are hidden
    Show {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `munshi tools …`
#[derive(Debug, Subcommand)]
pub enum ToolsCommand {
    /// List them: on or off in new chats, whether each call asks, where it comes from
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Take back that a tool is always allowed, as you said in a chat
    Forget {
        /// The tool's name
        name: String,
    },
    /// Check that schemas, programs, folders and servers are as they must be; runs no tool
    Check {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

/// `munshi chats …`
#[derive(Debug, Subcommand)]
pub enum ChatsCommand {
    /// List them, the last used first
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print one
    Show {
        #[arg(value_parser = lossy())]
        id: String,
    },
    /// Print one as a file to keep
    Export {
        #[arg(value_parser = lossy())]
        id: String,
        /// As JSON, with tokens and costs
        #[arg(long, conflicts_with = "markdown")]
        json: bool,
        /// As Markdown (the default)
        #[arg(long)]
        markdown: bool,
    },
}

/// Text of which bytes that are not UTF-8 become replacement characters.
fn lossy() -> impl TypedValueParser<Value = String> {
    OsStringValueParser::new().map(|text: OsString| text.to_string_lossy().into_owned())
}

fn day(text: &str) -> Result<Date, String> {
    let day: Date = text.parse().map_err(|_| "expected a day such as 2026-04-01".to_owned())?;
    if (1970..=9_999).contains(&day.year()) { Ok(day) } else { Err("expected a year from 1970 on".to_owned()) }
}

/// Writes the completions for `shell`.
///
/// # Errors
/// Where `out` takes nothing.
pub fn completions(shell: Shell, out: &mut impl Write) -> io::Result<()> {
    // Rendered first: the generator panics where its writer fails, as a closed pipe does.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "munshi", &mut script);
    out.write_all(&script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_command_line_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn settings_and_subcommands_are_read() {
        let cli = Cli::try_parse_from(["munshi", "-c", "-m", "groq/x", "--temperature", "0.2", "--no-mouse"]).unwrap();
        assert!(cli.chat.continue_last && cli.settings.no_mouse && cli.command.is_none());
        assert_eq!((cli.settings.model.model.as_deref(), cli.settings.model.temperature), (Some("groq/x"), Some(0.2)));
        let cli = Cli::try_parse_from(["munshi", "config", "show", "--json", "--config", "/x.toml"]).unwrap();
        assert!(matches!(cli.command, Some(Command::Config(ConfigCommand::Show { json: true }))));
        assert_eq!(cli.settings.config, Some(PathBuf::from("/x.toml")));
    }

    #[test]
    fn settings_go_before_a_command_and_the_chats_own_flags_do_not() {
        let read = |line: &str| Cli::checked(line.split(' ').map(OsString::from));
        assert_eq!(read("munshi --config /x.toml models").unwrap().settings.config, Some(PathBuf::from("/x.toml")));
        assert!(read("munshi --temperature 0.1 config show").is_ok());
        assert!(read("munshi --demo -c").is_ok());
        for line in ["munshi --demo models", "munshi -c config path", "munshi -r x man"] {
            assert_eq!(read(line).unwrap_err().exit_code(), 2, "{line}");
        }
    }

    #[test]
    fn wrong_values_end_with_exit_code_2_and_say_what_was_expected() {
        for wrong in [&["munshi", "--temperature", "-1"][..], &["munshi", "--temperature", "hot"]] {
            let error = Cli::try_parse_from(wrong).unwrap_err();
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains("expected a number from 0 to 2"), "{error}");
        }
        assert!(Cli::try_parse_from(["munshi", "--max-tokens", "0"]).is_err());
        assert!(Cli::try_parse_from(["munshi", "-c", "-r", "x"]).is_err());
    }

    #[test]
    fn the_days_of_a_report_are_read_and_impossible_ones_refused() {
        let read = |line: &str| Cli::checked(line.split(' ').map(OsString::from));
        let Some(Command::Cost(cost)) = read("munshi cost --by model --since 2026-04-01 --demo").unwrap().command
        else {
            panic!("it is the cost")
        };
        assert_eq!((cost.by, cost.since, cost.demo), (CostBy::Model, Some(Date::constant(2026, 4, 1)), true));
        for wrong in [
            "munshi cost --since yesterday",
            "munshi cost --until 2026-04-01",
            "munshi cost --since 2026-04-02 --until 2026-04-01",
            "munshi cost --since 1970-01-01 --until 2100-01-01",
            "munshi cost --since -0001-01-01",
            "munshi cost --days 0",
            "munshi cost --days 3 --since 2026-04-01",
            "munshi cost --csv --json",
            "munshi cost --by colour",
            "munshi --demo cost",
        ] {
            assert_eq!(read(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
        assert!(read("munshi cost --since 2026-04-01 --until 2026-04-01").is_ok());
    }

    #[test]
    fn completions_and_the_manual_name_every_subcommand() {
        let mut page = Vec::new();
        man(&mut page).unwrap();
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish] {
            let mut script = Vec::new();
            completions(shell, &mut script).unwrap();
            for name in ["ask", "batch", "config", "models", "cost", "doctor", "chats", "tools", "completions"] {
                assert!(String::from_utf8_lossy(&script).contains(name));
                assert!(String::from_utf8_lossy(&page).contains(name));
            }
        }
        assert!(String::from_utf8_lossy(&page).contains("Exit codes"));
    }

    #[cfg(unix)]
    #[test]
    fn row_28_arguments_that_are_not_utf_8_get_replacement_characters() {
        use std::os::unix::ffi::OsStringExt as _;
        let broken = OsString::from_vec(b"gpt\xff".to_vec());
        let cli = Cli::try_parse_from([OsString::from("munshi"), OsString::from("-m"), broken]).unwrap();
        assert_eq!(cli.settings.model.model.as_deref(), Some("gpt\u{fffd}"));
    }
}
