//! The same question about each row of a file: its arguments are read and judged, and store, provider and files are wired
//! to it.

mod fetching;
mod files;
mod following;
mod handing;
mod journal;
mod registry;
mod task;

use std::collections::HashMap;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::Result;
use futures::stream::BoxStream;
use munshi::batch::engine::Work;
use munshi::batch::estimate::{Estimate, PerRow};
use munshi::batch::input::{Row, Scan};
use munshi::batch::progress::{self, Progress};
use munshi::batch::summary::Look;
use munshi::batch::task::Task;
use munshi::batch::{Edges, Exit, Job, Signal, Stop};
use munshi::chat::{Budgets, Local, Settings};
use munshi::cli::{Amount, BatchCommand, BatchRunArgs};
use munshi::config::Config;
use munshi::demo;
use munshi::platform::signals::SystemSignal;
use munshi::platform::terminal;
use munshi::provider::openai::{EndpointTable, HttpOptions, OpenAiProvider};
use munshi::runtime::{Clock, Offload, Runtime};
use munshi::session::tokens;
use tokio::sync::Notify;

use crate::chat::{open_store, with_demo};
use crate::heard::heard;
use crate::keyed::{Keyed, Keys};
use crate::setup;
use files::{Input, Output};

/// The exit code of a wrong command line, input or configuration.
const USAGE: u8 = 2;

/// The most tokens of a row that is sent, whatever the chats' own limit: the model's window alone holds.
const MOST_TOKENS: u64 = 100_000_000;

/// Runs a command of `munshi batch`, and gives the exit code.
pub fn run(command: &BatchCommand, config: &Config) -> Result<ExitCode> {
    match command {
        BatchCommand::Run(args) => waited(config, rows(args, config.clone())),
        BatchCommand::Status { id, json } => waited(config, following::status(id.as_deref(), *json, config)),
        BatchCommand::Fetch { id } => waited(config, async { Ok(ExitCode::from(fetching::fetch(id, config).await?)) }),
        BatchCommand::Cancel { id } => {
            waited(config, async { Ok(ExitCode::from(following::cancel(id, config).await?)) })
        }
    }
}

fn waited(config: &Config, work: impl Future<Output = Result<ExitCode>>) -> Result<ExitCode> {
    if let Some(notice) = setup::log(config) {
        progress::say(&notice);
    }
    let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = workers.block_on(work);
    workers.shutdown_background();
    let code = code?;
    Ok(if setup::PANICKED.is_cancelled() { ExitCode::from(101) } else { code })
}

/// What was read before anything is sent.
struct Read {
    task: Task,
    input: Input,
    output: Output,
    scan: Scan,
    /// Tokens of all rows' texts.
    text: u64,
}

async fn rows(args: &BatchRunArgs, config: Config) -> Result<ExitCode> {
    let (config, _server) = if args.demo { with_demo(config)? } else { (config, None) };
    let code = match read(args, &config) {
        Ok(read) => begin(args, &config, read).await?,
        Err(why) => refused(&why),
    };
    Ok(ExitCode::from(code))
}

fn refused(why: &str) -> u8 {
    progress::say(why);
    USAGE
}

/// Reads and judges all that is given, before anything is sent.
fn read(args: &BatchRunArgs, config: &Config) -> Result<Read, String> {
    if args.offload && args.output.as_deref().is_none_or(|output| output == Path::new("-")) {
        return Err("--offload needs -o FILE: the answers come later.".to_owned());
    }
    let task = task::task(args, config)?;
    let input = Input::open(args)?;
    let output = Output::new(args, &task, &input)?;
    let mut text = 0;
    let mut count = |row: &Row| {
        if row.unusable.is_none() {
            text += tokens::estimate(&row.text);
        }
    };
    let scan = input.scan(&mut count)?;
    if scan.rows == 0 {
        return Err(format!("{} has no rows: nothing is asked.", input.name));
    }
    Ok(Read { task, input, output, scan, text })
}

/// The settings of a row's turn.
fn row_settings(config: &Config, max_cost: Option<Amount>) -> Settings {
    let mut settings = config.settings.clone();
    settings.max_context_tokens = MOST_TOKENS;
    settings.tools.on_by_default = false;
    if let Some(most) = max_cost {
        settings.budgets = Budgets { conversation: Some(Local::from_micro(most.0)), ..settings.budgets };
    }
    settings
}

