//! What a run would take, without sending anything: tokens, money, time. Owns how long an answer after a schema is guessed
//! to be; refuses to be exact.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::chat::money::short_count;
use crate::chat::{Catalogue, Conversation, ConversationId, Currency, Local, ModelSpec, PicoUsd, Settings, Usage};
use crate::session::{Session, explain, tokens};

use super::task::Task;

/// Tokens of an answer's value, where the schema says no more than its type.
const TEXT: u64 = 12;
const NUMBER: u64 = 4;
const LIST: u64 = 24;

/// How long a request takes, as providers mostly do: until its first token, and for each token.
const UNTIL_FIRST_TOKEN_MS: u64 = 500;
const PER_TOKEN_MS: u64 = 15;

/// What every row weighs besides its text, and what is expected of its answer, in tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PerRow {
    pub overhead: u64,
    pub answer: u64,
    /// The most tokens of an answer; `None`: nobody knows.
    pub most: Option<u64>,
}

impl PerRow {
    /// Of a task.
    #[must_use]
    pub fn of(task: &Task, settings: &Arc<Settings>, catalogue: &Arc<Catalogue>) -> Self {
        let meta = task.meta(ConversationId(uuid::Uuid::nil()), 0);
        let (settings, catalogue) = (Arc::clone(settings), Arc::clone(catalogue));
        let spec = catalogue.spec(&task.model);
        let session = Session::new(Conversation::new(meta), false, settings, catalogue);
        // Of a message of one token, less that.
        let words = tokens::estimate(&task.message("")).saturating_sub(1);
        let overhead = session.preview(100).input + words;
        let answer = 3 + value(&task.schema.schema, 0);
        let most = task.max_tokens.map(u64::from).or(spec.max_output.map(u64::from));
        Self { overhead, answer, most }
    }

    /// About how long one request takes.
    #[must_use]
    pub const fn takes(&self) -> Duration {
        Duration::from_millis(UNTIL_FIRST_TOKEN_MS + PER_TOKEN_MS * self.answer)
    }
}

/// About how many tokens a value of this schema has as JSON.
fn value(schema: &Value, depth: u32) -> u64 {
    if depth > 8 {
        return TEXT;
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        let sum: u64 = values.iter().map(|value| tokens::estimate(&value.to_string())).sum();
        return sum.div_ceil(values.len().max(1) as u64);
    }
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let one = |(name, inner): (&String, &Value)| tokens::estimate(name) + 3 + value(inner, depth + 1);
        return 2 + properties.iter().map(one).sum::<u64>();
    }
    match schema.get("type").and_then(Value::as_str) {
        Some("integer" | "number" | "boolean" | "null") => NUMBER,
        Some("array") => LIST,
        _ => TEXT,
    }
}

/// What all rows would take.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    pub rows: u64,
    /// Rows that need not be asked any more; all else is of the others.
    pub done: u64,
    pub input: u64,
    pub output: u64,
    /// As expected, and at the most; `None`: the price, or the longest answer, is not known.
    pub cost: Option<Local>,
    pub most: Option<Local>,
    pub takes: Duration,
    pub each: Duration,
}

impl Estimate {
    /// Of so many rows with so many tokens of text.
    #[must_use]
    pub fn new(per: PerRow, rows: u64, text: u64, spec: &ModelSpec, currency: &Currency, concurrency: u32) -> Self {
        let input = per.overhead.saturating_mul(rows).saturating_add(text);
        let average = input.div_ceil(rows.max(1));
        let of = |output: u64| {
            let cost: PicoUsd = spec.cost(&Usage { input: average, output, ..Usage::default() })?;
            Some(Local(Local::of(cost, currency.rate).0.checked_mul(i128::from(rows))?))
        };
        let each = per.takes();
        let rounds = rows.div_ceil(u64::from(concurrency.max(1)));
        Self {
            rows,
            done: 0,
            input,
            output: per.answer.saturating_mul(rows),
            cost: of(per.answer),
            most: per.most.and_then(of),
            takes: Duration::from_millis((each.as_millis() as u64).saturating_mul(rounds)),
            each,
        }
    }

