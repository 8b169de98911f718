//! The same question about each row of a file: `munshi batch`. Owns reading rows, asking them as fast as the provider
//! lets it, keeping each answer and writing them in order; refuses adapters and the policy of a single turn.

mod budget;
pub mod carry;
pub mod engine;
pub mod estimate;
pub mod input;
pub mod journal;
pub mod offload;
pub mod output;
pub mod pace;
pub mod progress;
mod scribe;
pub mod summary;
pub mod task;
mod world;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tokio::sync::Notify;

use crate::chat::{Local, Spend};
use crate::runtime::{Runtime, Write};

pub use budget::{Refused, check_budgets};
use engine::{Engine, Why, Work};
use journal::{Index, Journal};
use output::{Columns, OutputKind};
use progress::{Board, Progress};
use scribe::Scribe;
pub use scribe::Target;
use summary::{Look, ThisRun, summary};
use world::World;

/// How long the output may take once the system asked to end.
const ENDS_WITHIN: Duration = Duration::from_millis(800);

/// How `munshi batch` ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Every row is answered.
    Done,
    /// The disk, the store, the input or the output.
    Failed,
    OverBudget,
    ProviderFailed,
    /// Some rows have an error.
    RowsFailed,
    Stopped(Stop),
}

/// What the system asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// `SIGINT`
    Interrupted,
    /// `SIGTERM`
    Terminated,
    /// `SIGHUP`
    HungUp,
}

/// What the system tells while a run goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Stop(Stop),
    /// The program was stopped, and goes on.
    Continued,
}

impl Exit {
    /// For the shell: signals as 128 and their number. 2, a wrong command line, is found before anything runs.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::OverBudget => 3,
            Self::ProviderFailed => 4,
            Self::RowsFailed => 5,
            Self::Stopped(Stop::HungUp) => 129,
            Self::Stopped(Stop::Interrupted) => 130,
            Self::Stopped(Stop::Terminated) => 143,
        }
    }
}

/// One run.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct Job {
    /// What the run is called in reports.
    pub name: String,
    pub work: Work,
    /// Rows of the input.
    pub rows: u64,
    pub journal: Journal,
    pub index: Index,
    pub target: Target,
    pub columns: Columns,
    pub kind: OutputKind,
    pub progress: Progress,
    /// What all rows together are expected to cost; `None`: the price is not known.
    pub expected: Option<Local>,
    /// Whether `--max-cost` stands in place of the conversation's budget.
    pub has_max_cost: bool,
    /// Whether a run that is cut short can go on later.
    pub resumes: bool,
    /// Whether nothing but errors is told.
    pub is_quiet: bool,
    /// What the summary is drawn on.
    pub look: Look,
}

/// The world around a run.
pub struct Edges {
    pub runtime: Runtime,
    /// Rings whenever the runtime or the scribe has something to tell.
    pub arrived: Arc<Notify>,
    pub signals: BoxStream<'static, Signal>,
}

/// Asks all rows that are not done, and tells how it ended once all is written and saved. Call it within a tokio runtime.
///
/// # Errors
/// Where no thread can be started for the journal.
pub async fn run(job: Job, edges: Edges) -> std::io::Result<Exit> {
    let Job { work, rows, journal, index, target, columns, kind, .. } = job;
    let Edges { mut runtime, arrived, signals } = edges;
    let currency = work.settings.currency.clone();
    let (settled, before) = (index.settled(), index.spent);
    let left = rows.saturating_sub(settled);
    let expected = job.expected.map(|all| share(all, left, rows));
    if let Err(refused) = check_budgets(&mut runtime, &work.settings, expected, job.has_max_cost).await {
        job.progress.end();
        job.progress.say(&refused.why);
        runtime.close();
        return Ok(refused.exit);
    }
    runtime.store().write(vec![Write::NameRun { id: work.run, name: job.name }], None);
    let errors = index.failures() - index.awaited();
    let board = Board::new(rows, (settled, errors), before, currency.clone());
    let scribe = Scribe::spawn((journal, index), target, columns, kind, arrived)?;
    let began = runtime.clock().mono();
    let mut world = World::new(runtime, scribe, board, job.progress, signals);
    world.show();
    let why = Engine::new(&mut world, work).run().await;
    let is_in_a_hurry = world.is_in_a_hurry();
    let World { mut runtime, scribe, board, progress, mut signals, .. } = world;
    let took = runtime.clock().mono().saturating_sub(began);
    let unsaved = runtime.close();
    let end = closed(scribe, &mut signals, is_in_a_hurry).await;
    progress.end();
    let Some(end) = end else {
        // Whoever reads the output does not: what is finished is in the journal all the same.
        return Ok(match why {
            Some(Why::Signal(stop)) => Exit::Stopped(stop),
            _ => Exit::Stopped(Stop::Interrupted),
        });
    };
    let this = ThisRun { rows: board.done - settled, spent: minus(&end.index.spent, &before), took };
    let mut exit = engine::exit(why.as_ref(), &end.index, rows);
    let standing = (job.resumes, rows - end.index.done().min(rows), end.index.failures());
    for word in last_words(why.as_ref(), job.has_max_cost, standing) {
        progress.say(&word);
    }
    let troubles = troubles(&end, unsaved, why.as_ref());
    if !troubles.is_empty() && matches!(exit, Exit::Done | Exit::RowsFailed) {
        exit = Exit::Failed;
    }
    for trouble in &troubles {
        progress.say(trouble);
    }
    if !job.is_quiet {
        progress::print(&summary(&end.index, rows, this, &currency, job.look));
    }
    Ok(exit)
}

