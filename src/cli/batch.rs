//! The arguments of `munshi batch`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{ModelArgs, SettingArgs, lossy};

const AFTER_HELP: &str = "\
Each row of FILE is put to the model by itself; its answer is JSON that is held to a schema, asked for
once more where it does not fit, and else an error in that row. The output has one line for each row, in
the order of the input: row, input, the fields of the answer, model, tokens, cost, error. Cells that a
spreadsheet would take for a formula begin with a single quote.

With -o, what is finished is kept beside the output (out.csv.journal): run the same command again after
any end, and only what is missing is asked. Ctrl+C lets what is on its way arrive, twice stops at once.

Exit codes: 0 every row is answered, 1 it failed otherwise, 2 the command line, the input or the
configuration is wrong, 3 a budget or --max-cost does not allow more, 4 the provider cannot be used,
5 some rows have an error, 130 interrupted (129 the terminal was closed, 143 terminated). After 1, 3,
4 and 130 the same command goes on where it stopped.

Examples:
  munshi batch run emails.txt --labels Billing,Technical,Returns,General -o out.csv
  munshi batch run orders.csv --column message --schema order.schema.json --prompt extract.md -o orders-out.csv
  munshi batch run emails.txt --labels Billing,Technical --estimate";

/// `munshi batch …`
#[derive(Debug, Subcommand)]
pub enum BatchCommand {
    /// Ask a model about each line of a file, and write a checked CSV
    #[command(after_help = AFTER_HELP)]
    Run(Box<BatchRunArgs>),
    /// How the batches stand that were handed to a provider with --offload
    Status {
        /// A run's id, or the id of one of its batches; without it, all are listed
        #[arg(value_parser = lossy())]
        id: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Fetch what such a run has answered, and write its output
    Fetch {
        /// A run's id, or the id of one of its batches
        #[arg(value_parser = lossy())]
        id: String,
    },
    /// Have the provider stop such a run; what it has answered already is paid for and can be fetched
    Cancel {
        /// A run's id, or the id of one of its batches
        #[arg(value_parser = lossy())]
        id: String,
    },
}

/// `munshi batch run`
#[derive(Debug, Args, Default)]
#[allow(clippy::struct_excessive_bools, reason = "switches of a command line, each on or off by itself")]
pub struct BatchRunArgs {
    /// The rows: lines of text, CSV or JSON Lines, by the file's name; `-` for standard input
    #[arg(value_name = "FILE")]
    pub input: PathBuf,
    /// Give each row one of these labels
    #[arg(long, value_name = "A,B,…", value_delimiter = ',', value_parser = lossy(), conflicts_with = "schema")]
    pub labels: Vec<String>,
    /// What the model is told, as --system says it in a line; `{input}` stands for the row, which else follows as the message
    #[arg(long, value_name = "FILE")]
    pub prompt: Option<PathBuf>,
    /// The JSON schema of an answer; each of its fields is a column. Without it and --labels, the column is `answer`
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// The column (CSV) or property (JSON Lines) that holds the text
    #[arg(long, value_name = "NAME", value_parser = lossy())]
    pub column: Option<String>,
    /// What divides the cells of a CSV, such as ';'
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub delimiter: Option<u8>,
    /// What the input is, where its name does not say
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub input_format: Option<BatchInput>,
    /// Where the answers go; `-` or nothing for standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// CSV or JSON Lines, where the output's name does not say
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub output_format: Option<BatchOutput>,
    /// Keep what is finished in this file, also where the output is standard output
    #[arg(long, value_name = "FILE")]
    pub journal: Option<PathBuf>,
    #[command(flatten)]
    pub model: ModelArgs,
    /// The most requests on their way at once; how many there are follows the provider's limits
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub concurrency: u32,
    /// Say what it would take in tokens, money and time, and send nothing
    #[arg(long, conflicts_with = "offload")]
    pub estimate: bool,
    /// Stop, so that it can go on later, before all runs of this batch have cost more, in your currency
    #[arg(long, value_name = "AMOUNT", value_parser = amount)]
    pub max_cost: Option<Amount>,
    /// Ask again for the rows that have an error
    #[arg(long)]
    pub retry_failed: bool,
    /// Where the input, the prompt, the schema or the model is another than before: keep the answers to rows that are
    /// the same, or ask for all again
    #[arg(long, value_name = "HOW", value_enum)]
    pub if_changed: Option<IfChanged>,
    /// Begin anew: what was answered before is set aside, and an output that is there is replaced
    #[arg(long, conflicts_with_all = ["retry_failed", "if_changed"])]
    pub restart: bool,
    /// Hand the rows to the provider's Batch API: within 24 hours, at half the price
    #[arg(long)]
    pub offload: bool,
    /// Show no progress; errors are still told
    #[arg(short, long)]
    pub quiet: bool,
    /// Ask the model that munshi plays itself, without key and network; counted apart from the real ones
    #[arg(long, conflicts_with = "offload")]
    pub demo: bool,
}

/// What the input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BatchInput {
    /// A row a line
    Text,
    Csv,
    Tsv,
    /// A JSON value a line
    Jsonl,
}

/// What the output is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BatchOutput {
    Csv,
    Jsonl,
}

/// What becomes of earlier answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IfChanged {
    Keep,
    Restart,
}

/// A sum in the user's currency, in millionths of its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount(pub u64);

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\r' | b'\n') => Ok(*byte),
        b"\\t" => Ok(b'\t'),
        _ => Err("expected one ASCII character, such as ';', or \\t for a tab".to_owned()),
    }
}

fn amount(text: &str) -> Result<Amount, String> {
    let wrong = || "expected an amount above 0 with up to six digits after the point, such as 250 or 0.50".to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(part) || part.len() > 6 {
        return Err(wrong());
    }
    let micro = format!("{whole}{part:0<6}").parse::<u64>().map_err(|_| wrong())?;
    // The same end as the budgets have: a million of millions.
    if (1..=1_000_000_000_000_000_000).contains(&micro) { Ok(Amount(micro)) } else { Err(wrong()) }
}

impl BatchRunArgs {
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

    fn read(line: &str) -> Result<BatchRunArgs, clap::Error> {
        let cli = Cli::checked(line.split(' ').map(OsString::from))?;
        let Some(Command::Batch(BatchCommand::Run(run))) = cli.command else { panic!("it runs a batch") };
        Ok(*run)
    }

    #[test]
    fn labels_are_a_list_and_amounts_are_exact() {
        let run = read("munshi batch run e.txt --labels Billing,Technical -o out.csv --max-cost 2.5").unwrap();
        assert_eq!(run.labels, ["Billing", "Technical"]);
        assert_eq!((run.max_cost, run.concurrency), (Some(Amount(2_500_000)), 32));
        for wrong in ["0", "-1", "1.2345678", "1e3", "ten", ".5", "9999999999999999999"] {
            assert!(read(&format!("munshi batch run e.txt --labels A,B --max-cost={wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_does_not_go_together_is_refused() {
        for wrong in [
            "run e.txt --labels A,B --schema s.json",
            "run e.txt --labels A,B --offload --estimate",
            "run e.txt --labels A,B --offload --demo",
            "run e.txt --labels A,B --restart --retry-failed",
            "run e.txt --labels A,B --concurrency 0",
            "run",
            "fetch",
        ] {
            assert_eq!(read(&format!("munshi batch {wrong}")).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
