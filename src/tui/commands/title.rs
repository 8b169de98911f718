//! `/title`

use crate::session::Change;

use super::Command;

pub const COMMAND: Command = Command {
    name: "title",
    aliases: &[],
    args: "[TEXT]",
    summary: "Name this conversation; alone, show its name.",
    run: |state, call| match call.args {
        "" => {
            let title = state.meta().title.clone();
            let shown = if title.is_empty() {
                "This conversation has no title yet; the first message gives it one.".to_owned()
            } else {
                format!("This conversation is “{title}”.")
            };
            state.note(shown);
            Vec::new()
        }
        text => {
            state.toast(format!("Renamed to “{text}”."), call.at);
            state.change(Change::Title(text.to_owned()), call.at)
        }
    },
};
