//! `/cost`

use super::Command;

pub const COMMAND: Command = Command {
    name: "cost",
    aliases: &[],
    args: "",
    summary: "Show what was spent: by day, week, month, model, conversation, purpose.",
    run: |state, _| state.open_costs(),
};
