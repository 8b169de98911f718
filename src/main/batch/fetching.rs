//! `munshi batch fetch`: what a provider has answered comes into the journal and the output; what did not fit is asked once
//! more, live.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use color_eyre::eyre::Result;
use munshi::batch::engine::Work;
use munshi::batch::estimate::PerRow;
use munshi::batch::journal::{Found, Index, Journal, find};
use munshi::batch::offload::fetch::{Fetched, Judge, Paid, take_in};
use munshi::batch::offload::submit::{Trouble, trouble};
use munshi::batch::offload::tries::Tries;
use munshi::batch::offload::{Handed, Part};
use munshi::batch::output::Columns;
use munshi::batch::progress::{self, Progress};
use munshi::batch::{Edges, Exit, Job, Target};
use munshi::chat::AnswerFormat;
use munshi::chat::ledger::{LedgerClosing, Outcome};
use munshi::chat::offload::{RemoteBatch, RemoteStatus};
use munshi::cli::Amount;
use munshi::config::Config;
use munshi::runtime::{Clock, Write};
use munshi::tools::answer;

use super::files::{Input, is_ours, output_kind};
use super::following::{refresh, say};
use super::handing::run_name;
use super::registry::Registry;
use super::{Outside, USAGE, row_settings, signals, world};

/// A run that is being fetched.
struct Fetch<'a> {
    config: &'a Config,
    registry: Registry,
    handed: Handed,
    input: Input,
    journal: Journal,
    index: Index,
    /// Rows to be asked live, with what was paid for them.
    again: HashMap<u64, Paid>,
    not_come_to: u64,
    /// What was brought down.
    files: Vec<PathBuf>,
}

/// Fetches a run, and gives the exit code.
pub async fn fetch(id: &str, config: &Config) -> Result<u8> {
    let registry = Registry::new(&config.paths);
    let held = match registry.find(id) {
        // Its journal may be another run's by now.
        Ok(handed) if handed.is_over() => Err(over(&handed)),
        Ok(handed) => match hold(&registry, &handed) {
            Ok((handed, _)) if handed.is_over() => Err(over(&handed)),
            Ok(held) => Ok(held),
            Err(why) => return Ok(refused(&why)),
        },
        Err(why) => return Ok(refused(&why)),
    };
    let held = match held {
        Ok((handed, _)) if !may_write(&handed) => {
            return Ok(refused(&format!(
                "{} is there by now, and was not made by this run. Move it away, and fetch again.",
                handed.output
            )));
        }
        held => held,
    };
    let (mut handed, (journal, index)) = match held {
        Ok(held) => held,
        Err(over) => {
            progress::say(&over);
            return Ok(Exit::Done.code());
        }
    };
    let mut outside = world(config, Clock::start(), false)?;
    let remote = match refresh(&mut handed, &outside.offload, config).await {
        Ok(remote) => remote,
        Err(end) => return Ok(say(end)),
    };
    let input = Input::copied(registry.input(&handed.id), &handed.header);
    let (again, not_come_to, files) = (HashMap::new(), 0, Vec::new());
    let mut fetch = Fetch { config, registry, handed, input, journal, index, again, not_come_to, files };
    for (at, remote) in remote.into_iter().enumerate() {
        let Some(remote) = remote.filter(|remote| remote.status.is_over()) else { continue };
        if let Err(end) = fetch.part(at, &remote, &mut outside).await {
            outside.runtime.close();
            return Ok(say(end));
        }
    }
    fetch.finish(outside).await
}

/// Whether what stands under the output's name may be replaced.
fn may_write(handed: &Handed) -> bool {
    let columns = Columns::new(handed.task.fields());
    handed.header.replaces || is_ours(Path::new(&handed.output), output_kind(&handed.output_kind), &columns)
}

pub fn refused(why: &str) -> u8 {
    progress::say(why);
    USAGE
}

/// That there is nothing left to be had of a run.
pub fn over(handed: &Handed) -> String {
    format!("{} was fetched already, into {}.", handed.id, handed.output)
}

/// Holds the journal of a run, so that nobody else works on it, and reads again how the run stands by now.
pub fn hold(registry: &Registry, handed: &Handed) -> std::result::Result<(Handed, (Journal, Index)), String> {
    let held = journal(handed)?;
    Ok((registry.find(&handed.id)?, held))
}

