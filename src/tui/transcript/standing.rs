//! How a message stands to the next request, in words: the mark beside who speaks, and the line where the sent
//! context begins. Owns the wording; refuses to choose what is sent.

use super::view::TranscriptView;
use crate::chat::{Mark, Message};
use crate::session::history::Standing;
use crate::text::{Ink, width};

/// The mark of the message at `at` of the path, in at most `columns` where its shorter form fits them; `None` for
/// one that is sent as it is, and for one that never is.
pub(super) fn mark(view: &TranscriptView, at: usize, message: &Message, columns: usize) -> Option<(&'static str, Ink)> {
    let chosen = view.conversation.notes.marks.get(&message.id);
    let (long, short, ink) = match (view.plan.shown_standing(view.conversation, at), chosen) {
        (Standing::Void, _) | (Standing::Sent, None) => return None,
        (Standing::LeftOut, _) | (_, Some(Mark::LeftOut)) => ("left out by you", "left out", Ink::Warning),
        (Standing::Pinned, _) | (_, Some(Mark::Pinned)) => ("pinned", "pinned", Ink::Marker),
        (Standing::Retrieved, _) => ("brought back for this question", "brought back", Ink::Marker),
        (Standing::Summarised, _) => ("in the summary", "in the summary", Ink::Quote),
        (Standing::Out, _) => ("not sent", "not sent", Ink::Muted),
    };
    Some((if width(long) <= columns { long } else { short }, ink))
}

/// The line above the message at `at` of the path, or, at its length, below the last one: where messages begin to be
/// sent in an unbroken row, what became of those above.
pub(super) fn horizon(view: &TranscriptView, at: usize) -> Option<String> {
    let plan = view.plan;
    if plan.first_sent != at || view.conversation.is_empty() {
        return None;
    }
    let kept = plan.kept.len();
    let mut parts = Vec::new();
    match plan.summary {
        _ if at == 0 => {}
        Some((_, covered)) if covered < at => {
            parts.push(format!("the summary stands for the first {}", messages(covered)));
            parts.push(format!("the {} above are not sent", at - covered));
        }
        Some(_) => parts.push(format!("the summary stands for {}", above(at))),
        None if kept > 0 => parts.push(format!("of {}, {kept} {} sent", above(at), are(kept))),
        None => parts.push(format!("{} {} not sent", above(at), are(at))),
    }
    if plan.summary.is_some() && kept > 0 {
        parts.push(format!("{kept} of them {} sent too", are(kept)));
    }
    match plan.elsewhere.len() {
        0 => {}
        1 => parts.push("a message of another chat is quoted".to_owned()),
        quotes => parts.push(format!("{quotes} messages of other chats are quoted")),
    }
    if parts.is_empty() {
        return None;
    }
    let more = if plan.summary.is_some() && at > 0 { " · /summarise show" } else { "" };
    Some(format!("— {}{more} —", parts.join(", ")))
}

fn messages(count: usize) -> String {
    if count == 1 { "message".to_owned() } else { format!("{count} messages") }
}

fn above(count: usize) -> String {
    format!("the {} above", messages(count))
}

const fn are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}
