//! The rows around a message's text: who speaks, what it cost, what went wrong. Owns their wording; refuses the
//! text itself.

use jiff::Timestamp;

use super::body::short_text;
use super::paint::{bold, elided, span};
use super::standing;
use super::tool;
use super::view::{Notice, NoticeKind, TranscriptView};
use crate::chat::money::short_count;
use crate::chat::{FinishReason, Message, Role, Status, Usage};
use crate::session::shape::ASKED_BY_MUNSHI;
use crate::text::document::render_all;
use crate::text::{Ink, Row, Sanitised, Span};

/// The fewest columns that a speaker's name is cut to for the mark beside it.
const SHORTEST_NAME: usize = 12;

/// The row between messages, the mark where the sent messages begin, and who speaks.
pub(super) fn top(view: &TranscriptView, at: usize, message: &Message, width: u16) -> Vec<Row> {
    let mut rows = Vec::with_capacity(4);
    let is_below_a_notice = at == 0 && view.notices.iter().any(|notice| notice.after.is_none());
    // The calls of one reply stand together.
    let is_next_call = message.role == Role::Tool && at > 0 && is_tool(view, at - 1) && is_plain_above(view, at - 1);
    if (at > 0 || is_below_a_notice) && !is_next_call {
        rows.push(Row::default());
    }
    if let Some(line) = standing::horizon(view, at) {
        rows.extend(short_text(&line, width, Ink::Muted));
        rows.push(Row::default());
    }
    rows.push(one_row(speaker(view, at, message, usize::from(width))));
    rows
}

fn is_tool(view: &TranscriptView, at: usize) -> bool {
    view.conversation.at(at).is_some_and(|message| message.role == Role::Tool)
}

/// Whether no notice stands below a message.
fn is_plain_above(view: &TranscriptView, at: usize) -> bool {
    let id = view.conversation.at(at).map(|message| message.id);
    !view.notices.iter().any(|notice| notice.after == id)
}

/// Who speaks, and how the message stands to the next request.
fn speaker(view: &TranscriptView, at: usize, message: &Message, width: usize) -> Vec<Span> {
    const DOT: &str = " · ";
    if message.role == Role::Tool {
        return tool::head(view, at, message, width);
    }
    let mark = standing::mark(view, at, message, width.saturating_sub(SHORTEST_NAME + DOT.len()));
    let said = mark.map_or(0, |(words, _)| crate::text::width(DOT) + crate::text::width(words));
    let mut spans = name(view, message, width.saturating_sub(said).max(SHORTEST_NAME.min(width)));
    if let Some((words, ink)) = mark {
        spans.push(span(Sanitised::trusted(DOT), Ink::Muted));
        spans.push(span(Sanitised::trusted(words), ink));
    }
    spans
}

fn name(view: &TranscriptView, message: &Message, width: usize) -> Vec<Span> {
    let name = match (message.role, &message.model) {
        (Role::User, _) if message.note.as_deref() == Some(ASKED_BY_MUNSHI) => Sanitised::trusted("munshi"),
        (Role::User, _) => Sanitised::trusted("You"),
        (Role::Assistant, Some(model)) => elided(&model.to_string(), width),
        (Role::Assistant, None) => Sanitised::trusted("Assistant"),
        (Role::System, _) => Sanitised::trusted("System"),
        (Role::Tool, _) => Sanitised::trusted("Tool"),
    };
    let mut spans = vec![bold(name, Ink::Plain)];
    if message.role == Role::User
        && let Some(time) = clock(view, message.created_ms)
    {
        spans.push(span(Sanitised::line(&format!(" · {time}")), Ink::Muted));
    }
    spans
}

/// `10:42` today, `12 May 10:42` on another day, with the year in another year.
fn clock(view: &TranscriptView, unix_ms: i64) -> Option<String> {
    let local = Timestamp::from_millisecond(unix_ms).ok()?.to_zoned(view.time_zone.clone());
    let form = match () {
        () if local.date() == view.today => "%H:%M",
        () if local.year() == view.today.year() => "%-d %b %H:%M",
        () => "%-d %b %Y %H:%M",
    };
    jiff::fmt::strtime::format(form, &local).ok()
}

