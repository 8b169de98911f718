//! The topics that labels may be about, each with the words that speak for it: the table of `assets/demo/topics.txt`.
//! Owns its reading and how words are told apart, in Latin and Devanagari; refuses to choose.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

const TABLE: &str = include_str!("../../assets/demo/topics.txt");

static TOPICS: LazyLock<Vec<Topic>> = LazyLock::new(|| read(TABLE));

/// Words of a label that say nothing of what it is about.
const EMPTY_WORDS: &[&str] = &[
    "issue",
    "problem",
    "request",
    "query",
    "querie",
    "question",
    "matter",
    "related",
    "support",
    "team",
    "dept",
    "department",
    "desk",
    "help",
    "and",
    "or",
    "of",
    "the",
    "a",
    "an",
    "to",
    "with",
    "about",
    "priority",
    "urgency",
    "severity",
    "sentiment",
    "level",
    "category",
    "ticket",
    "customer",
];

/// One topic of the table.
#[derive(Debug, Default)]
pub struct Topic {
    called: Vec<Vec<String>>,
    /// It is chosen where no word of any label is found.
    pub otherwise: bool,
    weights: Vec<(i32, Vec<String>)>,
}

impl Topic {
    /// The weight of all its words that stand in a text, each counted once.
    pub fn score(&self, clauses: &[Vec<String>]) -> i32 {
        self.weights.iter().filter(|(_, words)| any_has(clauses, words)).map(|(weight, _)| weight).sum()
    }
}

/// The topics that a label is about: by its whole name, else by its words; none where the table has no such name.
pub fn of(label: &str) -> Vec<&'static Topic> {
    let label = words(&spaced(label));
    let named = |name: &[String]| TOPICS.iter().find(|topic| topic.called.iter().any(|called| called == name));
    if let Some(topic) = named(&label) {
        return vec![topic];
    }
    let telling = telling(&label);
    if telling.len() < label.len()
        && let Some(topic) = named(&telling)
    {
        return vec![topic];
    }
    telling.iter().filter_map(|word| named(std::slice::from_ref(word))).collect()
}

/// How much of a label's own words stand in a text: all of them in their order count for more than each alone.
pub fn own_score(label: &str, clauses: &[Vec<String>]) -> i32 {
    let label = words(&spaced(label));
    let telling = telling(&label);
    let single = |word: &&String| any_has(clauses, std::slice::from_ref(*word));
    let all = if any_has(clauses, &label) { 2 } else { 0 };
    all + telling.iter().filter(single).count() as i32
}

fn telling(label: &[String]) -> Vec<String> {
    label.iter().filter(|word| !EMPTY_WORDS.contains(&word.as_str())).cloned().collect()
}

/// The words of a text: in lower case, without apostrophes and a final "s", vowel signs with their letters.
pub fn words(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for c in text.nfkc().flat_map(char::to_lowercase) {
        match c {
            '\'' | '’' | '\u{200C}' | '\u{200D}' => {}
            c if c.is_alphanumeric() || is_combining_mark(c) => {
                if let Some(word) = found.last_mut() {
                    word.push(c);
                }
            }
            _ => found.push(String::new()),
        }
    }
    found.iter().filter(|word| !word.is_empty()).map(|word| singular(word).to_owned()).collect()
}

fn singular(word: &str) -> &str {
    let kept = ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    word.strip_suffix('s').filter(|stem| stem.len() > 2 && !kept).unwrap_or(word)
}

/// A blank before each capital that follows a small letter, so that `TechSupport` is two words.
fn spaced(label: &str) -> String {
    let mut spaced = String::new();
    let mut before = ' ';
    for c in label.chars() {
        if c.is_uppercase() && before.is_lowercase() {
            spaced.push(' ');
        }
        spaced.push(c);
        before = c;
    }
    spaced
}

fn any_has(clauses: &[Vec<String>], words: &[String]) -> bool {
    clauses.iter().any(|clause| stands(clause, words))
}

/// Whether the words stand next to each other in a clause.
pub fn stands(clause: &[String], words: &[String]) -> bool {
    !words.is_empty() && clause.windows(words.len()).any(|window| window == words)
}

/// Reads the table; a line that is none of its kinds is left out, and a test holds that there is no such line.
fn read(table: &str) -> Vec<Topic> {
    let mut topics: Vec<Topic> = Vec::new();
    for line in table.lines() {
        if line.starts_with('[') {
            topics.push(Topic::default());
        }
        let Some(topic) = topics.last_mut() else { continue };
        let (kind, list) = line.split_once(' ').unwrap_or((line, ""));
        let phrases = || list.split(',').map(words).filter(|words| !words.is_empty());
        if kind == "called" {
            topic.called.extend(phrases());
        } else if kind == "otherwise" {
            topic.otherwise = true;
        } else if let Ok(weight) = kind.parse::<i32>() {
            topic.weights.extend(phrases().map(|words| (weight, words)));
        }
    }
    topics
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        for line in TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with(['#', '['])) {
            let kind = line.split(' ').next().unwrap();
            assert!(matches!(kind, "called" | "otherwise") || kind.parse::<i32>().is_ok(), "{line}");
        }
        assert!(TOPICS.iter().all(|topic| !topic.called.is_empty()));
        assert_eq!(TOPICS.len(), TABLE.lines().filter(|line| line.starts_with('[')).count());
    }

    #[test]
    fn no_topic_counts_the_same_words_twice() {
        for topic in TOPICS.iter() {
            let mut seen = HashSet::new();
            for (_, words) in &topic.weights {
                assert!(seen.insert(words), "{:?}: {words:?}", topic.called.first());
            }
        }
    }

    #[test]
    fn words_keep_their_vowel_signs_and_lose_their_capitals_and_final_s() {
        assert_eq!(words("Can't refund GST invoices?"), ["cant", "refund", "gst", "invoice"]);
        assert_eq!(words("क्या रिफ़ंड"), ["क्या".to_owned(), "रिफ़ंड".nfkc().collect()]);
    }

    #[test]
    fn a_label_is_known_by_its_name_in_any_writing() {
        for (label, about) in [
            ("Billing", "billing"),
            ("PAYMENTS", "billing"),
            ("billing_issue", "billing"),
            ("Tech support", "technical"),
            ("TechnicalSupport", "technical"),
            ("Refund requests", "returns"),
            ("Other", "general"),
            ("high-priority", "high"),
            ("अन्य", "general"),
            ("Not spam", "not spam"),
        ] {
            assert_eq!(of(label)[0].called[0], words(about), "{label}");
        }
        assert!(of("Zebra").is_empty());
        assert_eq!(of("Billing & returns").len(), 2);
    }
}
