//! Sending what is in the input box: a command, or a message.

use crate::chat::Stamp;
use crate::runtime::Write;
use crate::session::Happened;
use crate::tui::commands::{self, Call, Parsed};
use crate::tui::effect::TuiEffect;
use crate::tui::event::Fresh;
use crate::tui::state::AppState;

/// Sends the draft. What cannot be sent stays in the box, and is said why.
pub(super) fn send(state: &mut AppState, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    let text = state.composer.expanded_text();
    if text.trim().is_empty() {
        return Vec::new();
    }
    match commands::parse(&text) {
        // `--continue` is still reading the conversation that this belongs to.
        Parsed::Message(_) if state.carries => {
            state.sends_when_loaded = true;
            Vec::new()
        }
        Parsed::Message(message) => {
            let message = message.to_owned();
            send_message(state, &text, message, at, fresh)
        }
        Parsed::Command(command, args) => {
            let mut effects = take_draft(state, &text, at);
            state.toast = None;
            effects.extend((command.run)(state, Call { args, at, fresh }));
            effects
        }
        // What is offered above the box is meant: a second Enter runs it.
        Parsed::Unknown { .. } if !commands::completions(&text).is_empty() => {
            super::user::complete(state);
            Vec::new()
        }
        Parsed::Unknown { name, nearest } => {
            let hint = nearest.map_or_else(
                || format!("/help lists them all; //{name} sends it as a text."),
                |nearest| format!("Did you mean /{nearest}?"),
            );
            state.toast(format!("There is no command /{name}. {hint}"), at);
            Vec::new()
        }
    }
}

/// The start is over: what was to be sent meanwhile goes out, into whatever conversation is there now.
pub(super) fn started(state: &mut AppState, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    state.carries = false;
    if std::mem::take(&mut state.sends_when_loaded) { send(state, at, fresh) } else { Vec::new() }
}

fn send_message(state: &mut AppState, draft: &str, message: String, at: Stamp, fresh: Fresh) -> Vec<TuiEffect> {
    let chars = message.chars().count();
    let most = state.preferences.max_input_chars;
    if chars > most {
        state.complain(format!("Not sent: {chars} characters, and the limit is {most} (limits.max_input_chars). Shorten it, or raise the limit."));
        return Vec::new();
    }
    let provider = state.meta().model.provider.clone();
    if !state.host_has_key(&provider) {
        state.ask_key(provider);
        return Vec::new();
    }
    let mut effects = take_draft(state, draft, at);
    // What comes of it is said where the last word stands.
    state.toast = None;
    state.follow_end();
    let submitted = Happened::Submitted { message: fresh.message, reply: fresh.reply, text: message };
    effects.extend(state.tell_session(submitted, at));
    effects
}

/// Takes the draft out of the box and into the history of inputs.
fn take_draft(state: &mut AppState, text: &str, at: Stamp) -> Vec<TuiEffect> {
    let draft = state.composer.take();
    state.completion = 0;
    let mut writes = Vec::new();
    if !state.saved_draft.is_empty() {
        writes.push(Write::PutDraft { conversation: state.draft_place(state.current), text: String::new() });
        state.saved_draft.clear();
    }
    state.draft_due = None;
    if !commands::may_hold_a_key(text) {
        state.history.push(draft);
        writes.push(Write::AddInputHistory { text: text.to_owned(), at_ms: at.unix_ms });
    }
    if writes.is_empty() { Vec::new() } else { vec![TuiEffect::Write(writes)] }
}
