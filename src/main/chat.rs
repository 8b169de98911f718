//! Opens the full-screen chat: the store, the provider and the screen, wired together.

use std::collections::BTreeMap;
use std::env;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use color_eyre::eyre::{Result, eyre};
use munshi::chat::catalogue::ProviderSpec;
use munshi::chat::settings::RetrievalSettings;
use munshi::chat::{Catalogue, ModelRef};
use munshi::cli::Cli;
use munshi::config::{Config, Key};
use munshi::demo::DemoServer;
use munshi::platform::signals::{self, Signals, SystemSignal};
use munshi::provider::openai::{EndpointTable, HttpOptions, OpenAiProvider};
use munshi::runtime::{Clock, Runtime, StoreHandle};
use munshi::store::sqlite::{OpenOptions, SqliteStore};
use munshi::tui::host::Host as _;
use munshi::tui::preferences::Preferences;
use munshi::tui::run::{Exit, Opening};
use munshi::tui::{self, Launch};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::host::Program;
use crate::keyed::{Keyed, Keys};
use crate::setup;
use crate::toolbox;

/// The model that the demo answers as.
const DEMO_MODEL: &str = "demo-mini";

/// The model whose prices the demo counts with, so that there is something to see.
const DEMO_PRICED_AS: &str = "gpt-4o-mini";

/// Opens the chat and stays until it is left; from the first screen one may go on to the demo.
pub fn open(cli: &Cli, config: Config) -> Result<ExitCode> {
    if !setup::on_a_terminal() {
        return Err(eyre!(
            "the chat needs a terminal on standard input and output; `munshi --help` lists what does not"
        ));
    }
    let log_notice = setup::log(&config);
    let workers = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let opening = opening(cli)?;
    let mut exit = workers.block_on(session(config.clone(), cli.chat.demo, opening, log_notice))?;
    if exit.then_demo && !cli.chat.demo {
        exit = workers.block_on(session(config, true, Opening::New, None))?;
    }
    // Errands such as a clipboard program that hangs are not waited for.
    workers.shutdown_background();
    Ok(say_goodbye(&exit))
}

fn opening(cli: &Cli) -> Result<Opening> {
    if cli.chat.continue_last {
        return Ok(Opening::Latest);
    }
    match &cli.chat.resume {
        Some(id) => {
            let id = id.parse().map_err(|_| eyre!("{id:?} is no conversation's id; `munshi chats list` names them"))?;
            Ok(Opening::Conversation(id))
        }
        None => Ok(Opening::New),
    }
}

/// One run of the screen.
async fn session(config: Config, is_demo: bool, opening: Opening, log_notice: Option<String>) -> Result<Exit> {
    let clock = Clock::start();
    let arrived = Arc::new(Notify::new());
    let (config, _server) = if is_demo { with_demo(config)? } else { (config, None) };
    let database = if is_demo { config.paths.data.join("demo").join("munshi.db") } else { config.paths.database() };
    let store = open_store(database.clone(), &clock, &arrived)?;
    let options = HttpOptions { connect_timeout: config.connect_timeout, ..HttpOptions::default() };
    let adapter = Arc::new(OpenAiProvider::new(EndpointTable::default(), options));
    let chosen = EndpointTable::default();
    let keys = Keys { endpoints: config.endpoints.clone(), chosen: chosen.clone() };
    let provider = Keyed { adapter: Arc::clone(&adapter), keys };
    let host = Program {
        adapter,
        endpoints: config.endpoints.clone(),
        chosen,
        config_file: config.file.clone(),
        keeps_keys: !is_demo,
    };
    let ready: BTreeMap<String, bool> =
        config.endpoints.iter().map(|(name, _)| (name.to_owned(), host.has_key(name))).collect();
    let tools = toolbox::toolbox(&config, &clock, &database).map_err(|why| eyre!("{why}"))?.kit;
    let runtime = Runtime::new(clock.clone(), Arc::new(provider), store, Arc::clone(&arrived))
        .with_tools(Arc::new(tools.clone()));
    let preferences = preferences(&config, &clock, is_demo, ready, &database);
    let bindings = config.key_bindings.iter().map(|binding| (binding.action.clone(), binding.keys.clone())).collect();
    let (ended, continued) = told_by_the_system()?;
    let launch = Launch {
        preferences,
        bindings,
        theme: config.ui.theme.clone(),
        theme_folder: config.paths.config.join("themes"),
        opening,
        notices: config.notices.iter().cloned().chain(log_notice).collect(),
        ended,
        continued,
        panics: env::var("MUNSHI_TEST_PANIC").ok(),
    };
    // The screen holds all of the program: on the heap, it does not weigh on the stack of what waits for it.
    let exit = Box::pin(tui::open(launch, runtime, Arc::new(host), arrived)).await?;
    tools.end().await;
    Ok(Exit { panicked: exit.panicked || setup::PANICKED.is_cancelled(), ..exit })
}