/// Lets the scribe write the output to its end; `None` where that is not waited for.
async fn closed(scribe: Scribe, signals: &mut BoxStream<'static, Signal>, is_in_a_hurry: bool) -> Option<scribe::End> {
    let closing = tokio::task::spawn_blocking(move || scribe.close());
    let limit = futures::future::OptionFuture::from(is_in_a_hurry.then(|| tokio::time::sleep(ENDS_WITHIN)));
    let stops = async {
        while let Some(signal) = signals.next().await {
            if matches!(signal, Signal::Stop(_)) {
                return;
            }
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        biased;
        end = closing => end.ok().flatten(),
        Some(()) = limit => None,
        () = stops => None,
    }
}

/// The part of a sum that so many of all rows have.
#[must_use]
pub fn share(all: Local, rows: u64, of: u64) -> Local {
    Local(all.0.saturating_mul(i128::from(rows)) / i128::from(of.max(1)))
}

fn minus(all: &Spend, before: &Spend) -> Spend {
    Spend {
        pico_usd: all.pico_usd - before.pico_usd,
        atto_local: all.atto_local - before.atto_local,
        unknown: all.unknown.saturating_sub(before.unknown),
    }
}

/// What a budget does not allow, said of the limit that a run has in its place.
#[must_use]
pub fn of_max_cost(why: &str) -> String {
    why.replace("the conversation's budget", "--max-cost")
}

/// Why it stopped, and how to go on.
fn last_words(why: Option<&Why>, has_max_cost: bool, (resumes, left, errors): (bool, u64, u64)) -> Vec<String> {
    let mut words = Vec::new();
    let way_on = match why {
        Some(Why::OverBudget(_)) if has_max_cost => "The same command with a higher --max-cost goes on",
        Some(Why::OverBudget(_)) => "Run the same command again once the budget allows it",
        _ => "Run the same command again to go on",
    };
    match why {
        None | Some(Why::ReaderGone) => {}
        Some(Why::Signal(_)) => words.push("Stopped.".to_owned()),
        Some(Why::OverBudget(why)) if has_max_cost => words.push(of_max_cost(why)),
        Some(Why::OverBudget(why) | Why::Provider(why) | Why::Failed(why)) => words.push(why.clone()),
    }
    if resumes && left > 0 && !words.is_empty() {
        words.push(format!("{way_on}; what is finished is kept."));
    }
    if errors > 0 {
        let rows = if errors == 1 { "1 row has an error".to_owned() } else { format!("{errors} rows have an error") };
        let again = if resumes { "; the same command with --retry-failed asks again" } else { "" };
        words.push(format!("{rows}, which stands in the last column{again}."));
    }
    words
}

fn troubles(end: &scribe::End, unsaved: usize, why: Option<&Why>) -> Vec<String> {
    let mut out = Vec::new();
    if end.lost > 0 {
        out.push(format!("{} finished rows could not be kept, and must be asked again.", end.lost));
    }
    if let Some(error) = &end.broken
        && why.is_none()
    {
        out.push(format!("The output could not be written: {error}."));
    }
    if unsaved > 0 {
        out.push(format!("{unsaved} changes could not be saved; the log in the state folder has more."));
    }
    out
}
