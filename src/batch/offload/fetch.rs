//! What comes back from a provider: each line is a row's answer, held to the same shape as a live one. Owns which rows are
//! finished by it, and what is left to be asked live.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::batch::engine::{Rows, is_nothing, misfit};
use crate::batch::input::Row;
use crate::batch::journal::{Index, Journal, Record};
use crate::batch::task::{Task, unfenced};
use crate::chat::offload::{OffloadedAnswer, WholeReply};
use crate::chat::{Failure, FailureKind, FinishReason, ModelSpec, PicoUsd, Rate, Usage};
use crate::runtime::Offload;
use crate::session::explain;
use crate::session::shell::for_the_shell;

use super::record::{halved, row_of};

/// A line longer than this is no answer, in bytes.
const LONGEST_LINE: u64 = 64 << 20;

/// Rows that are kept at once.
const GROUP: usize = 500;

/// What the answers of a part came to.
#[derive(Debug, Default)]
pub struct Fetched {
    pub usage: Usage,
    /// `None`: a price or a count is not known.
    pub cost: Option<PicoUsd>,
    /// Rows to be asked once more, live: their answers did not fit, or the provider failed them. With what was paid.
    pub again: HashMap<u64, Paid>,
    /// Rows that were come to.
    pub come_to: u64,
    /// Lines that are no answer to any row.
    pub strange: u64,
}

/// What an attempt at a row has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paid {
    pub tokens: Option<u64>,
    pub cost: Option<PicoUsd>,
}

/// How answers are judged.
pub struct Judge<'a> {
    pub task: &'a Task,
    pub spec: &'a ModelSpec,
    pub rate: Rate,
    /// Errors that stand before this place of the journal are what is asked once more.
    pub since: u64,
    /// What is wrong with an answer's shape, in lines.
    pub problems: &'a dyn Fn(&str) -> Vec<String>,
}

/// What became of one row.
enum Came {
    Finished(Result<Map<String, Value>, String>, Paid),
    Again(Paid),
    NotComeTo,
}

/// Takes the answers in these files into the journal.
///
/// # Errors
/// Where a file cannot be read, or the journal not be written.
pub fn take_in(
    files: &[PathBuf],
    rows: Rows,
    offload: &dyn Offload,
    judge: &Judge<'_>,
    journal: &mut Journal,
    index: &mut Index,
) -> io::Result<Fetched> {
    let mut out = Fetched { cost: Some(PicoUsd(0)), ..Fetched::default() };
    let mut files = files.iter().map(|path| File::open(path).map(BufReader::new)).collect::<io::Result<Vec<_>>>()?;
    let places = places(&mut files, offload, &mut out.strange)?;
    let mut group = Vec::new();
    for (n, row) in (1u64..).zip(rows) {
        let Some((file, offset)) = places.get(&n) else { continue };
        let row = row.map_err(io::Error::other)?;
        let line = line_at(&mut files[*file], *offset)?;
        let Ok(answer) = offload.read_line(line.trim_end()) else { continue };
        let came = judge.came(&answer);
        out.add(&answer, judge.spec);
        out.come_to += u64::from(!matches!(came, Came::NotComeTo));
        match came {
            Came::NotComeTo => {}
            // One that an earlier fetch has kept, or that was asked live since.
            _ if index.is_done_since(n, judge.since) => {}
            Came::Again(paid) => {
                out.again.insert(n, paid);
            }
            Came::Finished(answer, paid) => group.push(judge.record(n, &row, answer, paid)),
        }
        if group.len() == GROUP {
            journal.keep(&std::mem::take(&mut group), index)?;
        }
    }
    journal.keep(&group, index)?;
    Ok(out)
}

/// Where each row's line is: the last of several holds.
fn places(
    files: &mut [BufReader<File>],
    offload: &dyn Offload,
    strange: &mut u64,
) -> io::Result<BTreeMap<u64, (usize, u64)>> {
    let mut places = BTreeMap::new();
    for (at, file) in files.iter_mut().enumerate() {
        let mut offset = 0;
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)? as u64;
            if read == 0 {
                break;
            }
            let text = String::from_utf8_lossy(&line);
            if !text.trim().is_empty() {
                match offload.read_line(text.trim_end()).ok().and_then(|answer| row_of(&answer.custom_id)) {
                    Some(n) => drop(places.insert(n, (at, offset))),
                    None => *strange += 1,
                }
            }
            offset += read;
        }
    }
    Ok(places)
}

fn line_at(file: &mut BufReader<File>, offset: u64) -> io::Result<String> {
    let here = file.stream_position()?;
    // What is near is in the buffer still.
    file.seek_relative(offset as i64 - here as i64)?;
    let mut line = Vec::new();
    file.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

impl Fetched {
    fn add(&mut self, answer: &OffloadedAnswer, spec: &ModelSpec) {
        // A refusal is not billed.
        let Ok(reply) = &answer.outcome else { return };
        let Some(usage) = reply.usage.and_then(Usage::plausible) else {
            self.cost = None;
            return;
        };
        self.usage = Usage {
            input: self.usage.input + usage.input,
            cached_input: self.usage.cached_input + usage.cached_input,
            cache_write: self.usage.cache_write + usage.cache_write,
            output: self.usage.output + usage.output,
            reasoning: self.usage.reasoning + usage.reasoning,
            estimated: false,
        };
        let cost = spec.cost(&usage).map(halved);
        self.cost = self.cost.zip(cost).and_then(|(sum, one)| sum.0.checked_add(one.0)).map(PicoUsd);
    }
}

impl Judge<'_> {
    fn came(&self, answer: &OffloadedAnswer) -> Came {
        match &answer.outcome {
            Ok(reply) => self.reply_came(reply),
            Err(failure) => self.failed(failure),
        }
    }

    fn reply_came(&self, reply: &WholeReply) -> Came {
        let usage = reply.usage.and_then(Usage::plausible);
        let paid = Paid {
            tokens: usage.map(|usage| usage.total()),
            cost: usage.and_then(|usage| self.spec.cost(&usage)).map(halved),
        };
        if let Some(refusal) = &reply.refusal {
            return Came::Finished(Err(format!("the model refuses: {refusal}")), paid);
        }
        let said = unfenced(&reply.text);
        let problems = (self.problems)(said);
        match serde_json::from_str(said) {
            Ok(Value::Object(fields)) if problems.is_empty() && !is_nothing(&fields) => {
                Came::Finished(Ok(fields), paid)
            }
            // What was cut at the limit, or by the filter, would be cut again.
            _ if matches!(reply.finish, FinishReason::Length | FinishReason::ContentFilter) => {
                Came::Finished(Err(misfit(said, &problems, Some(&reply.finish))), paid)
            }
            _ => Came::Again(paid),
        }
    }

    fn failed(&self, failure: &Failure) -> Came {
        let nothing = Paid { tokens: Some(0), cost: Some(PicoUsd(0)) };
        match failure.kind {
            FailureKind::Transient if failure.code.as_deref().is_some_and(|code| code.starts_with("batch_")) => {
                Came::NotComeTo
            }
            FailureKind::Transient | FailureKind::Server | FailureKind::RateLimited | FailureKind::Timeout => {
                Came::Again(nothing)
            }
            // In the words that a live refusal has.
            _ => Came::Finished(Err(for_the_shell(&explain::failure(failure, &self.task.model))), nothing),
        }
    }

    fn record(&self, n: u64, row: &Row, answer: Result<Map<String, Value>, String>, paid: Paid) -> Record {
        Record::new((n, row), &self.task.model.to_string(), (paid.tokens, paid.cost, self.rate), answer)
    }
}
