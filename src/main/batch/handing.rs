//! `munshi batch run --offload`: the rows that are not done go to the provider's Batch API.

use std::path::Path;
use std::sync::Arc;

use color_eyre::eyre::{Result, eyre};
use munshi::batch::Exit;
use munshi::batch::journal::{Header, Record};
use munshi::batch::offload::record::VERSION;
use munshi::batch::offload::submit::{Limits, Submit, Trouble};
use munshi::batch::offload::tries::Tries;
use munshi::batch::offload::{Handed, Part};
use munshi::batch::progress;
use munshi::chat::ledger::{LedgerClosing, Outcome};
use munshi::chat::offload::{MOST_BYTES, MOST_ROWS};
use munshi::chat::{Local, PicoUsd, Settings};
use munshi::cli::BatchRunArgs;
use munshi::config::Config;
use munshi::runtime::{Clock, Runtime, Write};

use super::journal::Begun;
use super::registry::Registry;
use super::{Read, fetching, following, signals, world};

/// The variables that make batches smaller, so that many of them can be tried out.
const ROWS_VARIABLE: &str = "MUNSHI_TEST_BATCH_ROWS";
const BYTES_VARIABLE: &str = "MUNSHI_TEST_BATCH_BYTES";

/// Hands the rows over, or goes on with handing them over. `None`: there was none that can be asked.
pub async fn hand_over(
    args: &BatchRunArgs,
    config: &Config,
    (settings, expected): (Arc<Settings>, Option<Local>),
    (read, registry): (&Read, &Registry),
    (mut begun, clock): (Begun, Clock),
) -> Result<Option<u8>> {
    let known = registry.with_provider(begun.run).map_err(|why| eyre!(why))?;
    let now_ms = clock.now().unix_ms;
    let mut world = world(config, clock, false)?;
    if let Some(handed) = &begun.given_up {
        give_up(registry, handed, &mut world.runtime);
    }
    let known = known.filter(|_| begun.given_up.is_none());
    // Half the price: the API's own.
    let booked = known.iter().flat_map(|handed| &handed.parts).filter(|part| part.booked.is_some());
    let left = read.scan.rows.saturating_sub(begun.index.settled() + booked.map(|part| part.rows).sum::<u64>());
    let half = expected.map(|all| munshi::batch::share(all, left, read.scan.rows.saturating_mul(2)));
    let has_max_cost = args.max_cost.is_some();
    if let Err(refused) = munshi::batch::check_budgets(&mut world.runtime, &settings, half, has_max_cost).await {
        progress::say(&refused.why);
        world.runtime.close();
        return Ok(Some(refused.exit.code()));
    }
    let handed = known.map_or_else(|| new(registry, read, &begun, now_ms, args), Ok);
    let mut handed = match handed {
        Ok(handed) => handed,
        Err(why) => {
            progress::say(&why);
            world.runtime.close();
            return Ok(Some(Exit::Failed.code()));
        }
    };
    world.runtime.store().write(vec![Write::NameRun { id: begun.run, name: run_name(&handed.header) }], None);
    let submitted = submit(&mut world, config, &settings, registry, &mut handed, read, &mut begun).await;
    if handed.is_unsent() {
        give_up(registry, &handed, &mut world.runtime);
    }
    let unsaved = world.runtime.close();
    let code = match submitted {
        Ok(()) if handed.parts.is_empty() => return Ok(None),
        Ok(()) => {
            progress::say(&if handed.is_over() { fetching::over(&handed) } else { handed_over(&handed) });
            Exit::Done.code()
        }
        Err(trouble) => said(trouble, &handed, has_max_cost),
    };
    Ok(Some(if unsaved > 0 && code == 0 { Exit::Failed.code() } else { code }))
}

