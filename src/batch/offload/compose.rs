//! The request of a row, composed by the same session that would send it live, and never sent.

use std::sync::Arc;

use jiff::civil::Date;

use crate::batch::task::Task;
use crate::chat::{Catalogue, Conversation, PicoUsd, Request, Settings, Stamp};
use crate::runtime::ids;
use crate::session::{Effect, Event, Happened, Session};

/// A request, and the most that it can cost live.
#[derive(Debug, Clone)]
pub struct Composed {
    pub request: Arc<Request>,
    pub worst: Option<PicoUsd>,
}

/// Composes the request of a row.
///
/// # Errors
/// In a sentence: it does not fit the model, or a budget cannot be kept with it.
pub fn compose(
    task: &Task,
    row: &str,
    settings: &Arc<Settings>,
    catalogue: &Arc<Catalogue>,
) -> Result<Composed, String> {
    let conversation = Conversation::new(task.meta(ids::conversation(), 0));
    let mut session = Session::new(conversation, false, Arc::clone(settings), Arc::clone(catalogue));
    let at = Stamp { mono: std::time::Duration::ZERO, unix_ms: 0, day: Date::constant(1970, 1, 1) };
    let message = ids::message();
    let submitted = Happened::Submitted { message, reply: ids::message(), text: task.message(row) };
    let mut waiting = vec![submitted, Happened::Committed { message }];
    let (mut worst, mut said) = (None, None);
    while !waiting.is_empty() {
        let happened = waiting.remove(0);
        for effect in session.handle(Event { at, happened }) {
            match effect {
                Effect::Book(opening) | Effect::Reserve { opening, .. } => {
                    worst = opening.reserved;
                    waiting.push(Happened::Booked { attempt: opening.attempt });
                }
                Effect::StartAttempt { request, .. } => return Ok(Composed { request, worst }),
                Effect::Say(text) => said = Some(text),
                Effect::FinishReply(message) => said = message.note.clone().or(said),
                _ => {}
            }
        }
    }
    Err(said.unwrap_or_else(|| "it could not be composed".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::task::labels_schema;
    use crate::chat::{ModelRef, Role};

    #[test]
    fn the_request_of_a_row_is_the_one_that_would_be_sent_live() {
        let labels: Vec<String> = ["Billing", "Technical"].map(str::to_owned).to_vec();
        let task = Task {
            prompt: None,
            schema: labels_schema(&labels),
            labels,
            model: ModelRef::new("openai", "m"),
            temperature: Some(0.0),
            max_tokens: Some(64),
        };
        let (settings, catalogue) = (Arc::new(Settings::default()), Arc::new(Catalogue::empty()));
        let composed = compose(&task, "My bill is wrong.", &settings, &catalogue).unwrap();
        let last = composed.request.messages.last().unwrap();
        assert_eq!((last.role, last.content.as_str()), (Role::User, "My bill is wrong."));
        assert_eq!(composed.request.temperature, Some(0.0));
        assert!(composed.request.messages[0].content.contains("Billing; Technical"));
        assert!(compose(&task, "", &settings, &catalogue).is_err());
    }
}