/// The journal of the run, or, where it is gone, a new one.
fn journal(handed: &Handed) -> std::result::Result<(Journal, Index), String> {
    let path = Path::new(&handed.journal);
    let mut index = Index::new(&handed.task.counted());
    let sentence = |error: munshi::batch::journal::JournalError| format!("{error}.");
    match find(path).map_err(sentence)? {
        Found::Nothing => Ok((Journal::begin(Some(path), &handed.header).map_err(sentence)?, index)),
        Found::Journal(header, _) if header.run != handed.header.run => Err(format!(
            "{} is the journal of another run by now. Move it and {} away, and fetch again.",
            handed.journal, handed.output
        )),
        Found::Journal(_, locked) => {
            let (journal, _) = locked.resume(&mut index, |_| {}).map_err(sentence)?;
            Ok((journal, index))
        }
    }
}

impl Fetch<'_> {
    /// Takes in a batch that is over: its rows first, then its cost. That it was fetched is kept once its last row is
    /// asked: until then, all of this can be done again.
    async fn part(
        &mut self,
        at: usize,
        remote: &RemoteBatch,
        outside: &mut Outside,
    ) -> std::result::Result<(), Trouble> {
        for error in remote.errors.iter().take(5) {
            progress::say(&format!("{}: {error}", remote.id));
        }
        let files = self.download(at, remote, outside).await?;
        let spec = self.config.catalogue.spec(&self.handed.task.model);
        let format = AnswerFormat::Schema(self.handed.task.schema.clone());
        let answers = answer::Judge::default();
        let booked = self.handed.parts[at].booked.as_ref();
        let judge = Judge {
            task: &self.handed.task,
            spec: &spec,
            // The one that held when it was handed over, as in the ledger.
            rate: booked.map_or(self.config.settings.currency.rate, |booked| booked.rate),
            since: self.handed.journal_bytes,
            problems: &|text| answers.problems(text, &format),
        };
        let rows = self.input.rows().map_err(Trouble::Failed)?;
        let taken = take_in(&files, rows, outside.offload.as_ref(), &judge, &mut self.journal, &mut self.index);
        let fetched = taken.map_err(|error| Trouble::Failed(format!("The answers cannot be kept: {error}.")))?;
        if fetched.strange > 0 {
            progress::say(&format!("{} lines of {} are no answer to any row.", fetched.strange, remote.id));
        }
        let now_ms = outside.runtime.clock().now().unix_ms;
        let closing = closing(&self.handed.parts[at], remote, &fetched, now_ms);
        outside.runtime.store().write(vec![Write::CloseAttempt(closing)], None);
        let part = &mut self.handed.parts[at];
        self.not_come_to += part.rows.saturating_sub(fetched.come_to);
        part.is_fetched = true;
        self.again.extend(fetched.again);
        self.files.extend(files);
        Ok(())
    }

    /// Brings the files of a batch down.
    async fn download(
        &self,
        at: usize,
        remote: &RemoteBatch,
        outside: &Outside,
    ) -> std::result::Result<Vec<PathBuf>, Trouble> {
        let folder = self.registry.folder(&self.handed.id);
        let provider = &self.handed.task.model.provider;
        let mut signals = signals().map_err(|error| Trouble::Failed(error.to_string()))?;
        let mut files = Vec::new();
        for (file, name) in [(&remote.output_file, "output"), (&remote.error_file, "errors")] {
            let Some(file) = file else { continue };
            let to = folder.join(format!("{name}-{}.jsonl", at + 1));
            let policy = self.config.settings.retry;
            let mut tries = Tries { policy, signals: &mut signals, say: &progress::say };
            let down = tries.run(|| outside.offload.download(provider, file, to.clone())).await;
            down.map_err(|end| trouble(end, &self.handed))?;
            files.push(to);
        }
        Ok(files)
    }

    /// Asks live what did not fit, and writes the output.
    async fn finish(self, outside: Outside) -> Result<u8> {
        let Self { config, registry, handed, input, journal, mut index, again, not_come_to, files } = self;
        if !again.is_empty() {
            progress::say(&format!("{} without an answer that fits; asked once more, live.", came_back(again.len())));
        }
        let asked: Vec<u64> = again.keys().copied().collect();
        for n in &asked {
            index.await_row(*n);
        }
        let job = job(config, &handed, &input, (journal, index), again)?;
        let edges =
            Edges { runtime: outside.runtime.without_spending(), arrived: outside.arrived, signals: signals()? };
        let exit = Box::pin(munshi::batch::run(job, edges)).await?;
        let kept = is_kept(&handed, &asked);
        match kept.and_then(|is_kept| if is_kept { registry.save(&handed) } else { Ok(()) }.map(|()| is_kept)) {
            // As if it had not been fetched: the next fetch does all of it again.
            Ok(false) => return Ok(exit.code()),
            Ok(true) => {}
            Err(why) => {
                progress::say(&why);
                return Ok(Exit::Failed.code());
            }
        }
        for file in files {
            // It only costs room where it stays.
            let _ = std::fs::remove_file(file);
        }
        let waiting = handed.parts.iter().filter(|part| !part.is_fetched).count();
        if waiting > 0 || !handed.is_whole {
            progress::say(&waits(&handed, waiting));
        } else {
            registry.tidy(&handed.id);
        }
        if not_come_to > 0 {
            let rows = if not_come_to == 1 { "row was" } else { "rows were" };
            progress::say(&format!(
                "{not_come_to} {rows} not answered before the batch ended. Run the same command as before, with or without --offload, to ask for them."
            ));
        }
        Ok(exit.code())
    }
}

