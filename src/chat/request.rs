//! One request, complete: what a provider adapter turns into bytes without deciding anything.

use std::sync::Arc;

use super::format::ResponseFormat;
use super::message::{Role, ToolCall};
use super::model::ModelRef;
use super::tool::{Tool, ToolChoice};

/// Which field carries the output limit: newer models of `OpenAI` refuse `max_tokens`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputLimitField {
    MaxTokens,
    MaxCompletionTokens,
}

impl OutputLimitField {
    /// The field's name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MaxTokens => "max_tokens",
            Self::MaxCompletionTokens => "max_completion_tokens",
        }
    }

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::MaxTokens => Self::MaxCompletionTokens,
            Self::MaxCompletionTokens => Self::MaxTokens,
        }
    }
}

/// The most tokens a reply may have, and the field that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputLimit {
    pub field: OutputLimitField,
    pub tokens: u32,
}

/// One message as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestMessage {
    pub role: Role,
    pub content: String,
    pub tool_calls: Vec<ToolCall>,
    pub tool_call_id: Option<String>,
}

impl RequestMessage {
    /// A message of plain text.
    #[must_use]
    pub fn text(role: Role, content: impl Into<String>) -> Self {
        Self { role, content: content.into(), tool_calls: Vec::new(), tool_call_id: None }
    }
}

/// One chat completion request. A field that is `None` or `false` is not sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    pub model: ModelRef,
    pub messages: Vec<RequestMessage>,
    pub temperature: Option<f32>,
    pub output_limit: Option<OutputLimit>,
    /// Whether to ask for usage in the last chunk (`stream_options.include_usage`).
    pub include_usage: bool,
    /// What the model may ask for; empty for nothing, and then there is no choice either.
    pub tools: Arc<[Tool]>,
    pub tool_choice: ToolChoice,
    pub format: Option<ResponseFormat>,
}

impl Request {
    /// A request of these messages to `model`, and nothing else.
    #[must_use]
    pub fn new(model: ModelRef, messages: Vec<RequestMessage>) -> Self {
        Self {
            model,
            messages,
            temperature: None,
            output_limit: None,
            include_usage: false,
            tools: Arc::default(),
            tool_choice: ToolChoice::Auto,
            format: None,
        }
    }
}