    /// Of the rows that are not done, where so many are.
    #[must_use]
    pub fn of_the_rest(self, done: u64, concurrency: u32) -> Self {
        let left = self.rows.saturating_sub(done);
        let share = |whole: u64| (u128::from(whole) * u128::from(left) / u128::from(self.rows.max(1))) as u64;
        let part = |sum: Local| Local(sum.0.saturating_mul(i128::from(left)) / i128::from(self.rows.max(1)));
        let rounds = left.div_ceil(u64::from(concurrency.max(1)));
        Self {
            done,
            input: share(self.input),
            output: share(self.output),
            cost: self.cost.map(part),
            most: self.most.map(part),
            takes: Duration::from_millis((self.each.as_millis() as u64).saturating_mul(rounds)),
            ..self
        }
    }

    /// In lines, for people.
    #[must_use]
    pub fn told(&self, name: &str, model: &str, currency: &Currency, concurrency: u32) -> String {
        let mut out = String::new();
        let (rows, input, output) = (currency.count(self.rows), short_count(self.input), short_count(self.output));
        let unknown = || "unknown".to_owned();
        let cost = self.cost.map_or_else(unknown, |cost| currency.show_local(cost));
        let most = self.most.map_or_else(unknown, |cost| currency.show_local(cost));
        let each = self.each.as_secs_f64();
        // A string takes all that is written to it.
        let done =
            if self.done == 0 { String::new() } else { format!(", of which {} are done", currency.count(self.done)) };
        let _ = writeln!(out, "rows    {rows} of {name}{done}");
        let _ = writeln!(out, "tokens  about {input} in and {output} out, with {model}");
        let _ = match self.cost {
            Some(_) => writeln!(out, "cost    about {cost}; at most {most}, if every answer is as long as it may be"),
            None => writeln!(out, "cost    unknown: the price of {model} is not known; [models] in the config sets it"),
        };
        let takes = explain::duration(self.takes.max(Duration::from_secs(1)));
        let _ = writeln!(
            out,
            "time    about {takes}, with {concurrency} requests at once that take {each:.1} s each, where the provider's limits allow it"
        );
        out.push_str("Nothing was sent.\n");
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::task::labels_schema;
    use crate::chat::ModelRef;
    use crate::chat::model::Prices;

    fn task() -> Task {
        let labels: Vec<String> = ["Billing", "Technical"].map(str::to_owned).to_vec();
        Task {
            prompt: None,
            schema: labels_schema(&labels),
            labels,
            model: ModelRef::new("openai", "m"),
            temperature: Some(0.0),
            max_tokens: Some(64),
        }
    }

    #[test]
    fn tokens_money_and_time_grow_with_the_rows() {
        let per = PerRow::of(&task(), &Arc::new(Settings::default()), &Arc::new(Catalogue::empty()));
        assert!((60..300).contains(&per.overhead) && (6..20).contains(&per.answer), "{per:?}");
        let prices = Prices { input: 150_000, output: 600_000, cached_input: None, cache_write: None };
        let spec = ModelSpec { prices: Some(prices), ..ModelSpec::unknown(&task().model) };
        let of = |rows| Estimate::new(per, rows, rows * 30, &spec, &Currency::default(), 10);
        let (one, thousand) = (of(1), of(1_000));
        assert_eq!((thousand.input, thousand.output), (one.input * 1_000, one.output * 1_000));
        assert_eq!(thousand.cost.unwrap().0, one.cost.unwrap().0 * 1_000);
        assert!(thousand.most.unwrap() > thousand.cost.unwrap());
        assert_eq!(thousand.takes, per.takes() * 100);
        let said = thousand.told("emails.txt", "gpt-4o-mini", &Currency::default(), 10);
        assert!(said.starts_with("rows    1,000 of emails.txt\n") && said.contains("about ₹"), "{said}");
    }

    #[test]
    fn an_unknown_price_is_said_to_be_unknown() {
        let per = PerRow { overhead: 10, answer: 5, most: None };
        let spec = ModelSpec::unknown(&task().model);
        let estimate = Estimate::new(per, 5, 50, &spec, &Currency::default(), 1);
        assert_eq!((estimate.cost, estimate.most), (None, None));
        assert!(estimate.told("x", "m", &Currency::default(), 1).contains("cost    unknown"));
    }
}
