//! `/max-tokens`

use crate::session::Change;
use crate::tui::context;

use super::Command;

pub const COMMAND: Command = Command {
    name: "max-tokens",
    aliases: &[],
    args: "[N | none]",
    summary: "Set how long this chat's replies may be, in tokens; alone, show it.",
    run: |state, call| match call.args {
        "" => {
            let now = state.meta().max_tokens;
            let shown = now.map_or_else(|| "no limit is sent".to_owned(), |value| format!("{value} tokens"));
            state.note(format!("The longest reply of this chat: {shown}."));
            Vec::new()
        }
        "none" => {
            let effects = state.change(Change::MaxTokens(None), call.at);
            let limit = context::limit(state.session().plan().limit);
            let room =
                limit.map(|limit| format!(" Beside the longest answer of the model, {limit} tokens of context fit."));
            state.note(format!("No output limit is sent now.{}", room.unwrap_or_default()));
            effects
        }
        text => match text.replace([',', '_'], "").parse::<u32>().ok().filter(|value| *value > 0) {
            Some(value) => {
                state.note(format!("A reply of this chat may have {value} tokens."));
                state.change(Change::MaxTokens(Some(value)), call.at)
            }
            None => {
                state.complain(format!("/max-tokens takes a whole number above 0, or none; not “{text}”."));
                Vec::new()
            }
        },
    },
};
