//! `/help`

use super::Command;

pub const COMMAND: Command = Command {
    name: "help",
    aliases: &["?"],
    args: "",
    summary: "Show the keys and commands.",
    run: |state, _| {
        state.open_help();
        Vec::new()
    },
};
