//! BM25 in memory, with the figures of the full-text index on disk, so that both rank alike
//! (<https://sqlite.org/fts5.html#the_bm25_function>).

use std::collections::HashMap;
use std::convert::Infallible;

use crate::chat::embedding::Ranked;
use crate::chat::{ConversationId, Message, Status};
use crate::store::fold::{fold, words};
use crate::store::question;

use super::State;
use super::notes::is_answer_or_question;

const K1: f64 = 1.2;
const B: f64 = 0.75;
/// The weight of a word that stands in most messages.
const LEAST_WEIGHT: f64 = 1e-6;

/// A message as the words it has: all of them, and how often each that is looked for.
struct Counted<'a> {
    message: &'a Message,
    length: usize,
    of: HashMap<String, usize>,
}

impl State {
    pub(super) fn rank(&self, query: &str, within: Option<ConversationId>, limit: usize) -> Vec<Ranked> {
        let wanted = self.telling(question::words_of(query));
        let messages = self.messages.iter().map(|message| &**message).filter(|message| is_indexed(message));
        let all: Vec<Counted<'_>> = messages.map(|message| count(message, &wanted)).collect();
        let average = all.iter().map(|one| one.length).sum::<usize>() as f64 / all.len() as f64;
        let weights: Vec<f64> = wanted.iter().map(|word| weight(word, &all)).collect();
        let found = all.iter().filter(|one| {
            !one.of.is_empty() && is_answer_or_question(one.message) && self.is_shown_within(one.message, within)
        });
        let mut ranked: Vec<Ranked> = found
            .map(|one| Ranked {
                conversation: one.message.conversation,
                message: one.message.id,
                score: wanted.iter().zip(&weights).map(|(word, weight)| weight * one.fit(word, average)).sum(),
            })
            .collect();
        ranked.sort_by(|one, other| other.score.total_cmp(&one.score));
        ranked.truncate(limit);
        ranked
    }

    fn telling(&self, words: Vec<String>) -> Vec<String> {
        let newest = self.messages.iter().rev().take(question::SAMPLE as usize);
        let counted: Vec<Counted<'_>> =
            newest.clone().filter(|message| is_indexed(message)).map(|message| count(message, &words)).collect();
        let having =
            |word: &str| Ok::<_, Infallible>(counted.iter().filter(|one| one.of.contains_key(word)).count() as u32);
        match question::telling(words, newest.count() as u32, having) {
            Ok(telling) => telling,
        }
    }
}

fn is_indexed(message: &Message) -> bool {
    message.status != Status::Streaming && !message.content.is_empty()
}

fn count<'a>(message: &'a Message, wanted: &[String]) -> Counted<'a> {
    let folded = fold(&message.content);
    let mut of = HashMap::new();
    for word in words(&folded).filter(|word| wanted.iter().any(|wanted| wanted == word)) {
        *of.entry(word.to_owned()).or_insert(0) += 1;
    }
    Counted { message, length: words(&folded).count(), of }
}

fn weight(word: &str, all: &[Counted<'_>]) -> f64 {
    let (total, having) = (all.len() as f64, all.iter().filter(|one| one.of.contains_key(word)).count() as f64);
    let weight = ((total - having + 0.5) / (having + 0.5)).ln();
    if weight > 0.0 { weight } else { LEAST_WEIGHT }
}

impl Counted<'_> {
    fn fit(&self, word: &str, average: f64) -> f64 {
        let often = self.of.get(word).copied().unwrap_or(0) as f64;
        let length = self.length as f64 / average;
        often * (K1 + 1.0) / (often + K1 * (1.0 - B + B * length))
    }
}
