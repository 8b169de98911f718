//! `/context`

use super::Command;
use crate::tui::update::context;

pub const COMMAND: Command = Command {
    name: "context",
    aliases: &[],
    args: "",
    summary: "List what the next request will contain, with tokens and prices; pin messages, or leave them out.",
    run: |state, _| context::open(state),
};
