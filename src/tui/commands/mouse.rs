//! `/mouse`

use crate::tui::effect::TuiEffect;

use super::Command;

pub const COMMAND: Command = Command {
    name: "mouse",
    aliases: &[],
    args: "[on | off]",
    summary: "Turn the mouse on or off; off, the terminal's own selection works everywhere.",
    run: |state, call| {
        let on = match call.args {
            "on" => true,
            "off" => false,
            _ => !state.preferences.mouse,
        };
        state.preferences.mouse = on;
        let said = if on {
            "The mouse scrolls, places the cursor, selects and copies."
        } else {
            "The mouse is the terminal's own now: select with it anywhere."
        };
        state.toast(said, call.at);
        vec![TuiEffect::SetMouse(on)]
    },
};
