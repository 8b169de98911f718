//! One question from the command line: its input is read, and store, provider, tools and terminal are wired to it.

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::{Result, eyre};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use munshi::ask::account::{Account, Tally};
use munshi::ask::prompt::{self, Parts, Source};
use munshi::ask::{Ask, Asker, Edges, Exit, OutputFormat, Overrides, Paint, Signal, Stage, Stop, Target, Writer};
use munshi::chat::{AnswerFormat, ConversationMeta};
use munshi::cli::{AskArgs, AskOutput, Cli};
use munshi::config::Config;
use munshi::platform::signals::SystemSignal;
use munshi::platform::terminal;
use munshi::provider::openai::{EndpointTable, HttpOptions, OpenAiProvider};
use munshi::runtime::{Clock, Runtime, ids};
use munshi::text::Sanitised;
use munshi::tools::NoTools;
use tokio::sync::Notify;

use crate::chat::{open_store, with_demo};
use crate::heard::heard;
use crate::keyed::{Keyed, Keys};
use crate::toolbox::toolbox;
use crate::{schema_file, setup};

/// Asks, and gives the exit code.
pub fn run(cli: &Cli, args: &AskArgs, config: Config) -> Result<ExitCode> {
    let read = prompt(args, config.limits.max_input_chars).and_then(|prompt| Ok((prompt, format(args)?)));
    let (prompt, format) = match read {
        Ok(read) => read,
        Err(why) => return refuse(args, &config, &why),
    };
    let log_notice = setup::log(&config);
    // One thread is all that a single stream needs, and the sooner there.
    let workers = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let exit = workers.block_on(ask(cli, args, config, prompt, format, log_notice));
    // Whoever was asked and never answered is not waited for.
    workers.shutdown_background();
    let code = exit?.code();
    Ok(if setup::PANICKED.is_cancelled() { ExitCode::from(101) } else { ExitCode::from(code) })
}

async fn ask(
    cli: &Cli,
    args: &AskArgs,
    config: Config,
    prompt: String,
    format: AnswerFormat,
    log_notice: Option<String>,
) -> Result<Exit> {
    let clock = Clock::start();
    let arrived = Arc::new(Notify::new());
    let signals = signals()?;
    let (config, _server) = if args.demo { with_demo(config)? } else { (config, None) };
    let database = if args.demo { config.paths.data.join("demo").join("munshi.db") } else { config.paths.database() };
    // Where none is named, none is offered, and none need be put together.
    let tools = if args.tools.is_empty() {
        None
    } else {
        Some(toolbox(&config, &clock, &database).map_err(|why| eyre!("{why}"))?.kit)
    };
    let store = open_store(database, &clock, &arrived)?;
    let options = HttpOptions { connect_timeout: config.connect_timeout, ..HttpOptions::default() };
    let adapter = Arc::new(OpenAiProvider::new(EndpointTable::default(), options));
    let keys = Keys { endpoints: config.endpoints.clone(), chosen: EndpointTable::default() };
    let provider = Keyed { adapter, keys };
    let now = clock.now();
    let runtime = Runtime::new(clock, Arc::new(provider), store, Arc::clone(&arrived));
    let runtime = match &tools {
        Some(kit) => runtime.with_tools(Arc::new(kit.clone())),
        None => runtime.with_tools(Arc::new(NoTools)),
    };
    let fresh = ConversationMeta {
        system: config.system.clone(),
        temperature: config.temperature,
        max_tokens: config.max_tokens,
        history: config.settings.history,
        ..ConversationMeta::new(ids::conversation(), config.model.clone(), now.unix_ms)
    };
    let ask = Ask {
        prompt,
        fresh,
        continues: args.continue_last.then(|| overrides(cli, &config, args.demo)),
        saves: !args.no_save,
        format,
        tools: args.tools.clone(),
        unasked: args.yes,
        settings: Arc::new(config.settings.clone()),
        catalogue: Arc::clone(&config.catalogue),
        verbose: args.verbose,
        notices: config.notices.iter().cloned().chain(log_notice).collect(),
    };
    let stage = stage(args, &arrived)?;
    let asker = (!args.tools.is_empty() && terminal::can_ask()).then(|| Arc::new(AtTerminal) as Arc<dyn Asker>);
    let exit = munshi::ask::run(ask, Edges { runtime, arrived, stage, asker, signals }).await;
    if let Some(kit) = tools {
        kit.end().await;
    }
    Ok(exit)
}

