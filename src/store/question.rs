//! The words of a question that a ranking looks for: the same for all stores. Refuses lists of stop words, which
//! are of one language: what is common is told by the messages themselves.

use std::collections::HashSet;

use super::fold::{fold, words};

/// Words that are looked for, at most.
const MOST_WORDS: usize = 64;

/// So many of the newest messages tell whether a word is common.
pub(super) const SAMPLE: u32 = 1_000;

/// The words of a question, each once. Of a very long one the longest, which are the rarest.
pub(super) fn words_of(question: &str) -> Vec<String> {
    let folded = fold(question);
    let mut seen = HashSet::new();
    let mut words: Vec<String> = words(&folded).filter(|word| seen.insert(*word)).map(str::to_owned).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.chars().count()));
    words.truncate(MOST_WORDS);
    words
}

/// The words that tell messages apart, where there are any: what stands in more than a quarter of the sample says
/// little, and costs most of the time. `having` counts those of the sample that have a word. Where `sample` is smaller
/// than [`SAMPLE`], all messages are ranked fast enough with all words.
pub(super) fn telling<E>(
    words: Vec<String>,
    sample: u32,
    mut having: impl FnMut(&str) -> Result<u32, E>,
) -> Result<Vec<String>, E> {
    if sample < SAMPLE {
        return Ok(words);
    }
    let mut telling = Vec::new();
    for word in &words {
        if having(word)? * 4 <= sample {
            telling.push(word.clone());
        }
    }
    Ok(if telling.is_empty() { words } else { telling })
}
