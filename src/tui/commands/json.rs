//! `/json`

use crate::chat::AnswerFormat;
use crate::session::Change;

use super::Command;

pub const COMMAND: Command = Command {
    name: "json",
    aliases: &[],
    args: "[on | off]",
    summary: "Ask for answers that are one JSON object, checked when they come; off goes back to plain text.",
    run: |state, call| {
        let is_on = state.meta().format.is_json();
        let wants = match call.args {
            "" => !is_on,
            "on" => true,
            "off" => false,
            other => {
                state.complain(format!("/json takes on or off, or nothing to switch over; found “{other}”."));
                return Vec::new();
            }
        };
        let (format, words) = if wants {
            (AnswerFormat::JsonObject, "Answers are asked for as one JSON object, from the next message on.")
        } else {
            (AnswerFormat::Text, "Answers are asked for as plain text again.")
        };
        state.note(words);
        state.change(Change::Format(format), call.at)
    },
};
