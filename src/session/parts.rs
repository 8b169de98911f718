//! The next request taken apart: what it will hold, what each part weighs and costs, for whoever shows it.

use std::borrow::Cow;

use crate::chat::{MessageId, ModelSpec, PicoUsd, Status, Tool, ToolSpec, Usage};

use super::context::whole;
use super::history::{self, Aim, Standing};
use super::{Session, tokens};

/// A part of the next request, or a message that is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PartKind {
    System,
    /// What the prompt says of the answer's shape.
    Shape,
    /// The tools that are offered.
    Tools,
    /// The summary of older messages.
    Summary(MessageId),
    /// A message of another chat, by its place in the plan.
    Elsewhere(usize),
    Message(MessageId),
    /// What is in the input box.
    Draft,
}

/// One part, with what it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub kind: PartKind,
    pub standing: Standing,
    /// Estimated, in tokens.
    pub tokens: u64,
    /// As uncached input; `None` where the price is unknown.
    pub cost: Option<PicoUsd>,
}

/// What a message would cost if it was sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preview {
    /// Tokens of the whole request, estimated.
    pub input: u64,
    /// Its input alone; `None` where the price is unknown.
    pub least: Option<PicoUsd>,
    /// With the longest answer it may get; `None` where that or the price is unknown.
    pub most: Option<PicoUsd>,
}

impl Session {
    /// Every part of the next request in order, and the messages that are not in it at their places; what is in the
    /// input box weighs `draft` hundredths of a token.
    #[must_use]
    pub fn parts(&self, draft: u64) -> Vec<Part> {
        let model = &self.meta().model;
        let aim = Aim::Next { draft: whole(draft) };
        // While a reply is on its way, its own request is shown.
        let plan = if self.turn.is_some() { Cow::Borrowed(&self.plan) } else { Cow::Owned(self.plan_for(model, aim)) };
        let spec = self.spec();
        let part = |kind, standing, tokens| {
            let tokens = self.calibrated(tokens);
            Part { kind, standing, tokens, cost: input_cost(&spec, tokens) }
        };
        let mut parts = Vec::with_capacity(self.conversation.len() + 3);
        let system = &self.conversation.meta.system;
        if !system.trim().is_empty() {
            parts.push(part(PartKind::System, Standing::Sent, tokens::estimate(system) + tokens::PER_MESSAGE));
        }
        if let Some(shape) = self.shape_instruction(model) {
            parts.push(part(PartKind::Shape, Standing::Sent, tokens::estimate(&shape)));
        }
        if !self.offered.is_empty() {
            parts.push(part(PartKind::Tools, Standing::Sent, tokens::of_tools(&self.offered)));
        }
        if let Some((id, _)) = plan.summary {
            let text = self.part_text(PartKind::Summary(id)).unwrap_or_default();
            parts.push(part(PartKind::Summary(id), Standing::Sent, history::of_summary(&text)));
        }
        for (at, excerpt) in plan.elsewhere.iter().enumerate() {
            let tokens = tokens::estimate(&history::retrieve::quoted_line(excerpt));
            parts.push(part(PartKind::Elsewhere(at), Standing::Retrieved, tokens));
        }
        for (at, message) in self.conversation.path().enumerate() {
            let standing = plan.standing(&self.conversation, at);
            // What nothing came of can never be sent, and a reply that is being made is no part of its own request.
            if standing == Standing::Void {
                continue;
            }
            if plan.answering.is_some() && message.status == Status::Streaming {
                continue;
            }
            parts.push(part(PartKind::Message(message.id), standing, self.weights.of(message)));
        }
        if draft > 0 {
            parts.push(part(PartKind::Draft, Standing::Sent, whole(draft) + tokens::PER_MESSAGE));
        }
        parts
    }

    /// The text of a part; the draft's is with whoever shows the input box.
    #[must_use]
    pub fn part_text(&self, kind: PartKind) -> Option<Cow<'_, str>> {
        match kind {
            PartKind::System => Some(Cow::Borrowed(&self.conversation.meta.system)),
            PartKind::Shape => self.shape_instruction(&self.meta().model).map(Cow::Owned),
            PartKind::Tools => Some(Cow::Owned(written_tools(&self.offered))),
            PartKind::Message(id) => self.conversation.get(id).map(|message| Cow::Borrowed(message.content.as_str())),
            PartKind::Summary(id) => {
                let summaries = &self.conversation.notes.summaries;
                summaries.iter().find(|summary| summary.id == id).map(|summary| Cow::Borrowed(summary.text.as_str()))
            }
            PartKind::Elsewhere(at) => {
                self.plan.elsewhere.get(at).map(|excerpt| Cow::Borrowed(excerpt.content.as_str()))
            }
            PartKind::Draft => None,
        }
    }

    pub(super) fn spec(&self) -> ModelSpec {
        self.catalogue.spec(&self.conversation.meta.model)
    }
}

/// The definitions of tools as they are sent.
fn written_tools(tools: &[Tool]) -> String {
    let of = |spec: &ToolSpec| {
        let parameters = serde_json::to_string_pretty(&spec.parameters).unwrap_or_default();
        format!("{}: {}\n{parameters}", spec.name, spec.description)
    };
    let names: Vec<&str> = tools.iter().map(|tool| tool.spec.name.as_str()).collect();
    let head = format!("{} offered: {}", names.len(), names.join(", "));
    let all: Vec<String> = std::iter::once(head).chain(tools.iter().map(|tool| of(&tool.spec))).collect();
    all.join("\n\n")
}

/// So many tokens as uncached input.
fn input_cost(spec: &ModelSpec, tokens: u64) -> Option<PicoUsd> {
    spec.cost(&Usage { input: tokens, ..Usage::default() })
}
