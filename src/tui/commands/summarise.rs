//! `/summarise`

use crate::chat::Stamp;
use crate::session::Happened;
use crate::tui::effect::TuiEffect;
use crate::tui::state::AppState;
use crate::tui::update::context;

use super::{Call, Command};

pub const COMMAND: Command = Command {
    name: "summarise",
    aliases: &["summarize"],
    args: "[show | edit [TEXT] | undo]",
    summary: "Let the model sum up this chat so far, which is then sent in its place; show, edit or undo that.",
    run: |state, call| match call.args.split_once(char::is_whitespace).unwrap_or((call.args, "")) {
        ("", _) => ask(state, call),
        ("show", "") => {
            show(state);
            Vec::new()
        }
        ("edit", "") => context::edit_summary(state, call.at),
        ("edit", text) => context::write_summary(state, text, call.at),
        ("undo", "") => undo(state, call.at),
        _ => {
            state.complain(format!("/summarise takes show, edit or undo, or nothing; not “{}”.", call.args));
            Vec::new()
        }
    },
};

fn ask(state: &mut AppState, call: Call<'_>) -> Vec<TuiEffect> {
    let session = state.session();
    if session.conversation().is_empty() {
        state.toast("There is nothing to summarise yet.", call.at);
        return Vec::new();
    }
    if session.is_summarising() {
        state.toast("A summary is being made already.", call.at);
        return Vec::new();
    }
    let provider = state.meta().model.provider.clone();
    if !state.host_has_key(&provider) {
        state.ask_key(provider);
        return Vec::new();
    }
    state.tell_session(Happened::SummariseAsked { id: call.fresh.message, automatic: false }, call.at)
}

fn show(state: &mut AppState) {
    let Some(summary) = state.session().summary() else {
        state.note("No summary stands in for this chat's messages. `/summarise` asks for one.");
        return;
    };
    let covered = state.session().plan().summary.map_or(0, |(_, covered)| covered);
    let messages = if covered == 1 { "the first message".to_owned() } else { format!("the first {covered} messages") };
    let text = format!(
        "Sent in place of {messages}, as {} summed them up; `/summarise edit` changes it, `/summarise undo` forgets it.\n\n{}",
        summary.model, summary.text
    );
    state.note(text);
}

fn undo(state: &mut AppState, at: Stamp) -> Vec<TuiEffect> {
    if state.session().summary().is_none() {
        state.toast("There is no summary to undo.", at);
        return Vec::new();
    }
    state.tell_session(Happened::SummaryUndone, at)
}
