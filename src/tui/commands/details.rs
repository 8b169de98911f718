//! `/details`

use crate::tui::update::fold;

use super::Command;

pub const COMMAND: Command = Command {
    name: "details",
    aliases: &[],
    args: "",
    summary: "Unfold or fold the reasoning, tool calls and long JSON that are on the screen.",
    run: |state, call| {
        fold::toggle_seen(state, call.at);
        Vec::new()
    },
};
