//! The arguments of `munshi ask`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{ModelArgs, SettingArgs, lossy};

const AFTER_HELP: &str = "\
The prompt is made of the arguments, then of what is piped in, then of the attached files. Without a
terminal behind it, standard output gets the bytes of the answer as they come, and nothing else; all
talk is on standard error.

Exit codes: 0 answered, 1 it failed otherwise, 2 the command line, the input or the configuration is
wrong, 3 a budget does not allow it, 4 the provider failed, 5 the answer is not in the shape that was
asked for, 130 interrupted (129 the terminal was closed, 143 terminated). A reader that goes away
stops the answer, and is no error.

Examples:
  munshi ask \"What is the GST on books?\"
  git diff | munshi ask \"Write a commit message for this diff.\"
  munshi ask --attach posting.txt --schema job.json \"Extract the job.\" > job-posting.json";

/// `munshi ask`
#[derive(Debug, Args, Default)]
#[command(after_help = AFTER_HELP)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line, each on or off by itself")]
pub struct AskArgs {
    /// What is asked; words are joined by spaces, and piped input follows them
    #[arg(value_name = "PROMPT", value_parser = lossy())]
    pub prompt: Vec<String>,
    /// Go on with the last conversation, by its own model and settings
    #[arg(short = 'c', long = "continue")]
    pub continue_last: bool,
    #[command(flatten)]
    pub model: ModelArgs,
    /// Ask for a JSON object
    #[arg(long)]
    pub json: bool,
    /// Ask for JSON after the JSON schema in this file; an answer that does not fit is asked for once more
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub schema: Option<PathBuf>,
    /// Offer these tools, by their names or an MCP server's, or `all`; without it there are none
    #[arg(long, value_name = "NAME,…", value_delimiter = ',', value_parser = lossy())]
    pub tools: Vec<String>,
    /// Ask nothing: calls of tools that `tools.allow` names run, and no others, not even those allowed for good in a chat
    #[arg(short, long)]
    pub yes: bool,
    /// Put this text file behind the prompt; may be given again
    #[arg(short, long, value_name = "FILE")]
    pub attach: Vec<PathBuf>,
    /// Keep nothing of the conversation; what it cost is still counted
    #[arg(long)]
    pub no_save: bool,
    /// What standard output gets: the answer, one JSON object at the end, or one JSON object a line as things happen
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = AskOutput::Text)]
    pub output_format: AskOutput,
    /// Say at the end, on standard error, how long it took and what it used and cost
    #[arg(short, long)]
    pub verbose: bool,
    /// Ask the model that munshi plays itself, without key and network; saved apart from the real ones
    #[arg(long)]
    pub demo: bool,
}

/// What standard output gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum AskOutput {
    #[default]
    Text,
    Json,
    Ndjson,
}

impl AskArgs {
    /// Its settings hold before those that stand before the command.
    pub(super) fn lay_over(&self, settings: &mut SettingArgs) {
        settings.model = self.model.or(&settings.model);
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;
    use crate::cli::{Cli, Command};

    fn read(line: &str) -> (AskArgs, SettingArgs) {
        let cli = Cli::checked(line.split(' ').map(OsString::from)).unwrap();
        let Some(Command::Ask(ask)) = cli.command else { panic!("it asks") };
        (ask, cli.settings)
    }

    #[test]
    fn settings_may_stand_before_the_command_and_those_behind_it_hold() {
        let (_, settings) = read("munshi -m one --temperature 0.1 ask go");
        assert_eq!((settings.model.model.as_deref(), settings.model.temperature), (Some("one"), Some(0.1)));
        let (_, settings) = read("munshi -m one --max-tokens 5 ask -m two --temperature 0.2 go");
        let ModelArgs { model, temperature, max_tokens, .. } = settings.model;
        assert_eq!((model.as_deref(), temperature, max_tokens), (Some("two"), Some(0.2), Some(5)));
    }

    #[test]
    fn tools_and_files_are_lists_and_words_are_left_to_the_prompt() {
        let (ask, _) = read("munshi ask -a x --tools get_weather,files --attach y How warm -- --is it");
        assert_eq!(ask.tools, ["get_weather", "files"]);
        assert_eq!(ask.attach, [PathBuf::from("x"), PathBuf::from("y")]);
        assert_eq!(ask.prompt, ["How", "warm", "--is", "it"]);
    }
}
