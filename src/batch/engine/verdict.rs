//! What the end of a row's turn means: a finished row, one to be asked again, or a reason to stop the whole run. Owns
//! which failures are a row's own and which are the provider's.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::chat::{FailureKind, FinishReason, Message, Rate, Status};
use crate::session::explain;
use crate::session::shell::for_the_shell;

use super::super::input::row_digest;
use super::super::journal::Record;
use super::super::task::hex;
use super::working::Working;

/// The most characters of an error in a row.
const LONGEST_ERROR: usize = 500;

/// What a row came to.
#[derive(Debug)]
pub enum Verdict {
    /// It is finished, with an answer or an error. `is_fault`: the provider failed it, and not the row.
    Done { record: Box<Record>, is_fault: bool },
    /// It is to be asked again later: the provider could not be reached, or had no room.
    Later(String),
    /// Nothing else can be sent, either: a key that is refused, a model that is not there.
    Stop(String),
    /// A budget does not allow it; and why.
    OverBudget(String),
}

/// Judges a row whose turn is over.
pub fn verdict(working: &Working, rate: Rate) -> Verdict {
    let Some(reply) = working.reply() else {
        return done(working, rate, Err("it could not be asked".to_owned()), false);
    };
    let note = reply.note.clone().map(|note| for_the_shell(&note)).unwrap_or_default();
    if working.session.is_over_budget() {
        return Verdict::OverBudget(note);
    }
    if reply.status == Status::Complete {
        let answer = answer(working, reply);
        return done(working, rate, answer, false);
    }
    let Some(failure) = &working.failure else {
        // Found here: it does not fit the window, or took too long.
        let is_fault = working.tally.attempts > 0;
        return done(working, rate, Err(or_else(note, "it was not answered")), is_fault);
    };
    match failure.kind {
        FailureKind::NoKey
        | FailureKind::Unauthorized
        | FailureKind::Forbidden
        | FailureKind::NotFound
        | FailureKind::QuotaExhausted
        | FailureKind::Tls
        | FailureKind::Redirect => Verdict::Stop(note),
        // Past the longest wait that is kept to: nobody would be served before.
        FailureKind::RateLimited if failure.retry_after.is_some() => Verdict::Stop(note),
        FailureKind::RateLimited | FailureKind::Dns | FailureKind::Connect | FailureKind::Timeout => {
            Verdict::Later(note)
        }
        _ => done(working, rate, Err(or_else(note, &failure.short())), true),
    }
}

fn or_else(note: String, otherwise: &str) -> String {
    if note.is_empty() { otherwise.to_owned() } else { note }
}

/// The fields of a whole answer, or what is wrong with it.
fn answer(working: &Working, reply: &Message) -> Result<Map<String, Value>, String> {
    let cut = match reply.finish {
        Some(FinishReason::Length) => Some("the answer stops at the limit of its tokens; --max-tokens raises it"),
        Some(FinishReason::ContentFilter) => Some("the provider's content filter ended the answer"),
        _ => None,
    };
    let misfit = working.session.misfit();
    if !misfit.is_empty() || reply.content.trim().is_empty() {
        let what = if misfit.is_empty() { "the answer is empty".to_owned() } else { explain::misfit(misfit, false) };
        return Err(cut.map_or_else(|| what.clone(), |cut| format!("{cut} ({what})")));
    }
    match serde_json::from_str(reply.content.trim()) {
        Ok(Value::Object(fields)) => Ok(fields),
        // It fits its schema, which asks for an object.
        _ => Err("the answer is no JSON object".to_owned()),
    }
}

fn done(working: &Working, rate: Rate, answer: Result<Map<String, Value>, String>, is_fault: bool) -> Verdict {
    let model = working.reply().and_then(|reply| reply.model.as_ref()).filter(|_| working.tally.attempts > 0);
    let (fields, error) = match answer {
        Ok(fields) => (Some(fields), None),
        Err(error) => (None, Some(shortened(&error))),
    };
    let record = Record {
        n: working.n,
        row: working.row.number,
        digest: hex(&row_digest(&working.row.text)),
        input: working.row.text.clone(),
        fields,
        model: model.map(ToString::to_string).unwrap_or_default(),
        tokens: working.tally.tokens(),
        cost: working.tally.cost(),
        rate,
        error,
    };
    Verdict::Done { record: Box::new(record), is_fault }
}

/// In one line, and not longer than a cell should be.
#[must_use]
pub fn shortened(error: &str) -> String {
    let line = error.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST_ERROR) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// When so many rows in a row came to nothing by the provider's fault, the rest would, too.
#[derive(Debug, Default)]
pub struct Breaker {
    in_a_row: u32,
    has_answered: bool,
    /// How often each reason came, for the one that is told.
    reasons: HashMap<String, u32>,
}

impl Breaker {
    /// The most faults in a row before anything was answered, and after.
    const AT_FIRST: u32 = 20;
    const LATER: u32 = 100;

    pub fn answered(&mut self) {
        self.has_answered = true;
        self.in_a_row = 0;
        self.reasons.clear();
    }

    /// Counts a fault; `Some`: why it is no use to go on.
    pub fn fault(&mut self, why: &str) -> Option<String> {
        self.in_a_row += 1;
        if self.reasons.len() < 32 {
            *self.reasons.entry(why.to_owned()).or_default() += 1;
        }
        let most = if self.has_answered { Self::LATER } else { Self::AT_FIRST };
        let most_common = self.reasons.iter().max_by_key(|(why, times)| (**times, why.len())).map(|(why, _)| why);
        (self.in_a_row >= most).then(|| {
            let why = most_common.cloned().unwrap_or_default();
            format!("{} rows one after another came to nothing. {why}", self.in_a_row)
        })
    }

    /// Counts one that could not be sent; nothing was reached so far: then it is no use at once.
    pub fn unreachable(&mut self, why: &str) -> Option<String> {
        let fault = self.fault(why);
        if self.has_answered { fault } else { Some(why.to_owned()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_one_after_another_stop_the_run_and_an_answer_between_them_does_not_count_them_together() {
        let mut breaker = Breaker::default();
        for _ in 0..19 {
            assert_eq!(breaker.fault("503"), None);
        }
        assert!(breaker.fault("503").unwrap().contains("20 rows one after another came to nothing. 503"));
        breaker.answered();
        for _ in 0..99 {
            assert_eq!(breaker.unreachable("no connection"), None);
        }
        assert!(breaker.fault("503").unwrap().ends_with("no connection"));
        assert_eq!(Breaker::default().unreachable("no connection").as_deref(), Some("no connection"));
    }

    #[test]
    fn an_error_is_one_line_of_a_cells_length() {
        assert_eq!(shortened("a\n  b\tc"), "a b c");
        assert_eq!(shortened(&"é".repeat(600)).chars().count(), 501);
    }
}
