//! `/theme`

use crate::tui::effect::TuiEffect;
use crate::tui::theme::Theme;

use super::Command;

pub const COMMAND: Command = Command {
    name: "theme",
    aliases: &[],
    args: "[terminal | dark | light]",
    summary: "Change the colours; alone, list the themes.",
    run: |state, call| {
        if call.args.is_empty() {
            state.note(format!("Themes: {}. Now: {}.", names(), state.theme.name()));
            return Vec::new();
        }
        match Theme::named(call.args) {
            Some(theme) => {
                state.set_theme(theme);
                vec![TuiEffect::SaveTheme(call.args.to_owned())]
            }
            None => {
                state.complain(format!("There is no theme “{}”. There are: {}.", call.args, names()));
                Vec::new()
            }
        }
    },
};

fn names() -> String {
    Theme::builtin_names().collect::<Vec<_>>().join(", ")
}
