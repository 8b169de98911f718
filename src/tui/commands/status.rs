//! `/status`

use std::fmt::Write as _;

use crate::chat::AnswerFormat;
use crate::chat::money::short_count;
use crate::chat::usage::RateLimit;
use crate::session::{Session, explain};
use crate::tui::context;
use crate::tui::state::AppState;

use super::Command;

pub const COMMAND: Command = Command {
    name: "status",
    aliases: &[],
    args: "",
    summary: "Show model, settings, context, rate limits and where things are kept.",
    run: |state, _| {
        let session = state.session();
        let meta = &session.conversation().meta;
        let limits = session.limits();
        let choice = session.plan();
        let mut text = String::from("| this chat | |\n|---|---|\n");
        let temperature = meta.temperature.map_or_else(|| "not sent".to_owned(), |value| value.to_string());
        let max_tokens = meta.max_tokens.map_or_else(|| "not sent".to_owned(), |value| value.to_string());
        let _ = writeln!(text, "| model | {} |", meta.model);
        let _ = writeln!(text, "| fallback | {} |", fallback(&state.preferences.settings.fallback));
        let _ = writeln!(text, "| temperature | {temperature} |");
        let _ = writeln!(text, "| longest reply | {max_tokens} tokens |");
        let _ = writeln!(text, "| answers | {} |", answers(&meta.format));
        let of = context::limit(choice.limit).map(|limit| format!(" of {limit}")).unwrap_or_default();
        let _ = writeln!(text, "| next request | ~{}{of} tokens |", short_count(choice.tokens));
        let strategy = meta.history.strategy.as_str();
        let _ = writeln!(text, "| strategy | {strategy}: {} |", context::strategy(session));
        let _ = writeln!(text, "| tools | {} |", tools(state));
        let _ = writeln!(text, "| summary | {} |", summary(session));
        if let Some(search) = context::search(session) {
            let _ = writeln!(text, "| search | {search} |");
        }
        if choice.first_sent > 0 {
            let _ = writeln!(text, "| not sent as it is | {} |", oldest(choice.first_sent));
        }
        let _ = writeln!(text, "| requests left | {} |", limit(&limits.requests));
        let _ = writeln!(text, "| tokens left | {} |", limit(&limits.tokens));
        for (what, place) in &state.preferences.places {
            let _ = writeln!(text, "| {what} | {place} |");
        }
        state.note(text);
        Vec::new()
    },
};

/// How many tools are offered, as far as they are known, and what the model must do with them.
fn tools(state: &AppState) -> String {
    let meta = state.meta();
    let choice = meta.tools.choice.as_str();
    let offered = match &state.tools.list {
        Some(list) => {
            let on = list.tools.iter().filter(|listed| meta.tools.is_on(&listed.tool)).count();
            format!("{on} of {} on", list.tools.len())
        }
        None if meta.tools.may_offer(state.preferences.settings.tools.on_by_default) => "some on".to_owned(),
        None => "none on".to_owned(),
    };
    format!("{offered} (/tools lists them), choice {choice}")
}

/// The summary that is sent, or why there is none.
fn summary(session: &Session) -> String {
    let covered = session.plan().summary.map_or(0, |(_, covered)| covered);
    match session.summary() {
        Some(summary) => format!("by {}, in place of {}", summary.model, oldest(covered)),
        None if session.is_summarising() => "is being made".to_owned(),
        None => "none".to_owned(),
    }
}

/// The shape that answers are asked for in.
fn answers(format: &AnswerFormat) -> String {
    match format {
        AnswerFormat::Text => "plain text".to_owned(),
        AnswerFormat::JsonObject => "one JSON object".to_owned(),
        AnswerFormat::Schema(schema) => format!("JSON by the schema {}", schema.name),
    }
}

fn oldest(messages: usize) -> String {
    if messages == 1 { "the oldest message".to_owned() } else { format!("the {messages} oldest messages") }
}

fn fallback(models: &[crate::chat::ModelRef]) -> String {
    let names: Vec<String> = models.iter().map(ToString::to_string).collect();
    if names.is_empty() { "none".to_owned() } else { names.join(", then ") }
}

fn limit(limit: &RateLimit) -> String {
    let Some(remaining) = limit.remaining else { return "not told".to_owned() };
    let of = limit.limit.map(|all| format!(" of {all}")).unwrap_or_default();
    let reset = limit.reset.map(|reset| format!(", full again in {}", explain::duration(reset))).unwrap_or_default();
    format!("{remaining}{of}{reset}")
}
