//! `/retry`

use crate::session::Happened;

use super::Command;

pub const COMMAND: Command = Command {
    name: "retry",
    aliases: &[],
    args: "",
    summary: "Answer the last question again; the old reply is kept.",
    run: |state, call| {
        if state.session().is_busy() {
            state.toast("A reply is on its way; Esc stops it.", call.at);
            return Vec::new();
        }
        state.follow_end();
        state.tell_session(Happened::Retried { reply: call.fresh.reply, over_budget: false }, call.at)
    },
};
