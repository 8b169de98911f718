//! Hands rows over: into files of the provider's size, booked, sent up, made into batches. Owns the order in which that is
//! kept, so that a kill at any moment leaves nothing that is paid for and not known; refuses to know files of munshi's own.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::iter::Peekable;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::batch::Stop;
use crate::batch::engine::{Done, Rows};
use crate::batch::input::Row;
use crate::batch::journal::Record;
use crate::chat::budget::Scope;
use crate::chat::offload::RemoteBatch;
use crate::chat::{Catalogue, FailureKind, PicoUsd, Settings};
use crate::runtime::{News, Offload, Runtime, StoreEvent, Write, ids};
use crate::session::explain;
use crate::session::shell::for_the_shell;

use super::compose::{Composed, compose};
use super::record::{Booked, Handed, Part, halved, halved_prices, row_name};
use super::tries::{End, Tries};

/// The most that one batch may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    pub rows: u64,
    pub bytes: u64,
}

/// Why rows could not be handed over.
#[derive(Debug)]
pub enum Trouble {
    /// A budget does not allow it.
    OverBudget(String),
    /// The provider, in a sentence.
    Provider(String),
    /// The disk or the input.
    Failed(String),
    Stopped(Stop),
}

/// What rows are handed over with.
pub struct Submit<'a> {
    pub offload: Arc<dyn Offload>,
    pub runtime: &'a mut Runtime,
    pub settings: Arc<Settings>,
    pub catalogue: Arc<Catalogue>,
    pub limits: Limits,
    /// Where files stand until they are sent up.
    pub folder: &'a Path,
    /// Keeps the record on disk.
    pub save: &'a mut dyn FnMut(&Handed) -> Result<(), String>,
    /// Keeps rows that cannot be asked, and so are not handed over.
    pub unasked: &'a mut dyn FnMut(&[Record]) -> Result<(), String>,
    /// Says how far it is.
    pub say: &'a dyn Fn(&str),
    pub tries: Tries<'a>,
}

/// Rows that are not done, each with its place.
type Undone = Box<dyn Iterator<Item = Result<(u64, Row), String>> + Send>;

struct Source {
    rows: Peekable<Undone>,
    /// Rows that cannot be asked, until they are kept.
    unasked: Vec<Record>,
}

/// A file of rows.
struct Written {
    path: PathBuf,
    first: u64,
    last: u64,
    rows: u64,
    worst: Option<PicoUsd>,
}

