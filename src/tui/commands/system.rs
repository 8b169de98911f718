//! `/system`

use crate::session::Change;

use super::Command;

pub const COMMAND: Command = Command {
    name: "system",
    aliases: &[],
    args: "[TEXT | none]",
    summary: "Set this chat's system prompt; alone, show it.",
    run: |state, call| match call.args {
        "" => {
            let system = state.meta().system.clone();
            let shown = if system.is_empty() {
                "This chat has no system prompt.".to_owned()
            } else {
                format!("The system prompt of this chat:\n\n> {}", system.trim().replace('\n', "\n> "))
            };
            state.note(shown);
            Vec::new()
        }
        "none" => {
            state.note("This chat has no system prompt now.");
            state.change(Change::System(String::new()), call.at)
        }
        text => {
            state.note("The system prompt of this chat is set; it holds from the next message on.");
            state.change(Change::System(text.to_owned()), call.at)
        }
    },
};
