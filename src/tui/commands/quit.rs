//! `/quit`, `/exit`

use crate::tui::effect::TuiEffect;

use super::Command;

pub const COMMAND: Command = Command {
    name: "quit",
    aliases: &["exit"],
    args: "",
    summary: "Leave munshi; everything is saved.",
    run: |_, _| vec![TuiEffect::Quit { then_demo: false }],
};