/// What the command line says of a conversation that goes on; the configuration and the environment are for new ones.
fn overrides(cli: &Cli, config: &Config, is_demo: bool) -> Overrides {
    let flags = &cli.settings.model;
    Overrides {
        // The demo has a model of its own, whatever is asked for.
        model: (flags.model.is_some() && !is_demo).then(|| config.model.clone()),
        system: flags.system.clone(),
        temperature: flags.temperature,
        max_tokens: flags.max_tokens,
    }
}

/// The arguments, standard input where it is no terminal, and the attached files.
fn prompt(args: &AskArgs, most: usize) -> Result<String, String> {
    let mut parts = Parts { words: args.prompt.clone(), ..Parts::default() };
    let mut stdin = io::stdin();
    if !stdin.is_terminal() {
        let source = Source { name: "Standard input".to_owned(), reader: &mut stdin };
        parts.piped = Some(prompt::read(source, most)?);
    }
    for path in &args.attach {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        parts.attached.push((name, read_file(path, most)?));
    }
    prompt::join(&parts, most)
}

fn read_file(path: &Path, most: usize) -> Result<String, String> {
    let name = path.display().to_string();
    let mut file = File::open(path).map_err(|error| format!("{name} cannot be read: {error}."))?;
    prompt::read(Source { name, reader: &mut file }, most)
}

/// The shape that is asked for. A schema is compiled here, so that a wrong one costs nothing.
fn format(args: &AskArgs) -> Result<AnswerFormat, String> {
    let Some(path) = &args.schema else {
        return Ok(if args.json { AnswerFormat::JsonObject } else { AnswerFormat::Text });
    };
    schema_file::read(path).map(AnswerFormat::Schema)
}

/// Says why nothing is asked: in words, and to a program that reads JSON in that.
fn refuse(args: &AskArgs, config: &Config, why: &str) -> Result<ExitCode> {
    crate::talk(&format!("munshi: {}", Sanitised::new(why)));
    let (tally, currency) = (Tally::default(), &config.settings.currency);
    let mut object = Account::nothing(&tally, currency, why).json();
    match args.output_format {
        AskOutput::Text => return Ok(ExitCode::from(Exit::Usage.code())),
        AskOutput::Json => {}
        AskOutput::Ndjson => object["type"] = "end".into(),
    }
    crate::print(&crate::data(format!("{object}\n")))?;
    Ok(ExitCode::from(Exit::Usage.code()))
}

fn stage(args: &AskArgs, arrived: &Arc<Notify>) -> io::Result<Stage> {
    let (no_color, term) = (setup::told("NO_COLOR"), setup::told("TERM"));
    let paint = Paint::detect(no_color.as_deref(), term.as_deref());
    let target = if terminal::is_terminal() { Target::Terminal { size: terminal::size, paint } } else { Target::Pipe };
    let writer = Writer::spawn(Arc::clone(arrived), Box::new(io::stdout()), Box::new(io::stderr()))?;
    let format = match args.output_format {
        AskOutput::Text => OutputFormat::Text,
        AskOutput::Json => OutputFormat::Json,
        AskOutput::Ndjson => OutputFormat::Ndjson,
    };
    let moves_err = io::stderr().is_terminal() && paint != Paint::Plain;
    Ok(Stage::new(writer, format, target, moves_err))
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

/// Whoever sits at the terminal that munshi was started from.
struct AtTerminal;

impl Asker for AtTerminal {
    fn ask(&self, question: &'static str) -> BoxFuture<'static, String> {
        async move {
            let asked = tokio::task::spawn_blocking(move || terminal::ask(question)).await;
            // What cannot be asked is not agreed to.
            asked.ok().and_then(Result::ok).unwrap_or_default()
        }
        .boxed()
    }
}
