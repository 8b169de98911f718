//! `/new`, `/clear`

use super::Command;

pub const COMMAND: Command = Command {
    name: "new",
    aliases: &["clear"],
    args: "",
    summary: "Begin a new conversation with the same settings; the old one is kept.",
    run: |state, call| state.new_chat(call.fresh.conversation, call.at),
};
