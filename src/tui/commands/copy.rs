//! `/copy`

use crate::tui::effect::TuiEffect;

use super::Command;

pub const COMMAND: Command = Command {
    name: "copy",
    aliases: &[],
    args: "",
    summary: "Copy the last reply's source text.",
    run: |state, call| match state.last_reply() {
        Some(text) => vec![TuiEffect::Copy(text)],
        None => {
            state.toast("There is no reply to copy yet.", call.at);
            Vec::new()
        }
    },
};
