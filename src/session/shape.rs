//! The shape that an answer is asked for in: what of it the request carries, what the prompt says of it, and the one
//! attempt to mend an answer that does not fit. Refuses to judge an answer itself.

use serde_json::Value;

use crate::chat::{AnswerFormat, FinishReason, Message, MessageId, ModelRef, ResponseFormat, Role, Stamp, Status};

use super::effect::Effect;
use super::ending::EndOfReply;
use super::event::Timer;
use super::retry::Field;
use super::turn::Phase;
use super::{Session, explain, tokens};

/// What stands in a note of a message that munshi wrote in the user's place.
pub const ASKED_BY_MUNSHI: &str = "asked by munshi";

impl Session {
    /// What of the chat's format a request to `model` carries: a schema where the model holds to it by itself, else
    /// JSON mode, less what it refused.
    pub(super) fn response_format(&self, model: &ModelRef) -> Option<ResponseFormat> {
        let is_strict = |schema: &Value| {
            self.catalogue.spec(model).structured_output && !self.refuses(model, Field::JsonSchema) && is_strict(schema)
        };
        match &self.meta().format {
            AnswerFormat::Text => None,
            AnswerFormat::Schema(schema) if is_strict(&schema.schema) => Some(ResponseFormat::Strict(schema.clone())),
            // JSON mode gives objects alone.
            AnswerFormat::Schema(schema) if !is_object(&schema.schema) => None,
            AnswerFormat::JsonObject | AnswerFormat::Schema(_) => {
                (!self.refuses(model, Field::JsonMode)).then_some(ResponseFormat::JsonObject)
            }
        }
    }

    /// What the prompt says of the shape: providers refuse JSON mode where the word JSON is nowhere in the messages.
    #[must_use]
    pub(super) fn shape_instruction(&self, model: &ModelRef) -> Option<String> {
        match (&self.meta().format, self.response_format(model)) {
            (AnswerFormat::Text, _) | (_, Some(ResponseFormat::Strict(_))) => None,
            (AnswerFormat::JsonObject, _) => Some("Answer with one JSON object and nothing else.".to_owned()),
            (AnswerFormat::Schema(schema), _) => Some(format!(
                "Answer with one JSON value and nothing else. It must be valid by this JSON schema:\n{}",
                schema.schema
            )),
        }
    }

    /// The last answer's misfit with the shape it was asked for in, in lines; empty where it fits or nothing was asked.
    #[must_use]
    pub fn misfit(&self) -> &[String] {
        &self.misfit
    }

    /// Whether an answer is there whole, and is held against its shape.
    #[must_use]
    pub fn is_judging(&self) -> bool {
        self.turn.as_ref().is_some_and(|turn| matches!(turn.phase, Phase::Judging(_)))
    }

    /// The answer is there: before the turn ends, it is held against its shape where it was asked for in one.
    pub(super) fn judge_or_end(&mut self, end: EndOfReply, at: Stamp, out: &mut Vec<Effect>) {
        self.misfit.clear();
        let Some(turn) = &mut self.turn else { return };
        // What the chat asks for by now holds from the next request on.
        let format = turn.format.clone();
        let text = self.conversation.get(turn.reply).map(|reply| reply.content.clone()).unwrap_or_default();
        if !format.is_json() {
            return self.end_turn(Status::Complete, end, at, out);
        }
        turn.attempt = None;
        turn.phase = Phase::Judging(end);
        for timer in [Timer::Silence, Timer::Save] {
            out.push(Effect::CancelTimer(timer));
        }
        out.push(Effect::CheckAnswer { reply: turn.reply, text, format });
    }

    /// The answer was looked at. One that does not fit is kept as it is, and asked for once more, visibly.
    pub(super) fn answer_checked(
        &mut self,
        reply: MessageId,
        problems: Vec<String>,
        (message, next): (MessageId, MessageId),
        at: Stamp,
        out: &mut Vec<Effect>,
    ) {
        let Some(turn) = self.turn.as_mut().filter(|turn| turn.reply == reply) else { return };
        let Phase::Judging(end) = &turn.phase else { return };
        let end = end.clone();
        if problems.is_empty() {
            return self.end_turn(Status::Complete, end, at, out);
        }
        let was_cut = end.finish == Some(FinishReason::Length);
        let is_last = std::mem::replace(&mut turn.mended, true);
        // What was cut at the limit would be cut again.
        let again = !is_last && !was_cut && self.conversation.get(message).is_none();
        let end = EndOfReply { note: Some(explain::misfit(&problems, is_last)), ..end };
        if !again {
            self.misfit = problems;
            return self.end_turn(Status::Complete, end, at, out);
        }
        self.finish_reply(Status::Complete, end, at, out);
        let text = explain::mend(&problems);
        let question = Message::text(message, self.conversation.meta.id, Some(reply), Role::User, text, at.unix_ms);
        let question = Message { note: Some(ASKED_BY_MUNSHI.to_owned()), ..question };
        out.push(Effect::Commit { meta: self.conversation.meta.clone(), message: question.clone() });
        self.conversation.push(question);
        self.go_on(next, at, out);
        self.next_attempt(at, out);
    }

    /// Weighs what goes into every request besides messages: the tools, and what the prompt says of the shape.
    pub(super) fn recount(&mut self) {
        let model = &self.meta().model;
        let shape = self.shape_instruction(model).map_or(0, |text| tokens::estimate(&text));
        self.overhead =
            tokens::of_tools(&self.offered) + tokens::of_format(self.response_format(model).as_ref()) + shape;
        self.refresh_plan();
    }
}

/// Whether a schema wants an object at the top.
fn is_object(schema: &Value) -> bool {
    schema.get("type").map_or_else(|| schema.get("properties").is_some(), |kind| kind == "object")
}

/// Whether a schema is one that providers hold answers to strictly: every object names all its properties as required
/// and allows no others (`OpenAI`'s guide to structured outputs).
fn is_strict(schema: &Value) -> bool {
    match schema {
        Value::Object(map) => {
            let own = map.get("properties").is_none_or(|properties| {
                let required = map.get("required").and_then(Value::as_array);
                let is_required = |name: &String| required.is_some_and(|all| all.iter().any(|one| one == name));
                let names_all = properties.as_object().is_some_and(|all| all.keys().all(is_required));
                names_all && map.get("additionalProperties") == Some(&Value::Bool(false))
            });
            own && map.values().all(is_strict)
        }
        Value::Array(all) => all.iter().all(is_strict),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_schema_is_strict_where_every_object_requires_all_it_has_and_nothing_else() {
        let inner = |required: Value, more: bool| {
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": required,
                "additionalProperties": more})
        };
        assert!(is_strict(&inner(json!(["a"]), false)));
        assert!(!is_strict(&inner(json!([]), false)) && !is_strict(&inner(json!(["a"]), true)));
        let nested = |of: Value| {
            json!({"type": "object", "properties": {"list": {"type": "array", "items": of}}, "required": ["list"],
                "additionalProperties": false})
        };
        assert!(is_strict(&nested(inner(json!(["a"]), false))));
        assert!(!is_strict(&nested(inner(json!([]), false))));
        assert!(is_strict(&json!({"type": "array", "items": {"type": "integer"}})));
    }
}
