//! The cell of a tool's call: its name and state, its arguments and its result, each on a row that unfolds. Owns their
//! wording; refuses to run or to judge anything.

use super::furniture::{duration, one_row};
use super::paint::{bold, elided, span};
use super::standing;
use super::view::{CallState, TranscriptView};
use crate::chat::money::short_count;
use crate::chat::{Message, Role, Status, ToolCall};
use crate::text::{Ink, Row, Sanitised, Span, json, width};

const DOT: &str = " · ";
/// The fewest columns that a tool's name is cut to for what stands beside it.
const SHORTEST_NAME: usize = 12;
/// Lines of arguments that a folded row is made from.
const FOLDED_LINES: usize = 64;

/// The calls of the reply at `at` of the path that no message below answers.
pub(super) fn unanswered<'v>(view: &TranscriptView<'v>, at: usize) -> Vec<&'v ToolCall> {
    let Some(reply) = view.conversation.at(at) else { return Vec::new() };
    let results = (at + 1..).map_while(|below| view.conversation.at(below).filter(|below| below.role == Role::Tool));
    let mut answered: Vec<&str> = results.filter_map(|result| result.tool_call_id.as_deref()).collect();
    let is_open = |call: &&ToolCall| match answered.iter().position(|id| *id == call.id) {
        Some(found) => {
            answered.remove(found);
            false
        }
        None => true,
    };
    reply.tool_calls.iter().filter(is_open).collect()
}

/// `⚙ get_weather · built in · 0.4 s`: as much of it as fits, the name and the state at the least.
pub(super) fn head(view: &TranscriptView, at: usize, message: &Message, columns: usize) -> Vec<Span> {
    let name = view.conversation.call_of(at).map_or("a tool", |call| call.name.as_str());
    let live = view.calls.iter().find(|call| call.result == message.id);
    let mut parts = vec![state(message, live.map(|live| &live.state))];
    if live.is_some_and(|live| live.is_sample) {
        parts.insert(0, ("sample data".to_owned(), Ink::Muted));
    }
    if let Some(origin) = &message.origin {
        parts.insert(0, (origin.to_string(), Ink::Muted));
    }
    if let Some((words, ink)) = standing::mark(view, at, message, columns.saturating_sub(SHORTEST_NAME)) {
        parts.push((words.to_owned(), ink));
    }
    let room = |parts: &[(String, Ink)]| {
        let beside: usize = parts.iter().map(|(text, _)| width(DOT) + Sanitised::line(text).width()).sum();
        columns.saturating_sub(beside + 2)
    };
    while parts.len() > 1 && room(&parts) < SHORTEST_NAME.min(width(name)) {
        parts.remove(0);
    }
    let mut spans =
        vec![bold(Sanitised::trusted("⚙ "), Ink::Plain), bold(elided(name, room(&parts).max(1)), Ink::Plain)];
    for (text, ink) in parts {
        spans.push(span(Sanitised::trusted(DOT), Ink::Muted));
        spans.push(span(elided(&text, columns), ink));
    }
    spans
}

fn state(message: &Message, live: Option<&CallState>) -> (String, Ink) {
    let note = message.note.as_deref().unwrap_or_default();
    match (message.status, live) {
        (Status::Streaming, Some(CallState::Asks)) => ("asks".to_owned(), Ink::Warning),
        (Status::Streaming, Some(CallState::Running { seconds })) => (format!("running {seconds} s"), Ink::Marker),
        (Status::Streaming, None) => ("waits".to_owned(), Ink::Muted),
        (Status::Complete, _) => (message.took_ms.map_or_else(|| "done".to_owned(), duration), Ink::Muted),
        (Status::Failed, _) if note.starts_with(['D', 'd']) && note[1..].starts_with("enied") => {
            ("denied".to_owned(), Ink::Warning)
        }
        (Status::Failed, _) => ("failed".to_owned(), Ink::Error),
        (Status::Interrupted, _) => ("stopped".to_owned(), Ink::Warning),
    }
}

/// The row of the arguments: `▸ city: "Pune"`, or `▾ arguments` above all of them.
pub(super) fn arguments(call: &ToolCall, open: bool, columns: usize) -> Vec<Row> {
    let text = if open { "▾ arguments".to_owned() } else { format!("▸ {}", folded(&call.arguments)) };
    vec![one_row(vec![span(elided(&text, columns), Ink::Muted)])]
}

/// The arguments on one line, their names without quotes.
fn folded(arguments: &str) -> String {
    let Some(pretty) = json::pretty(arguments) else { return arguments.to_owned() };
    let mut out = String::new();
    for line in pretty.lines().take(FOLDED_LINES) {
        let text = line.trim_start();
        let top = line.len() - text.len() == 2;
        if line.len() == text.len() {
            continue;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        match text.strip_prefix('"').and_then(|rest| rest.split_once("\": ")).filter(|(name, _)| top && is_simple(name))
        {
            Some((name, value)) => {
                out.push_str(name);
                out.push_str(": ");
                out.push_str(value);
            }
            None => out.push_str(text),
        }
    }
    if out.is_empty() { "no arguments".to_owned() } else { out }
}

fn is_simple(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

/// The row of the result: `▸ result · 12 lines · ` and its first words, or `▾` above all of it.
pub(super) fn result(message: &Message, open: bool, columns: usize) -> Vec<Row> {
    let (mark, word) =
        (if open { "▾" } else { "▸" }, if message.status == Status::Failed { "error" } else { "result" });
    let lines = message.content.trim_end().lines().count();
    let mut text = format!("{mark} {word}");
    if lines > 1 {
        text.extend([DOT, &short_count(lines as u64), " lines"]);
    }
    if !open && lines > 0 {
        text.push_str(DOT);
        text.push_str(&first_words(&message.content, columns.saturating_mul(2)));
    }
    vec![one_row(vec![span(elided(&text, columns), Ink::Muted)])]
}

/// The beginning of a text on one line, so many characters of it at most; a line may be the whole of a long text.
fn first_words(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut room = most;
    for line in text.lines().take(FOLDED_LINES).map(str::trim).filter(|line| !line.is_empty()) {
        if room == 0 {
            break;
        }
        if !out.is_empty() {
            out.push(' ');
        }
        let before = out.len();
        out.extend(line.chars().take(room));
        room -= out[before..].chars().count();
    }
    out
}

/// The row below a long JSON answer.
pub(super) fn more(lines: usize, open: bool) -> Vec<Row> {
    let noun = if lines == 1 { "line" } else { "lines" };
    let text = if open { format!("▾ folds {lines} {noun}") } else { format!("▸ {lines} more {noun}") };
    vec![one_row(vec![span(Sanitised::line(&text), Ink::Muted)])]
}
