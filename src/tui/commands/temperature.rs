//! `/temperature`

use crate::session::Change;

use super::Command;

pub const COMMAND: Command = Command {
    name: "temperature",
    aliases: &[],
    args: "[0–2 | none]",
    summary: "Set how freely this chat's model chooses its words; alone, show it.",
    run: |state, call| match call.args {
        "" => {
            let now = state.meta().temperature;
            let shown =
                now.map_or_else(|| "not sent; the model's own default holds".to_owned(), |value| value.to_string());
            state.note(format!("The temperature of this chat: {shown}."));
            Vec::new()
        }
        "none" => {
            state.note("No temperature is sent now; the model's own default holds.");
            state.change(Change::Temperature(None), call.at)
        }
        text => match text.parse::<f32>().ok().filter(|value| (0.0..=2.0).contains(value)) {
            Some(value) => {
                state.note(format!("The temperature of this chat is {value}."));
                state.change(Change::Temperature(Some(value)), call.at)
            }
            None => {
                state.complain(format!("/temperature takes a number from 0 to 2, or none; not “{text}”."));
                Vec::new()
            }
        },
    },
};
