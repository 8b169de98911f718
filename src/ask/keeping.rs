//! What is kept of a question. Owns what `--no-save` takes out, which is never the ledger, and what holds for one
//! question alone; refuses to write anything.

use crate::chat::context::Strategy;
use crate::chat::{AnswerFormat, ConversationMeta, ToolChoices};
use crate::session::{Effect, Happened};

/// What the conversation keeps of its own where the command line asked for something else.
#[derive(Debug, Clone)]
pub struct Kept {
    pub saves: bool,
    pub tools: ToolChoices,
    pub format: AnswerFormat,
}

impl Kept {
    /// The effect as it is run; `None` where it is not. What it would have been answered with is told at once.
    pub fn as_run(&self, effect: Effect, told: &mut Vec<Happened>) -> Option<Effect> {
        match effect {
            Effect::Commit { meta, message } if self.saves => {
                // The tools and the shape of one answer are not those of the next, wherever that is asked for.
                let meta = ConversationMeta { tools: self.tools.clone(), format: self.format.clone(), ..meta };
                Some(Effect::Commit { meta, message })
            }
            effect if self.saves => Some(effect),
            Effect::Commit { message, .. } => {
                told.push(Happened::Committed { message: message.id });
                None
            }
            effect if effect.keeps_conversation() => None,
            effect => Some(effect),
        }
    }

    /// The conversation's own settings, as they can be followed: vectors are kept with messages, so that where no message
    /// is kept, none is searched for by them either.
    pub fn followed(&self, mut meta: ConversationMeta) -> ConversationMeta {
        if !self.saves && meta.history.strategy == Strategy::Retrieve {
            meta.history.strategy = Strategy::default();
        }
        meta
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::Date;
    use uuid::Uuid;

    use super::*;
    use crate::chat::ledger::{LedgerOpening, Purpose};
    use crate::chat::{AttemptId, ConversationId, Message, MessageId, ModelRef, Rate, Role};

    fn effects() -> Vec<Effect> {
        let (chat, id, model) =
            (ConversationId(Uuid::nil()), MessageId(Uuid::nil()), ModelRef::new("openai", "gpt-4o-mini"));
        let mut meta = ConversationMeta::new(chat, model.clone(), 0);
        meta.format = AnswerFormat::JsonObject;
        let message = Message::text(id, chat, None, Role::User, "hi".to_owned(), 0);
        let opening = LedgerOpening {
            attempt: AttemptId { reply: id, ordinal: 0 },
            conversation: chat,
            purpose: Purpose::Chat,
            model,
            day: Date::constant(2026, 4, 1),
            at_ms: 0,
            rate: Rate::default(),
            reserved: None,
            prices: None,
            outlives: false,
        };
        vec![
            Effect::Commit { meta, message: message.clone() },
            Effect::AddReply(message.clone()),
            Effect::Book(opening),
            Effect::SaveChunk { message: id, text: "a".to_owned(), reasoning: String::new() },
            Effect::FinishReply(message),
            Effect::TurnEnded,
        ]
    }

    fn kept(saves: bool) -> Kept {
        Kept { saves, tools: ToolChoices::default(), format: AnswerFormat::Text }
    }

    #[test]
    fn without_saving_nothing_is_written_but_the_ledger_and_the_turn_goes_on() {
        let mut told = Vec::new();
        let run: Vec<Effect> = effects().into_iter().filter_map(|one| kept(false).as_run(one, &mut told)).collect();
        assert!(matches!(run[..], [Effect::Book(_), Effect::TurnEnded]), "{run:?}");
        assert!(matches!(told[..], [Happened::Committed { .. }]));
    }

    #[test]
    fn a_saved_conversation_keeps_its_own_tools_and_shape() {
        let mut told = Vec::new();
        let run: Vec<Effect> = effects().into_iter().filter_map(|one| kept(true).as_run(one, &mut told)).collect();
        assert_eq!((run.len(), told.len()), (6, 0));
        assert!(matches!(&run[0], Effect::Commit { meta, .. } if meta.format == AnswerFormat::Text));
    }
}