/// `▸ reasoning · 312 words`, or `▾` where it is unfolded.
pub(super) fn fold(words: usize, open: bool) -> Vec<Row> {
    let mark = if open { "▾" } else { "▸" };
    let noun = if words == 1 { "word" } else { "words" };
    let count = short_count(words as u64);
    vec![one_row(vec![span(Sanitised::line(&format!("{mark} reasoning · {count} {noun}")), Ink::Muted)])]
}

/// What stands below a message's text.
pub(super) fn foot(view: &TranscriptView, at: usize, message: &Message, width: u16) -> Vec<Row> {
    let mut notes: Vec<(String, Ink)> = Vec::new();
    match (message.role, message.status) {
        (Role::User, _) if view.conversation.is_failed_question(at) => {
            notes.push(("not sent again until /retry".to_owned(), Ink::Warning));
        }
        (Role::Assistant, Status::Streaming) => notes.push((live(view, message), Ink::Muted)),
        (Role::Assistant, status) => reply_notes(view, at, message, status, &mut notes),
        (Role::Tool, status) => tool_notes(message, status, &mut notes),
        _ => {}
    }
    let mut rows: Vec<Row> = notes.iter().flat_map(|(text, ink)| short_text(text, width, *ink)).collect();
    // Where no message at all is sent as it is, nothing stands below that the line could stand above.
    if at + 1 == view.conversation.len()
        && let Some(line) = standing::horizon(view, at + 1)
    {
        rows.push(Row::default());
        rows.extend(short_text(&line, width, Ink::Muted));
    }
    rows
}

fn live(view: &TranscriptView, message: &Message) -> String {
    let state = view.live.filter(|live| live.message == message.id).map(|live| live.state.as_str());
    state.filter(|state| !state.is_empty()).unwrap_or("…").to_owned()
}

/// What is to be said of a call beside its state.
fn tool_notes(message: &Message, status: Status, notes: &mut Vec<(String, Ink)>) {
    let Some(note) = message.note.as_deref().filter(|note| !note.trim().is_empty()) else { return };
    let ink = match status {
        Status::Failed => Ink::Error,
        Status::Interrupted => Ink::Warning,
        Status::Complete | Status::Streaming => Ink::Muted,
    };
    notes.push((note.to_owned(), ink));
}

fn reply_notes(view: &TranscriptView, at: usize, message: &Message, status: Status, notes: &mut Vec<(String, Ink)>) {
    for call in tool::unanswered(view, at) {
        notes.push((format!("asked for the tool {}", call.name), Ink::Muted));
    }
    let note = message.note.as_deref().filter(|note| !note.trim().is_empty());
    match (status, note) {
        (Status::Failed, note) => notes.push((note.unwrap_or("no answer came").to_owned(), Ink::Error)),
        // The session's own sentences begin with the word.
        (Status::Interrupted, Some(note)) if note.starts_with("Incomplete") => {
            notes.push((note.to_owned(), Ink::Warning));
        }
        (Status::Interrupted, Some(note)) => notes.push((format!("incomplete: {note}"), Ink::Warning)),
        (Status::Interrupted, None) => notes.push(("incomplete".to_owned(), Ink::Warning)),
        (_, Some(note)) => notes.push((note.to_owned(), Ink::Muted)),
        (_, None) => {}
    }
    match &message.finish {
        Some(FinishReason::Length) => {
            notes.push(("cut at the output limit: send “continue” for the rest".to_owned(), Ink::Warning));
        }
        Some(FinishReason::ContentFilter) => {
            notes.push(("ended by the provider's content filter".to_owned(), Ink::Warning));
        }
        Some(FinishReason::Other(word)) => notes.push((format!("ended with: {word}"), Ink::Muted)),
        Some(FinishReason::Stop | FinishReason::ToolCalls) | None => {}
    }
    // What failed before it cost anything has no figures worth a row.
    let is_billed = message.usage.is_some_and(|usage| usage.total() > 0);
    if is_billed || (status != Status::Failed && message.has_substance()) {
        notes.push((figures(view, message), Ink::Muted));
    }
}

