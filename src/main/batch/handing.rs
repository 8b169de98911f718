//! `munshi batch run --offload`: the rows that are not done go to the provider's Batch API.

use std::path::Path;
use std::sync::Arc;

use color_eyre::eyre::{Result, eyre};
use munshi::batch::Exit;
use munshi::batch::engine::{Done, Rows};
use munshi::batch::journal::Header;
use munshi::batch::offload::Handed;
use munshi::batch::offload::record::VERSION;
use munshi::batch::offload::submit::{Limits, Submit, Trouble};
use munshi::batch::offload::tries::Tries;
use munshi::batch::progress;
use munshi::chat::offload::{MOST_BYTES, MOST_ROWS};
use munshi::chat::{Local, Settings};
use munshi::cli::BatchRunArgs;
use munshi::config::Config;
use munshi::runtime::{Clock, Write};

use super::journal::Begun;
use super::registry::Registry;
use super::{Read, USAGE, signals, world};

/// The variable that makes batches smaller, so that many of them can be tried out.
const ROWS_VARIABLE: &str = "MUNSHI_TEST_BATCH_ROWS";

/// Hands the rows over, or goes on with handing them over.
pub async fn hand_over(
    args: &BatchRunArgs,
    config: &Config,
    (settings, expected): (Arc<Settings>, Option<Local>),
    read: Read,
    mut begun: Begun,
    clock: Clock,
) -> Result<u8> {
    let registry = Registry::new(&config.paths);
    let known = registry.with_provider(begun.run).map_err(|why| eyre!(why))?;
    let mut handed = match known {
        Some(handed) if handed.is_whole => {
            progress::say(&already(&handed));
            return Ok(USAGE);
        }
        Some(handed) => handed,
        None => match new(&registry, &read, &begun, clock.now().unix_ms) {
            Ok(handed) => handed,
            Err(why) => {
                progress::say(&why);
                return Ok(USAGE);
            }
        },
    };
    let mut world = world(config, clock, false)?;
    // Half the price: the API's own.
    let half = expected.map(|expected| Local(expected.0 / 2 + expected.0 % 2));
    let has_max_cost = args.max_cost.is_some();
    if let Err(refused) = munshi::batch::check_budgets(&mut world.runtime, &settings, half, has_max_cost).await {
        progress::say(&refused.why);
        world.runtime.close();
        return Ok(refused.exit.code());
    }
    world.runtime.store().write(vec![Write::NameRun { id: begun.run, name: run_name(&handed.header) }], None);
    let unasked = submit(&mut world, config, &settings, &registry, &mut handed, &read, begun.done).await;
    let unsaved = world.runtime.close();
    let code = match unasked {
        Ok(unasked) => {
            begun.journal.keep(&unasked, &mut begun.index)?;
            progress::say(&handed_over(&handed));
            Exit::Done.code()
        }
        Err(trouble) => said(trouble, &handed),
    };
    Ok(if unsaved > 0 && code == 0 { Exit::Failed.code() } else { code })
}

async fn submit(
    world: &mut super::Outside,
    config: &Config,
    settings: &Arc<Settings>,
    registry: &Registry,
    handed: &mut Handed,
    read: &Read,
    done: Done,
) -> std::result::Result<Vec<munshi::batch::journal::Record>, Trouble> {
    let rows = rows(read).map_err(Trouble::Failed)?;
    let folder = registry.folder(&handed.id);
    let mut signals = signals().map_err(|error| Trouble::Failed(error.to_string()))?;
    let mut save = |handed: &Handed| registry.save(handed);
    let mut submit = Submit {
        offload: Arc::clone(&world.offload),
        runtime: &mut world.runtime,
        settings: Arc::clone(settings),
        catalogue: Arc::clone(&config.catalogue),
        limits: limits(),
        folder: &folder,
        save: &mut save,
        say: &progress::say,
        tries: Tries { policy: settings.retry, signals: &mut signals, say: &progress::say },
    };
    submit.run(handed, rows, done).await
}

fn rows(read: &Read) -> std::result::Result<Rows, String> {
    read.input.rows()
}

fn limits() -> Limits {
    let rows = std::env::var(ROWS_VARIABLE).ok().and_then(|rows| rows.parse().ok()).filter(|rows| *rows > 0);
    Limits { rows: rows.unwrap_or(MOST_ROWS as u64).min(MOST_ROWS as u64), bytes: MOST_BYTES }
}

/// A run that nothing is known of yet.
fn new(registry: &Registry, read: &Read, begun: &Begun, now_ms: i64) -> std::result::Result<Handed, String> {
    let output = read.output.path.as_deref().ok_or("--offload needs -o FILE: the answers come later.")?;
    let absolute = |path: &Path| std::path::absolute(path).map(|path| path.display().to_string());
    let failed = |error: std::io::Error| format!("{} cannot be found: {error}.", output.display());
    let id = begun.run.0.simple().to_string();
    // Its end is chance; its beginning the time.
    let id = id[id.len() - 8..].to_owned();
    registry.begin(&id, &mut read.input.reader()?)?;
    let handed = Handed {
        munshi_offload: VERSION,
        id,
        header: begun.header.clone(),
        handed_ms: now_ms,
        output: absolute(output).map_err(failed)?,
        output_kind: read.output.kind_word().to_owned(),
        journal: absolute(begun.journal.path()).map_err(failed)?,
        task: read.task.clone(),
        parts: Vec::new(),
        is_whole: false,
    };
    registry.save(&handed)?;
    Ok(handed)
}

/// What a run is called in reports.
pub fn run_name(header: &Header) -> String {
    let name = Path::new(&header.input.name)
        .file_name()
        .map_or_else(|| header.input.name.clone(), |name| name.to_string_lossy().into_owned());
    format!("batch: {name}")
}

/// That a run is with a provider already.
pub fn already(handed: &Handed) -> String {
    let (id, provider) = (&handed.id, &handed.task.model.provider);
    format!(
        "These rows are with {provider} already, as {id}: `munshi batch status {id}` says how far they are, `munshi batch fetch {id}` fetches them, `munshi batch cancel {id}` stops them."
    )
}

fn handed_over(handed: &Handed) -> String {
    let rows: u64 = handed.parts.iter().map(|part| part.rows).sum();
    let (id, provider) = (&handed.id, &handed.task.model.provider);
    format!(
        "{rows} rows are with {provider}, to be answered within 24 hours at half the price. `munshi batch status {id}` says how far they are, `munshi batch fetch {id}` fetches them into {}.",
        handed.output
    )
}

fn said(trouble: Trouble, handed: &Handed) -> u8 {
    let (why, exit) = match trouble {
        Trouble::OverBudget(why) => (why, Exit::OverBudget),
        Trouble::Provider(why) => (why, Exit::ProviderFailed),
        Trouble::Failed(why) => (why, Exit::Failed),
        Trouble::Stopped => ("Stopped.".to_owned(), Exit::Stopped(munshi::batch::Stop::Interrupted)),
    };
    progress::say(&why);
    let sent = handed.parts.iter().filter(|part| part.batch.is_some()).count();
    progress::say(&format!("{sent} batches are with the provider; run the same command again to hand over the rest."));
    exit.code()
}
