//! What a message is shown as where that is not what it says: JSON set anew, a call's arguments. Owns these texts as
//! they are cut; refuses to change what is stored or copied.

use crate::chat::{Message, Role, Status};
use crate::text::json;

/// Lines of a JSON answer that are shown while it is folded.
pub(super) const JSON_LINES: usize = 40;

/// How a message is shown: what it has to be cut anew for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    AsItIs,
    Json { open: bool },
    Tool,
}

impl Form {
    /// The form of a message as far as it came; costs the same for any length.
    pub fn of(message: &Message, open: bool) -> Self {
        match (message.role, message.status) {
            (Role::Tool, _) => Self::Tool,
            (Role::Assistant, Status::Complete) if json::looks_like_json(&message.content) => Self::Json { open },
            _ => Self::AsItIs,
        }
    }
}

/// The texts that stand in place of a message's own.
#[derive(Debug, Default)]
pub(super) struct Guise {
    /// In place of the content.
    pub body: Option<String>,
    /// In place of the reasoning.
    pub reasoning: Option<String>,
    /// Lines of the content that only show when it is unfolded.
    pub more: usize,
}

impl Guise {
    /// `arguments` are those of the call that the message answers.
    pub fn new(message: &Message, form: Form, arguments: Option<&str>) -> Self {
        match form {
            Form::AsItIs => Self::default(),
            Form::Tool => {
                let arguments = arguments.unwrap_or_default();
                let shown = json::pretty(arguments).unwrap_or_else(|| arguments.to_owned());
                Self { reasoning: Some(shown), ..Self::default() }
            }
            Form::Json { open } => json::pretty(&message.content).map(|json| fenced(&json, open)).unwrap_or_default(),
        }
    }
}

/// JSON as a block of code: no line of it can end the block, since a line that is all backticks is no JSON.
fn fenced(json: &str, open: bool) -> Guise {
    let more = json.lines().count().saturating_sub(JSON_LINES);
    let end = json.match_indices('\n').nth(JSON_LINES - 1).map_or(json.len(), |(at, _)| at);
    let shown = if open { json } else { &json[..end] };
    Guise { body: Some(format!("```json\n{shown}\n```")), reasoning: None, more }
}
