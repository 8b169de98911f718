//! `/max-tokens`

use crate::session::Change;

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
            state.note("No output limit is sent now.");
            state.change(Change::MaxTokens(None), call.at)
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