fn came_back(count: usize) -> String {
    if count == 1 { "1 row came back".to_owned() } else { format!("{count} rows came back") }
}

/// Whether all rows that were asked live are in the journal.
fn is_kept(handed: &Handed, asked: &[u64]) -> std::result::Result<bool, String> {
    if asked.is_empty() {
        return Ok(true);
    }
    let (_, index) = journal(handed)?;
    Ok(asked.iter().all(|n| index.is_done_since(*n, handed.journal_bytes)))
}

/// What is still to come.
fn waits(handed: &Handed, waiting: usize) -> String {
    let (all, id) = (handed.parts.len(), &handed.id);
    if !handed.is_whole {
        return format!("{id} was not handed over whole: the command that did it, run again, hands over the rest.");
    }
    let batches = if all == 1 { "The batch is".to_owned() } else { format!("{waiting} of {all} batches are") };
    format!("{batches} not finished yet: fetch again later. `munshi batch status {id}` says how far it is.")
}

/// The run that asks what is left to be asked live, and writes the output.
fn job(
    config: &Config,
    handed: &Handed,
    input: &Input,
    (journal, index): (Journal, Index),
    earlier: HashMap<u64, Paid>,
) -> Result<Job> {
    let task = handed.task.clone();
    let settings = Arc::new(row_settings(config, handed.max_cost.map(Amount)));
    let per = PerRow::of(&task, &settings, &config.catalogue);
    let columns = Columns::new(task.fields());
    let asked: HashSet<u64> = earlier.keys().copied().collect();
    Ok(Job {
        name: run_name(&handed.header),
        work: Work {
            task,
            settings,
            catalogue: Arc::clone(&config.catalogue),
            run: handed.header.run,
            rows: input.rows().map_err(color_eyre::eyre::Error::msg)?,
            done: Box::new(move |n| !asked.contains(&n)),
            overhead: per.overhead,
            answer: per.answer,
            concurrency: handed.concurrency,
            earlier,
        },
        rows: handed.header.input.rows,
        journal,
        index,
        target: Target::File(PathBuf::from(&handed.output)),
        columns,
        kind: output_kind(&handed.output_kind),
        progress: Progress::lines(),
        expected: None,
        has_max_cost: handed.max_cost.is_some(),
        resumes: true,
        is_quiet: false,
        look: super::look(),
    })
}

/// What a batch's row in the ledger is closed with.
fn closing(part: &Part, remote: &RemoteBatch, fetched: &Fetched, now_ms: i64) -> LedgerClosing {
    let outcome = match remote.status {
        RemoteStatus::Completed => Outcome::Complete,
        RemoteStatus::Failed => Outcome::Failed,
        _ => Outcome::Interrupted,
    };
    let began = part.booked.as_ref().map_or(now_ms, |booked| booked.at_ms);
    LedgerClosing {
        attempt: part.attempt(),
        outcome,
        usage: Some(fetched.usage),
        cost: fetched.cost,
        prices: None,
        took_ms: (now_ms - began).max(0).cast_unsigned(),
        status: None,
        request_id: part.batch.clone(),
    }
}