async fn submit(
    world: &mut super::Outside,
    config: &Config,
    settings: &Arc<Settings>,
    registry: &Registry,
    handed: &mut Handed,
    read: &Read,
    begun: &mut Begun,
) -> std::result::Result<(), Trouble> {
    let rows = read.input.rows().map_err(Trouble::Failed)?;
    let folder = registry.folder(&handed.id);
    let mut signals = signals().map_err(|error| Trouble::Failed(error.to_string()))?;
    let mut save = |handed: &Handed| registry.save(handed);
    let Begun { journal, index, done, .. } = begun;
    let path = journal.path().to_owned();
    let mut unasked = |records: &[Record]| {
        journal.keep(records, index).map_err(|error| format!("{} cannot be written: {error}.", path.display()))
    };
    let mut submit = Submit {
        offload: Arc::clone(&world.offload),
        runtime: &mut world.runtime,
        settings: Arc::clone(settings),
        catalogue: Arc::clone(&config.catalogue),
        limits: limits(),
        folder: &folder,
        save: &mut save,
        unasked: &mut unasked,
        say: &progress::say,
        tries: Tries { policy: settings.retry, signals: &mut signals, say: &progress::say },
    };
    submit.run(handed, rows, std::mem::replace(done, Box::new(|_| true))).await
}

/// Closes what is booked for a run of which nothing is at the provider, and forgets it.
pub fn give_up(registry: &Registry, handed: &Handed, runtime: &mut Runtime) {
    for part in &handed.parts {
        runtime.store().write(vec![Write::CloseAttempt(unsent(part))], None);
    }
    if let Err(why) = registry.forget(&handed.id) {
        progress::say(&why);
    }
}

/// What the row of a part in the ledger is closed with that never became a batch.
pub const fn unsent(part: &Part) -> LedgerClosing {
    LedgerClosing {
        attempt: part.attempt(),
        outcome: Outcome::Failed,
        usage: None,
        cost: Some(PicoUsd(0)),
        prices: None,
        took_ms: 0,
        status: None,
        request_id: None,
    }
}

fn limits() -> Limits {
    let less = |variable: &str, most: u64| {
        let asked = std::env::var(variable).ok().and_then(|asked| asked.parse().ok());
        asked.filter(|asked| *asked > 0).unwrap_or(most).min(most)
    };
    Limits { rows: less(ROWS_VARIABLE, MOST_ROWS as u64), bytes: less(BYTES_VARIABLE, MOST_BYTES) }
}

/// A run that nothing is known of yet.
fn new(
    registry: &Registry,
    read: &Read,
    begun: &Begun,
    now_ms: i64,
    args: &BatchRunArgs,
) -> std::result::Result<Handed, String> {
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
        concurrency: args.concurrency,
        max_cost: args.max_cost.map(|most| most.0),
        is_whole: false,
        retries: args.retry_failed,
        journal_bytes: begun.journal.bytes(),
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

/// That a run is with a provider already, whole or in part.
pub fn already(handed: &Handed) -> String {
    let (id, provider) = (&handed.id, &handed.task.model.provider);
    if handed.is_whole {
        return format!(
            "These rows are with {provider} already, as {id}: `munshi batch status {id}` says how far they are, `munshi batch fetch {id}` fetches them, `munshi batch cancel {id}` stops them."
        );
    }
    format!(
        "Some of these rows are with {provider} already, as {id}, and nothing was sent now. The same command with --offload hands over the others; or stop it with `munshi batch cancel {id}`, and fetch what was answered with `munshi batch fetch {id}`."
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

/// Says what stands in the way and what became of the rows, and gives the exit code.
fn said(trouble: Trouble, handed: &Handed, has_max_cost: bool) -> u8 {
    let code = following::say(match trouble {
        // The cap that a run's own limit stands in for.
        Trouble::OverBudget(why) if has_max_cost => Trouble::OverBudget(munshi::batch::of_max_cost(&why)),
        other => other,
    });
    if handed.is_unsent() {
        return code;
    }
    let sent = handed.parts.iter().filter(|part| part.batch.is_some()).count();
    let sent = if sent == 1 { "1 batch is".to_owned() } else { format!("{sent} batches are") };
    progress::say(&format!("{sent} with the provider; run the same command again to hand over the rest."));
    code
}