/// `1.2 s · 58 in (32 cached) · 312 out · ₹0.02`.
fn figures(view: &TranscriptView, message: &Message) -> String {
    let mut parts = Vec::with_capacity(4);
    parts.extend(message.took_ms.map(duration));
    match message.usage {
        Some(usage) => parts.extend(counts(usage)),
        None => parts.push("tokens unknown".to_owned()),
    }
    parts.push(match message.cost {
        Some(cost) => view.currency.show_cost(Some(cost)),
        None => "cost unknown".to_owned(),
    });
    parts.join(" · ")
}

fn counts(usage: Usage) -> [String; 2] {
    let about = if usage.estimated { "~" } else { "" };
    let cached =
        if usage.cached_input > 0 { format!(" ({} cached)", short_count(usage.cached_input)) } else { String::new() };
    [format!("{about}{} in{cached}", short_count(usage.input)), format!("{about}{} out", short_count(usage.output))]
}

/// `0.4 s`, `12 s`, `2 min 5 s`.
pub(super) fn duration(ms: u64) -> String {
    match ms {
        0..=9_949 => {
            let tenths = (ms + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        9_950..=59_499 => format!("{} s", (ms + 500) / 1_000),
        _ => {
            let seconds = ms / 1_000 + u64::from(ms % 1_000 >= 500);
            format!("{} min {} s", seconds / 60, seconds % 60)
        }
    }
}

/// A notice below a message or at the end, with a blank row above it. What munshi tells is markdown, and quiet where
/// it is a word in passing; what went wrong may quote anything, and stays as it is.
pub(super) fn notice(notice: &Notice, width: u16) -> Vec<Row> {
    let mut rows = vec![Row::default()];
    if notice.kind != NoticeKind::Info {
        rows.extend(short_text(&notice.text, width, notice.kind.ink()));
        return rows;
    }
    let is_answer = notice.text.trim().contains('\n');
    for mut row in render_all(&notice.text, width) {
        for span in row.spans.iter_mut().filter(|span| !is_answer && span.ink == Ink::Plain) {
            span.ink = notice.kind.ink();
        }
        rows.push(row);
    }
    rows
}

/// A message that waits, with a blank row above it.
pub(super) fn queued(text: &str, width: u16) -> Vec<Row> {
    let label = vec![bold(Sanitised::trusted("You"), Ink::Muted), span(Sanitised::trusted(" · queued"), Ink::Muted)];
    let mut rows = vec![Row::default(), one_row(label)];
    rows.extend(short_text(text, width, Ink::Muted));
    rows
}

pub(super) const fn one_row(spans: Vec<Span>) -> Row {
    Row { spans, source: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_as_exact_as_a_reader_cares() {
        let shown: Vec<String> =
            [0, 49, 1_234, 9_949, 9_950, 59_499, 59_500, 125_400].into_iter().map(duration).collect();
        assert_eq!(shown, ["0.0 s", "0.0 s", "1.2 s", "9.9 s", "10 s", "59 s", "1 min 0 s", "2 min 5 s"]);
    }

    #[test]
    fn counts_made_here_are_marked() {
        let usage = Usage { input: 58, output: 2_140, estimated: true, ..Usage::default() };
        assert_eq!(counts(usage), ["~58 in", "~2.1k out"]);
    }

    #[test]
    fn input_that_came_from_the_cache_is_named() {
        let usage = Usage { input: 5_800, cached_input: 3_200, output: 312, ..Usage::default() };
        assert_eq!(counts(usage), ["5.8k in (3.2k cached)", "312 out"]);
    }
}