fn preferences(
    config: &Config,
    clock: &Clock,
    demo: bool,
    ready: BTreeMap<String, bool>,
    database: &std::path::Path,
) -> Preferences {
    let place = |what: &str, path: &std::path::Path| (what.to_owned(), path.display().to_string());
    Preferences {
        model: config.model.clone(),
        system: config.system.clone(),
        temperature: config.temperature,
        max_tokens: config.max_tokens,
        settings: Arc::new(config.settings.clone()),
        catalogue: Arc::clone(&config.catalogue),
        max_input_chars: config.limits.max_input_chars,
        paste_attachment_chars: config.limits.paste_attachment_chars,
        mouse: config.ui.mouse,
        colours: setup::colours(),
        zone: clock.zone().clone(),
        demo,
        places: vec![
            place("database", database),
            place("configuration", &config.file),
            place("log", &config.paths.state),
        ],
        ready,
    }
}

/// The first is cancelled when the system asks to end, or anything panicked; the second rings when the program was
/// stopped by another and goes on.
fn told_by_the_system() -> Result<(CancellationToken, Arc<Notify>)> {
    let mut heard = Signals::listen()?;
    let (ended, continued) = (CancellationToken::new(), Arc::new(Notify::new()));
    let (ends, goes_on) = (ended.clone(), Arc::clone(&continued));
    #[expect(clippy::disallowed_methods, reason = "it waits for the system as long as the program lives")]
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = setup::PANICKED.cancelled() => break,
                signal = heard.next() => match signal {
                    SystemSignal::Continued => goes_on.notify_one(),
                    SystemSignal::HungUp => {
                        // The loop may sit in a read that will never return.
                        if let Err(error) = signals::silence_input() {
                            tracing::warn!(%error, "the input of a lost terminal stays");
                        }
                        break;
                    }
                    // On munshi's screen Ctrl+C is a key; as a signal it may be meant for the editor that has the terminal.
                    SystemSignal::Interrupted if !tui::terminal::is_taken() => {}
                    SystemSignal::Interrupted | SystemSignal::Terminated => break,
                },
            }
        }
        ends.cancel();
    });
    Ok((ended, continued))
}

/// Opens the database on a thread of its own.
pub fn open_store(database: PathBuf, clock: &Clock, arrived: &Arc<Notify>) -> Result<StoreHandle> {
    let options = OpenOptions { now_ms: clock.now().unix_ms, ..OpenOptions::default() };
    let handle = StoreHandle::spawn(Arc::clone(arrived), move || {
        let opened = SqliteStore::open(&database, options)?;
        let notices = opened.notices.iter().map(ToString::to_string).collect();
        Ok((Box::new(opened.store) as Box<dyn munshi::store::Store>, notices))
    })?;
    Ok(handle)
}

/// The same configuration with the embedded server in place of every other.
pub fn with_demo(mut config: Config) -> Result<(Config, Option<DemoServer>)> {
    let server = DemoServer::start()?;
    let key = Key::parse("demo-key").map_err(|problem| eyre!("{problem}"))?;
    let spec = config.catalogue.spec(&ModelRef::new("openai", DEMO_PRICED_AS));
    // Nothing but the demo: another provider would be asked with real keys, and booked here.
    let mut catalogue = Catalogue { as_of: config.catalogue.as_of, ..Catalogue::empty() };
    let provider = ProviderSpec { name: "openai".to_owned(), base_url: server.base_url(), api_key_env: None };
    catalogue.providers.insert("openai".to_owned(), provider);
    for (model, context_window) in munshi::demo::model_windows() {
        let mut spec = spec.clone();
        model.clone_into(&mut spec.name);
        spec.context_window = Some(context_window);
        catalogue.models.insert(ModelRef::new("openai", model), spec);
    }
    // By the usual model's price, whatever embeds.
    let spec = config.catalogue.embedding_spec(&ModelRef::new("openai", "text-embedding-3-small"));
    for model in munshi::demo::embedding_models() {
        catalogue.embeddings.insert(ModelRef::new("openai", model), spec.clone());
    }
    config = config.redirected("openai", &server.base_url(), Some(key));
    config.model = ModelRef::new("openai", DEMO_MODEL);
    config.catalogue = Arc::new(catalogue);
    config.settings.fallback = Vec::new();
    let usual = RetrievalSettings::default();
    config.settings.retrieval = RetrievalSettings { most: config.settings.retrieval.most, ..usual };
    Ok((config, Some(server)))
}

/// What there is to say on the normal screen; the exit code.
fn say_goodbye(exit: &Exit) -> ExitCode {
    let mut words: Vec<String> = exit.last_words.clone();
    if exit.unsaved > 0 {
        words.push(format!("{} changes could not be saved; the log in the state folder has more.", exit.unsaved));
    }
    let mut err = io::stderr().lock();
    for word in &words {
        // Nobody is left to be told where even this fails.
        let _ = writeln!(err, "munshi: {}", munshi::text::Sanitised::new(word).as_str());
    }
    match (exit.panicked || setup::PANICKED.is_cancelled(), words.is_empty()) {
        (true, _) => ExitCode::from(101),
        (_, true) => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
