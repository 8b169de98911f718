//! Composes the request of an attempt: the messages that fit the model it goes to, and the fields that
//! model takes. Refuses nothing by itself; what was refused before is left out.

use std::borrow::Cow;
use std::sync::Arc;

use crate::chat::{MessageId, ModelRef, ModelSpec, OutputLimit, OutputLimitField, Request, Tool, ToolChoice};

use super::history::{Aim, Plan};
use super::retry::Field;
use super::wellformed::CallsAre;
use super::{Session, tokens, wellformed};

/// The output limit where a budget needs one and neither the chat nor the table has any, in tokens.
const FORCED_OUTPUT_LIMIT: u32 = 4_096;

impl Session {
    /// What is sent for `question` to `model`: what the model table says it takes, less what it refused; and the plan
    /// that it was made by.
    pub(super) fn request(&self, model: &ModelRef, question: MessageId) -> (Request, Plan) {
        let spec = self.catalogue.spec(model);
        let meta = self.meta();
        let question = self.conversation.position(question).unwrap_or_default();
        // A fallback's window may be smaller than that of the chat's own model.
        let last = self.last_sent(question);
        let plan = self.plan_for(model, Aim::Answer { question, last });
        let system = self.system_prompt(model);
        let may_call = spec.tools && !self.refuses(model, Field::Tools) && !self.must_hide_tools(model);
        let tools = if may_call { Arc::clone(&self.offered) } else { Arc::default() };
        let calls = if tools.is_empty() { CallsAre::Words } else { CallsAre::Calls };
        let messages = wellformed::messages(&self.conversation, &system, &plan, last, calls);
        let mut request = Request {
            temperature: meta
                .temperature
                .filter(|_| spec.sends_temperature && !self.refuses(model, Field::Temperature)),
            include_usage: !self.refuses(model, Field::StreamOptions),
            tool_choice: self.tool_choice(model, &tools),
            tools,
            format: self.response_format(model),
            ..Request::new(model.clone(), messages)
        };
        let input = self.calibration.apply(model, tokens::of_request(&request));
        request.output_limit = self.output_limit(model, &spec, input);
        (request, plan)
    }

    /// The place of the last message that a running turn sends: what stands before the reply that is being made.
    pub(super) fn last_sent(&self, question: usize) -> usize {
        let reply = self.turn.as_ref().and_then(|turn| self.conversation.position(turn.reply));
        reply.unwrap_or(self.conversation.len()).saturating_sub(1).max(question)
    }

    /// The system prompt with what it says of the answer's shape.
    fn system_prompt(&self, model: &ModelRef) -> Cow<'_, str> {
        let system = &self.meta().system;
        match self.shape_instruction(model) {
            None => Cow::Borrowed(system),
            Some(shape) if system.trim().is_empty() => Cow::Owned(shape),
            Some(shape) => Cow::Owned(format!("{system}\n\n{shape}")),
        }
    }

    /// Whether no tool may be called, and the model cannot be told so: then it is not told of any.
    fn must_hide_tools(&self, model: &ModelRef) -> bool {
        self.meta().tools.choice == ToolChoice::None && self.refuses(model, Field::ToolChoice)
    }

    /// Whether tools must be used. What must be called is called once: asked again after its result, a model would
    /// never come to an answer.
    fn tool_choice(&self, model: &ModelRef, tools: &[Tool]) -> ToolChoice {
        let choice = &self.meta().tools.choice;
        let has_called = self.turn.as_ref().is_some_and(|turn| !turn.made.is_empty());
        let is_meant = match choice {
            ToolChoice::Auto | ToolChoice::None => true,
            ToolChoice::Required => !has_called,
            ToolChoice::Named(name) => !has_called && tools.iter().any(|tool| tool.spec.name == *name),
        };
        if is_meant && !tools.is_empty() && !self.refuses(model, Field::ToolChoice) {
            choice.clone()
        } else {
            ToolChoice::Auto
        }
    }

    /// The most tokens of an answer beside so many of input, and the field that says so; a budget forces one.
    pub(super) fn output_limit(&self, model: &ModelRef, spec: &ModelSpec, input: u64) -> Option<OutputLimit> {
        let forced = || self.settings.budgets.is_set().then(|| spec.max_output.unwrap_or(FORCED_OUTPUT_LIMIT));
        let asked = self.meta().max_tokens.or_else(forced)?;
        Some(OutputLimit { field: self.limit_field(model, spec), tokens: output_tokens(asked, spec, input) })
    }

    /// The name that `model` takes an output limit under.
    pub(super) fn limit_field(&self, model: &ModelRef, spec: &ModelSpec) -> OutputLimitField {
        if self.refuses(model, Field::OutputLimit) { spec.limit_field.other() } else { spec.limit_field }
    }

    /// Whether `model` refused `field` before; an endpoint that refuses `stream_options` does so for all its models.
    pub(super) fn refuses(&self, model: &ModelRef, field: Field) -> bool {
        self.refusals.iter().any(|(other, refused)| {
            *refused == field && (other == model || (field == Field::StreamOptions && other.provider == model.provider))
        })
    }

    /// Whether a request like `sent` can go out otherwise, now that `field` was refused. The output limit has only
    /// two names: where both were refused the name is not what is wrong, and the first is good again.
    pub(super) fn can_do_without(&mut self, field: Field, sent: &Request) -> bool {
        let first_name = self.catalogue.spec(&sent.model).limit_field;
        let can = field != Field::OutputLimit || sent.output_limit.is_some_and(|limit| limit.field == first_name);
        if !can {
            self.refusals.remove(&(sent.model.clone(), field));
        }
        can
    }
}

/// The output limit: what is asked, but no more than the model gives, nor than its window has room for beside
/// the input (providers refuse a sum beyond the window). A quarter of the window is always asked for.
fn output_tokens(asked: u32, spec: &ModelSpec, input: u64) -> u32 {
    let most = spec.max_output.unwrap_or(u32::MAX);
    let room = spec
        .context_window
        .map_or(u64::MAX, |window| window.saturating_sub(tokens::with_margin(input)).max(window / 4).max(1));
    asked.min(most).min(u32::try_from(room).unwrap_or(u32::MAX))
}
