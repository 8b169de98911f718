//! What the end of a row's turn means: a finished row, one to be asked again, or a reason to stop the whole run. Owns
//! which failures are a row's own and which are the provider's.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::chat::budget::{Refusal, Scope};
use crate::chat::{FailureKind, FinishReason, Message, Rate, Settings, Status};
use crate::session::explain;
use crate::session::shell::for_the_shell;

use super::super::journal::Record;
use super::super::task::unfenced;
use super::working::Working;

/// So often a row is asked whose answer does not come whole, each time with all tries.
const MOST_BROKEN: u32 = 3;

/// Characters of a wrong answer that are told.
const FIRST_WORDS: usize = 80;

/// So often is a row asked that is refused for its rate alone, each time with all tries.
const MOST_REFUSED: u32 = 3;

/// What a row came to.
#[derive(Debug)]
pub enum Verdict {
    /// It is finished, with an answer or an error.
    Done { record: Box<Record>, says: Says },
    /// Its answer did not come, or not whole: half an answer is none, so it is asked again.
    Broken(String),
    /// It was refused for its rate, however long it waited: it is asked again later.
    Refused(String),
    /// It is to be asked again later: the provider could not be reached.
    Unreachable(String),
    /// Nothing else can be sent, either: a key that is refused, a model that is not there.
    Stop(String),
    /// A budget of the whole run does not allow it; and why.
    OverBudget(String),
    /// Nothing can be booked, and so nothing sent.
    NotSaved(String),
}

/// What a finished row says of the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// It answers.
    Well,
    /// It failed the row, and not the row itself.
    Ill,
    /// Nothing: it was not asked.
    Nothing,
}

/// Judges a row whose turn is over; `has_answered`: whether the provider has answered any row.
pub fn verdict(working: &Working, settings: &Settings, has_answered: bool) -> Verdict {
    let rate = settings.currency.rate;
    let done = |answer, says| Verdict::Done { record: Box::new(record(working, rate, answer)), says };
    let Some(reply) = working.reply() else {
        let why = working.unsent.as_deref().map_or_else(|| "it could not be asked".to_owned(), for_the_shell);
        return done(Err(why), Says::Nothing);
    };
    let note = reply.note.clone().map(|note| for_the_shell(&note)).unwrap_or_default();
    if let Some(Refusal::NotSaved(why)) = &working.refusal {
        return Verdict::NotSaved(why.clone());
    }
    if working.session.is_over_budget() {
        let is_rows_own = is_rows_own(working, reply);
        return if is_rows_own { done(Err(note), Says::Nothing) } else { Verdict::OverBudget(note) };
    }
    if reply.status == Status::Complete {
        return done(answer(working, reply), Says::Well);
    }
    let Some(failure) = &working.failure else {
        // Found here: it does not fit the window, or took too long.
        return match working.tally.attempts {
            0 => done(Err(or_else(note, "it was not answered")), Says::Nothing),
            _ if working.due.broken + 1 < MOST_BROKEN => Verdict::Broken(note),
            _ => done(Err(or_else(note, "it was not answered")), Says::Ill),
        };
    };
    match failure.kind {
        // Past the longest wait that is kept to: nobody would be served before.
        _ if failure.retry_after.is_some_and(|wait| wait > settings.retry.longest_asked) => Verdict::Stop(note),
        // Where others were answered, it is this row that is not allowed; a key that is not any more is soon seen.
        FailureKind::Forbidden if has_answered => done(Err(note), Says::Ill),
        FailureKind::NoKey
        | FailureKind::Unauthorized
        | FailureKind::Forbidden
        | FailureKind::NotFound
        | FailureKind::QuotaExhausted
        | FailureKind::Tls
        | FailureKind::Redirect => Verdict::Stop(note),
        // Some requests are larger than all that a minute allows.
        FailureKind::RateLimited if has_answered && working.due.refused + 1 >= MOST_REFUSED => {
            done(Err(note), Says::Ill)
        }
        FailureKind::RateLimited => Verdict::Refused(note),
        FailureKind::Dns | FailureKind::Connect | FailureKind::Timeout => Verdict::Unreachable(note),
        // The request itself is wrong.
        FailureKind::BadRequest | FailureKind::TooLarge => done(Err(note), Says::Ill),
        // An outage is no error of its rows: they are asked again, behind all others.
        _ if working.due.broken + 1 < MOST_BROKEN => Verdict::Broken(or_else(note, &failure.short())),
        _ => done(Err(or_else(note, &failure.short())), Says::Ill),
    }
}

/// Whether only this row is over a budget: by itself, at another model than the run's, or in being asked once more, which
/// the run then need not pay for twice.
fn is_rows_own(working: &Working, reply: &Message) -> bool {
    let by_itself =
        matches!(&working.refusal, Some(Refusal::OverBudget { cap, .. }) if matches!(cap.scope, Scope::Message(_)));
    let asked = &working.session.conversation().meta.model;
    let elsewhere = working.refusal.is_none() && reply.model.as_ref().is_some_and(|model| model != asked);
    by_itself || elsewhere || !working.tally.is_nothing()
}

fn or_else(note: String, otherwise: &str) -> String {
    if note.is_empty() { otherwise.to_owned() } else { note }
}

/// The fields of a whole answer, or what is wrong with it.
fn answer(working: &Working, reply: &Message) -> Result<Map<String, Value>, String> {
    let said = unfenced(&reply.content);
    if let (true, Ok(Value::Object(fields))) = (working.session.misfit().is_empty(), serde_json::from_str(said)) {
        return if is_nothing(&fields) { Err("the answer is empty".to_owned()) } else { Ok(fields) };
    }
    Err(misfit(said, working.session.misfit(), reply.finish.as_ref()))
}

/// What is wrong with an answer that has not the shape that was asked for, with its first words.
#[must_use]
pub fn misfit(said: &str, problems: &[String], finish: Option<&FinishReason>) -> String {
    let first: String = said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(FIRST_WORDS).collect();
    let what = if first.is_empty() {
        "the answer is empty".to_owned()
    } else {
        format!("{}; it begins: {first}", explain::misfit(problems, false))
    };
    match finish {
        Some(FinishReason::Length) => {
            format!("the answer stops at the limit of its tokens; --max-tokens raises it ({what})")
        }
        Some(FinishReason::ContentFilter) => format!("the provider's content filter ended the answer ({what})"),
        _ => what,
    }
}

/// Whether an answer has fields and says nothing in any of them.
#[must_use]
pub fn is_nothing(fields: &Map<String, Value>) -> bool {
    !fields.is_empty() && fields.values().all(|value| value.as_str().is_some_and(|text| text.trim().is_empty()))
}

fn record(working: &Working, rate: Rate, answer: Result<Map<String, Value>, String>) -> Record {
    let model = working.reply().and_then(|reply| reply.model.as_ref()).filter(|_| working.tally.attempts > 0);
    let model = model.map(ToString::to_string).unwrap_or_default();
    let (total, due) = (working.total(), &working.due);
    Record::new((due.n, &due.row), &model, (total.tokens(), total.cost(), rate), answer)
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

    /// Whether any row was answered.
    pub const fn has_answered(&self) -> bool {
        self.has_answered
    }

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
}
