//! Summaries by rule: the first sentences of what the user said. Owns when one is asked for and what it holds; refuses
//! to pretend that anybody understood the conversation.

use std::fmt::Write as _;

use super::question::{Question, Said};

/// Points of a summary, and characters of a point.
const MOST_POINTS: usize = 24;
const LONGEST_POINT: usize = 140;

/// How a transcript inside one message marks what the user said.
const USER_MARK: &str = "user:";

/// The summary that a question asks for, if it does: by a system message that says to summarise a conversation.
pub fn asked(question: &Question) -> Option<String> {
    question.messages.iter().any(|message| is_system(message) && asks(&message.text)).then(|| text(question))
}

fn is_system(message: &Said) -> bool {
    matches!(message.role.as_str(), "system" | "developer")
}

/// Whether a text says to summarise a conversation. One that only brings a summary has the noun and not the verb.
fn asks(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut words = lower.split(|c: char| !c.is_alphabetic());
    says_summarise(&lower) && words.any(|word| matches!(word, "conversation" | "conversations"))
}

fn says_summarise(lower: &str) -> bool {
    lower.split(|c: char| !c.is_alphabetic()).any(|word| matches!(word, "summarise" | "summarize"))
}

fn text(question: &Question) -> String {
    let points = points(question);
    if points.is_empty() {
        return "The user has said nothing yet. (The demo made this summary by rule.)".to_owned();
    }
    let skipped = points.len().saturating_sub(MOST_POINTS);
    let mut text = "What the user said, in order:\n\n".to_owned();
    for point in &points[skipped..] {
        let _ = writeln!(text, "- {point}");
    }
    if skipped > 0 {
        let _ = writeln!(text, "\n{skipped} earlier points are left out.");
    }
    text.push_str("\nThe demo made this list by rule: it has the first sentence of each message, and no thought.");
    text
}

/// The points of an earlier summary, then what the user said since.
fn points(question: &Question) -> Vec<String> {
    let last = question.messages.len().saturating_sub(1);
    let mut points = Vec::new();
    for (at, message) in question.messages.iter().enumerate() {
        let starts = message.text.lines().position(|line| said_in(line).is_some());
        if is_system(message) || starts.is_some() {
            let before = message.text.lines().take(starts.unwrap_or(usize::MAX));
            points.extend(before.filter_map(|line| line.strip_prefix("- ")).filter_map(first_sentence));
            points.extend(message.text.lines().filter_map(said_in).filter_map(first_sentence));
        } else if message.role == "user" && !(at == last && says_summarise(&message.text.to_lowercase())) {
            points.extend(first_sentence(&message.text));
        }
    }
    points
}

/// What the user says in a line of a transcript.
fn said_in(line: &str) -> Option<&str> {
    let (mark, said) = unmarked(line).split_at_checked(USER_MARK.len())?;
    mark.eq_ignore_ascii_case(USER_MARK).then(|| said.trim_start_matches('*'))
}

/// A line without the signs of markdown around a name.
fn unmarked(line: &str) -> &str {
    line.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '#' | '-' | '>'))
}

fn first_sentence(text: &str) -> Option<String> {
    let line = text.trim().lines().next().filter(|line| !line.is_empty())?;
    let ends = |(at, c): (usize, char)| {
        let is_end = matches!(c, '.' | '?' | '!' | '।');
        let rest = &line[at + c.len_utf8()..];
        (is_end && rest.starts_with(char::is_whitespace)).then_some(at + c.len_utf8())
    };
    let sentence = line.char_indices().find_map(ends).map_or(line, |end| &line[..end]);
    Some(match sentence.char_indices().nth(LONGEST_POINT) {
        Some((end, _)) => format!("{}…", sentence[..end].trim_end()),
        None => sentence.to_owned(),
    })
}