/// Estimates, or goes on to the run itself.
async fn begin(args: &BatchRunArgs, config: &Config, read: Read) -> Result<u8> {
    let settings = Arc::new(row_settings(config, args.max_cost));
    let per = PerRow::of(&read.task, &settings, &config.catalogue);
    let spec = config.catalogue.spec(&read.task.model);
    let currency = &settings.currency;
    let estimate = Estimate::new(per, read.scan.rows, read.text, &spec, currency, args.concurrency);
    if args.estimate {
        let done = journal::settled(args, &read);
        let left = estimate.of_the_rest(done, args.concurrency);
        let told = left.told(&read.input.name, &read.task.model.to_string(), currency, args.concurrency);
        crate::print(&crate::data(told))?;
        return Ok(Exit::Done.code());
    }
    for notice in config.notices.iter().cloned().chain(read.output.notices()) {
        progress::say(&notice);
    }
    let clock = Clock::start();
    let registry = registry::Registry::new(&config.paths);
    let open = || journal::open(args, &read, &registry, clock.now().unix_ms);
    let mut begun = match open() {
        Ok(begun) => begun,
        Err(why) => return Ok(refused(&why)),
    };
    if args.offload && (begun.is_with_provider || begun.index.settled() < read.scan.rows) {
        let expected = (Arc::clone(&settings), estimate.cost);
        if let Some(code) =
            handing::hand_over(args, config, expected, (&read, &registry), (begun, clock.clone())).await?
        {
            return Ok(code);
        }
        // No row could be asked: what is left is to write that.
        begun = match open() {
            Ok(begun) => begun,
            Err(why) => return Ok(refused(&why)),
        };
    }
    if args.demo && !args.quiet {
        progress::say(demo::CLASSIFIES_BY);
    }
    start(args, config, (settings, per, estimate), read, begun, clock).await
}

/// Wires the run to the world.
async fn start(
    args: &BatchRunArgs,
    config: &Config,
    (settings, per, estimate): (Arc<Settings>, PerRow, Estimate),
    read: Read,
    begun: journal::Begun,
    clock: Clock,
) -> Result<u8> {
    let Read { task, input, output, scan, .. } = read;
    let Outside { mut runtime, arrived, .. } = world(config, clock, args.demo)?;
    let signals = signals()?;
    let journal::Begun { journal, index, done, header, resumes, given_up, .. } = begun;
    if let Some(handed) = given_up {
        handing::give_up(&registry::Registry::new(&config.paths), &handed, &mut runtime);
    }
    let look = look();
    let job = Job {
        name: handing::run_name(&header),
        work: Work {
            task,
            settings,
            catalogue: Arc::clone(&config.catalogue),
            run: header.run,
            rows: input.rows().map_err(color_eyre::eyre::Error::msg)?,
            done,
            overhead: per.overhead,
            answer: per.answer,
            concurrency: args.concurrency,
            earlier: HashMap::new(),
        },
        rows: scan.rows,
        journal,
        index,
        target: output.target,
        columns: output.columns,
        kind: output.kind,
        progress: shown(args, scan.rows, look),
        expected: estimate.cost,
        has_max_cost: args.max_cost.is_some(),
        resumes,
        is_quiet: args.quiet,
        look,
    };
    let edges = Edges { runtime: runtime.without_spending(), arrived, signals };
    Ok(Box::pin(munshi::batch::run(job, edges)).await?.code())
}

/// What is outside of a run.
struct Outside {
    runtime: Runtime,
    arrived: Arc<Notify>,
    offload: Arc<dyn Offload>,
}

/// Store and provider, wired together.
fn world(config: &Config, clock: Clock, is_demo: bool) -> Result<Outside> {
    let arrived = Arc::new(Notify::new());
    let data = &config.paths.data;
    let database = if is_demo { data.join("demo").join("munshi.db") } else { config.paths.database() };
    let store = open_store(database, &clock, &arrived)?;
    let keyed = Arc::new(keyed(config));
    let offload = Arc::clone(&keyed) as Arc<dyn Offload>;
    Ok(Outside { runtime: Runtime::new(clock, keyed, store, Arc::clone(&arrived)), arrived, offload })
}

fn keyed(config: &Config) -> Keyed {
    let options = HttpOptions { connect_timeout: config.connect_timeout, ..HttpOptions::default() };
    let adapter = Arc::new(OpenAiProvider::new(EndpointTable::default(), options));
    Keyed { adapter, keys: Keys { endpoints: config.endpoints.clone(), chosen: EndpointTable::default() } }
}

/// The provider's Batch API alone.
fn offload(config: &Config) -> Arc<dyn Offload> {
    Arc::new(keyed(config))
}

/// What standard error shows.
fn look() -> Look {
    let columns = terminal::error_columns().map_or(80, usize::from);
    Look { is_ascii: !terminal::is_utf8(setup::told), columns }
}

/// A bar where standard error is a terminal that can move its cursor.
fn shown(args: &BatchRunArgs, rows: u64, look: Look) -> Progress {
    let has_file = args.output.as_deref().is_some_and(|output| output != Path::new("-"));
    let is_beside_rows = !has_file && io::stdout().is_terminal();
    let is_dumb = setup::told("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    match () {
        () if args.quiet => Progress::Quiet,
        // Rows on the same terminal would stand between its drawings.
        () if is_beside_rows => Progress::lines(),
        () if io::stderr().is_terminal() && !is_dumb && !look.is_ascii => Progress::bar(rows, look.columns),
        () => Progress::lines(),
    }
}

/// What the system says, from now on.
fn signals() -> io::Result<BoxStream<'static, Signal>> {
    heard(|signal| match signal {
        SystemSignal::Interrupted => Signal::Stop(Stop::Interrupted),
        SystemSignal::Terminated => Signal::Stop(Stop::Terminated),
        SystemSignal::HungUp => Signal::Stop(Stop::HungUp),
        SystemSignal::Continued => Signal::Continued,
    })
}
