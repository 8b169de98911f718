//! `/schema`

use crate::chat::{AnswerFormat, AnswerSchema, Stamp};
use crate::session::Change;
use crate::tui::effect::TuiEffect;
use crate::tui::state::AppState;

use super::Command;

pub const COMMAND: Command = Command {
    name: "schema",
    aliases: &[],
    args: "[FILE | off]",
    summary: "Hold answers to the JSON schema in a file, with one attempt to mend what does not fit; alone, show it.",
    run: |state, call| match call.args {
        "" => {
            show(state);
            Vec::new()
        }
        "off" => {
            state.note("Answers are asked for as plain text again.");
            state.change(Change::Format(AnswerFormat::Text), call.at)
        }
        file => vec![TuiEffect::ReadSchema { conversation: state.current, file: file.to_owned() }],
    },
};

fn show(state: &mut AppState) {
    let text = match &state.meta().format {
        AnswerFormat::Text => "Answers are plain text. `/schema FILE` holds them to a JSON schema.".to_owned(),
        AnswerFormat::JsonObject => {
            "Answers are one JSON object, without a schema. `/schema FILE` gives them one.".to_owned()
        }
        AnswerFormat::Schema(AnswerSchema { name, schema }) => {
            let schema = serde_json::to_string_pretty(&**schema).unwrap_or_default();
            format!("Answers are held to the schema `{name}`:\n\n```json\n{schema}\n```")
        }
    };
    state.note(text);
}

/// The schema was read, or not.
pub(in crate::tui) fn read(
    state: &mut AppState,
    conversation: crate::chat::ConversationId,
    result: Result<AnswerSchema, String>,
    at: Stamp,
) -> Vec<TuiEffect> {
    match result {
        Ok(schema) => {
            state.note(format!(
                "Answers are held to the schema `{}` from the next message on; one that does not fit is asked for once more.",
                schema.name
            ));
            let change = Change::Format(AnswerFormat::Schema(schema));
            state.tell(conversation, crate::session::Happened::Changed(change), at)
        }
        Err(why) => {
            state.complain(why);
            Vec::new()
        }
    }
}
