//! Choosing among labels by keywords. Owns which label a text gets and what is left out of it; refuses to be told: what
//! the text itself says of instructions and answers counts for nothing.

use serde_json::Value;

use super::topics::{self, stands, words};

/// How the demo chooses among labels, for whoever shows its choices.
pub const CLASSIFIES_BY: &str = "The demo's own server answers by plain keyword rules, not by a model.";

/// Words for turning from something, and what is turned from, where a text speaks to its reader and not of its matter.
const TURNING: &[&str] = &["ignore", "disregard", "forget", "override", "bypass"];
const TURNED_FROM: &[&str] = &["instruction", "prompt", "guideline", "above", "rule"];
/// Words that order an answer.
const ORDERS: &[&str] = &[
    "answer with",
    "answer only",
    "answer just",
    "reply with the word",
    "respond with",
    "respond only",
    "output only",
    "label this",
    "label it",
    "set the label",
    "set the category",
    "new instruction",
    "system prompt",
    "you are now",
    "निर्देशों को",
];
/// What stands alone before the answer that is ordered: "Label: Returns".
const HEADS: &[&str] = &["answer", "output", "label", "category", "categorie", "classification", "response", "system"];
/// What asks for a label and may have the text itself after it, as in a prompt around a row.
const ASKS: &[&str] = &["classify", "classified", "categorise", "categorize"];
/// Words of a clause after an order that is no more than the answer ordered.
const SHORT: usize = 3;

/// The label of the highest score, the first of those that are level; where no word is found the label that means
/// anything else, or none, and where there is no such label the first.
pub fn one_of(values: &[Value], text: &str) -> Value {
    let clauses = clauses(text);
    let mut best: Option<(Score, &Value)> = None;
    for value in values {
        let score = score(value, &clauses);
        if score > Score::default() && best.is_none_or(|(most, _)| score > most) {
            best = Some((score, value));
        }
    }
    let otherwise = || values.iter().find(|value| is_otherwise(value)).or_else(|| values.first());
    best.map(|(_, value)| value).or_else(otherwise).cloned().unwrap_or_default()
}

/// Every label that scores at least half of the best, in the order of the labels.
pub fn all_of(values: &[Value], text: &str) -> Vec<Value> {
    let clauses = clauses(text);
    let scores: Vec<Score> = values.iter().map(|value| score(value, &clauses)).collect();
    let best = scores.iter().map(|score| score.topic).max().unwrap_or(0);
    let is_in = |score: &Score| score.topic > 0 && score.topic * 2 >= best;
    values.iter().zip(&scores).filter(|(_, score)| is_in(score)).map(|(value, _)| value.clone()).collect()
}

/// What speaks for a label: the words of its topic, then, where topics are level, its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Score {
    topic: i32,
    own: i32,
}

fn score(value: &Value, clauses: &[Vec<String>]) -> Score {
    let Some(label) = value.as_str() else { return Score::default() };
    let own = topics::own_score(label, clauses);
    // A label that no topic knows is scored by its own words, each as much as a fair keyword.
    let topic = topics::of(label).iter().map(|topic| topic.score(clauses)).max().unwrap_or(own * 3);
    Score { topic: topic.max(0), own }
}

fn is_otherwise(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|label| topics::of(label).iter().any(|topic| topic.otherwise))
}

/// Who speaks in a sentence, as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    /// The text itself.
    Own,
    /// It asks for a label, perhaps naming them, up to a colon with the text after it.
    Asking,
    /// It orders an answer, to its end.
    Ordering,
}

/// The clauses of a text in words, less those that tell the reader what to do or to answer.
fn clauses(text: &str) -> Vec<Vec<String>> {
    let mut kept = Vec::new();
    let mut voice = Voice::Own;
    for clause in cut(text) {
        let said = words(clause);
        voice = match voice {
            _ if orders(&said) => Voice::Ordering,
            Voice::Own if asks(&said) => Voice::Asking,
            // What follows is part of it as long as it is no more than an answer.
            Voice::Asking | Voice::Ordering if said.len() > SHORT && !asks(&said) => Voice::Own,
            voice => voice,
        };
        if voice == Voice::Own {
            kept.push(said);
        }
        let ends = clause.ends_with(['.', '!', '?', '।', '\n']);
        if ends || voice == Voice::Asking && clause.ends_with(':') {
            voice = Voice::Own;
        }
    }
    kept
}

/// A text cut after each mark that ends a sentence or a clause, where a blank follows.
fn cut(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let is_end = |&(at, c): &(usize, char)| {
            let next = rest[at + c.len_utf8()..].chars().next();
            c == '\n'
                || matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '।' | '—') && next.is_none_or(char::is_whitespace)
        };
        let end = rest.char_indices().find(is_end).map_or(rest.len(), |(at, c)| at + c.len_utf8());
        let (clause, more) = rest.split_at(end);
        rest = more.trim_start_matches([' ', '\t']);
        Some(clause)
    })
}

fn orders(clause: &[String]) -> bool {
    let has = |any: &[&str]| clause.iter().position(|word| any.contains(&word.as_str()));
    let turns = has(TURNING).zip(has(TURNED_FROM)).is_some_and(|(verb, noun)| verb < noun);
    let is_head = matches!(clause, [only] if HEADS.contains(&only.as_str()));
    turns || is_head || ORDERS.iter().any(|order| stands(clause, &words(order)))
}

fn asks(clause: &[String]) -> bool {
    clause.iter().any(|word| ASKS.contains(&word.as_str()))
}