impl Submit<'_> {
    /// Hands over all rows that are not done, and goes on where an earlier process ended.
    ///
    /// # Errors
    /// What stands in the way; what was handed over by then is kept.
    pub async fn run(&mut self, handed: &mut Handed, rows: Rows, done: Done) -> Result<(), Trouble> {
        let numbered = (1u64..).zip(rows).filter(move |(n, _)| !done(*n));
        let numbered = numbered.map(|(n, row)| row.map(|row| (n, row)).map_err(|error| error.to_string()));
        let undone: Undone = Box::new(numbered);
        let mut source = Source { rows: undone.peekable(), unasked: Vec::new() };
        let mut at = 0;
        loop {
            let known = handed.parts.get(at).cloned();
            match known {
                Some(part) if part.batch.is_some() => source.skip_to(part.last),
                Some(part) => {
                    let written = self.write(&handed.task, at, &mut source, Some(part.last))?;
                    self.hand_over(handed, at, &written).await?;
                }
                None if handed.is_whole => break,
                None => {
                    let written = self.write(&handed.task, at, &mut source, None)?;
                    if written.rows > 0 {
                        let part =
                            Part { last: written.last, rows: written.rows, ..Part::new(ids::message(), written.first) };
                        handed.parts.push(part);
                        self.keep(handed)?;
                        self.hand_over(handed, at, &written).await?;
                    }
                    if source.rows.peek().is_none() {
                        handed.is_whole = true;
                        self.keep(handed)?;
                    }
                }
            }
            at += 1;
        }
        Ok(())
    }

    fn keep(&mut self, handed: &Handed) -> Result<(), Trouble> {
        (self.save)(handed).map_err(Trouble::Failed)
    }

    /// Writes the next rows into a file: up to `last`, or as many as a batch may hold. Those between them that cannot be
    /// asked are kept before the part is: who goes on after a kill passes over them.
    fn write(
        &mut self,
        task: &crate::batch::task::Task,
        at: usize,
        source: &mut Source,
        last: Option<u64>,
    ) -> Result<Written, Trouble> {
        let path = self.folder.join(format!("part-{}.jsonl", at + 1));
        let failed = |error: std::io::Error| Trouble::Failed(format!("{} cannot be written: {error}.", path.display()));
        let mut out = BufWriter::with_capacity(1 << 18, create(&path).map_err(failed)?);
        let mut written = Written { path: path.clone(), first: 0, last: 0, rows: 0, worst: Some(PicoUsd(0)) };
        let mut bytes = 0;
        while let Some(next) = source.rows.peek() {
            let (n, row) = next.as_ref().map_err(|why| Trouble::Failed(why.clone()))?;
            if last.is_some_and(|last| *n > last) || last.is_none() && written.rows >= self.limits.rows {
                break;
            }
            match self.composed(task, row) {
                Err(why) => source.unasked.push(Record::unasked(*n, row, &why, self.settings.currency.rate)),
                Ok(composed) => {
                    let line = self.offload.line(&row_name(*n), &composed.request);
                    bytes += line.len() as u64 + 1;
                    if last.is_none() && bytes > self.limits.bytes && written.rows > 0 {
                        break;
                    }
                    writeln!(out, "{line}").map_err(failed)?;
                    written.count(*n, composed.worst);
                }
            }
            source.rows.next();
        }
        let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
        file.sync_all().map_err(failed)?;
        (self.unasked)(&std::mem::take(&mut source.unasked)).map_err(Trouble::Failed)?;
        Ok(written)
    }

    fn composed(&self, task: &crate::batch::task::Task, row: &Row) -> Result<Composed, String> {
        match row.unusable {
            Some(why) => Err(why.to_owned()),
            None => compose(task, &row.text, &self.settings, &self.catalogue),
        }
    }

    /// Books a part, sends its file up and makes its batch; each step is kept before the next.
    async fn hand_over(&mut self, handed: &mut Handed, at: usize, written: &Written) -> Result<(), Trouble> {
        if handed.parts[at].booked.is_none() {
            self.book(handed, at, written.worst).await?;
        }
        if handed.parts[at].file.is_none() {
            let name = format!("munshi-{}-{}.jsonl", handed.id, at + 1);
            let provider = handed.task.model.provider.clone();
            let offload = Arc::clone(&self.offload);
            let sent = self.tries.run(|| offload.upload(&provider, written.path.clone(), &name)).await;
            handed.parts[at].file = Some(sent.map_err(|end| trouble(end, handed))?);
            self.keep(handed)?;
        }
        let made = self.make(handed, at).await;
        if let Err(End::Failed(failure)) = &made
            && failure.kind == FailureKind::NotFound
        {
            // There are no batches there, or not of this file: none was made of it, and none can be.
            handed.parts[at].file = None;
            self.keep(handed)?;
        }
        let batch = made.map_err(|end| trouble(end, handed))?;
        let part = &mut handed.parts[at];
        part.batch = Some(batch.id);
        batch.status.as_str().clone_into(&mut part.status);
        self.keep(handed)?;
        let part = &handed.parts[at];
        (self.say)(&format!(
            "{} rows are with {} as {}.",
            part.rows,
            handed.task.model.provider,
            part.batch.as_deref().unwrap_or_default()
        ));
        // It is at the provider now, and can be asked back from there.
        let _ = std::fs::remove_file(&written.path);
        Ok(())
    }

    /// Makes the batch, unless one was made of its file already: by a process that was killed before it heard of it, or by
    /// a request whose answer was lost.
    async fn make(&mut self, handed: &Handed, at: usize) -> Result<RemoteBatch, End> {
        let provider = handed.task.model.provider.clone();
        let file = handed.parts[at].file.clone().unwrap_or_default();
        let metadata = vec![("munshi".to_owned(), handed.id.clone()), ("part".to_owned(), (at + 1).to_string())];
        let offload = Arc::clone(&self.offload);
        self.tries
            .run(|| {
                let (offload, provider, file, metadata) =
                    (Arc::clone(&offload), provider.clone(), file.clone(), metadata.clone());
                Box::pin(async move {
                    let known = offload.recent(&provider).await?;
                    match known.into_iter().find(|batch| batch.input_file == file) {
                        Some(batch) => Ok(batch),
                        None => offload.create(&provider, &file, metadata).await,
                    }
                })
            })
            .await
    }

    /// Opens the part's row in the ledger, and reserves the most that it can cost where a budget is set.
    async fn book(&mut self, handed: &mut Handed, at: usize, worst: Option<PicoUsd>) -> Result<(), Trouble> {
        let now = self.runtime.clock().now();
        let spec = self.catalogue.spec(&handed.task.model);
        let reserves = self.settings.budgets.is_set();
        let booked = Booked {
            day: now.day,
            at_ms: now.unix_ms,
            rate: self.settings.currency.rate,
            reserved: worst.filter(|_| reserves).map(halved),
            prices: spec.prices.map(halved_prices),
        };
        let run = handed.header.run;
        handed.parts[at].booked = Some(booked);
        let Some(opening) = handed.parts[at].opening(run, &handed.task.model) else { return Ok(()) };
        let attempt = opening.attempt;
        if reserves {
            let mut caps = self.settings.budgets.caps(attempt.reply, run, now.day);
            // A batch is many messages.
            caps.retain(|cap| !matches!(cap.scope, Scope::Message(_)));
            self.runtime.store().reserve(run, opening, caps);
        } else {
            let done = StoreEvent::Booked { conversation: run, attempt };
            self.runtime.store().write(vec![Write::OpenAttempt(opening)], Some(done));
        }
        loop {
            for news in self.runtime.drain() {
                match news {
                    News::Session(_, event) => match event.happened {
                        crate::session::Happened::Booked { attempt: told } if told == attempt => {
                            return self.keep(handed);
                        }
                        crate::session::Happened::Refused { attempt: told, refusal } if told == attempt => {
                            let currency = &self.settings.currency;
                            let worst = worst.map(halved);
                            let purpose = crate::chat::ledger::Purpose::Batch;
                            let why = explain::refusal(&refusal, worst, currency, purpose);
                            return Err(Trouble::OverBudget(for_the_shell(&why)));
                        }
                        _ => {}
                    },
                    News::Store(StoreEvent::Unusable(reason)) => return Err(Trouble::Failed(reason)),
                    News::Store(StoreEvent::NotSaved(Some(reason))) => {
                        return Err(Trouble::Failed(format!("It cannot be booked: {reason}.")));
                    }
                    _ => {}
                }
            }
            self.runtime.arrived().await;
        }
    }
}

/// What a call that came to nothing means.
#[must_use]
pub fn trouble(end: End, handed: &Handed) -> Trouble {
    match end {
        End::Stopped(stop) => Trouble::Stopped(stop),
        End::Failed(failure) if failure.kind == FailureKind::NotFound => {
            // It says by itself what to do.
            Trouble::Provider(failure.message)
        }
        End::Failed(failure) => Trouble::Provider(for_the_shell(&explain::failure(&failure, &handed.task.model))),
    }
}

impl Written {
    fn count(&mut self, n: u64, worst: Option<PicoUsd>) {
        if self.rows == 0 {
            self.first = n;
        }
        self.last = n;
        self.rows += 1;
        self.worst = self.worst.zip(worst).and_then(|(sum, one)| sum.0.checked_add(one.0)).map(PicoUsd);
    }
}

impl Source {
    /// Passes over rows that are in a batch already.
    fn skip_to(&mut self, last: u64) {
        while self.rows.next_if(|row| row.as_ref().is_ok_and(|(n, _)| *n <= last)).is_some() {}
    }
}

fn create(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
