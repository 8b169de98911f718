//! `/export`

use crate::tui::effect::TuiEffect;
use crate::tui::export;

use super::Command;

pub const COMMAND: Command = Command {
    name: "export",
    aliases: &[],
    args: "[markdown | json] [FILE]",
    summary: "Write this conversation to a file, as Markdown or JSON.",
    run: |state, call| {
        if state.session().conversation().is_empty() {
            state.toast("There is nothing to export yet.", call.at);
            return Vec::new();
        }
        let (format, file) = match call.args.split_once(char::is_whitespace) {
            Some((format, file)) if export::Format::parse(format).is_some() => {
                (export::Format::parse(format), file.trim())
            }
            _ => match export::Format::parse(call.args) {
                Some(format) => (Some(format), ""),
                None => (None, call.args),
            },
        };
        let format = format.unwrap_or_else(|| export::Format::of_file(file));
        let conversation = state.session().conversation();
        let file_name = if file.is_empty() { export::file_name(&conversation.meta, format) } else { file.to_owned() };
        let content =
            export::render(conversation, format, &state.preferences.settings.currency, &state.preferences.zone);
        vec![TuiEffect::Export { file_name, content }]
    },
};
