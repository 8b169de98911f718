//! The request's bytes: a chat completion as every compatible endpoint reads it. Owns field names and what is
//! left out; refuses to decide anything, since the request already did.

use serde::Serialize;

use crate::chat::{OutputLimitField, Request, RequestMessage, Role};

/// Borrows everything from the request: a long history is written once, into the body.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Debug, Serialize)]
struct WireMessage<'a> {
    role: &'static str,
    /// `null` only where a model asked for tools and said nothing.
    content: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<WireToolCall<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct WireToolCall<'a> {
    id: &'a str,
    r#type: &'static str,
    function: WireFunction<'a>,
}

#[derive(Debug, Serialize)]
struct WireFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> Body<'a> {
    pub fn new(request: &'a Request) -> Self {
        let limit = |field| request.output_limit.filter(|limit| limit.field == field).map(|limit| limit.tokens);
        Self {
            model: &request.model.id,
            messages: request.messages.iter().map(WireMessage::new).collect(),
            stream: true,
            stream_options: request.include_usage.then_some(StreamOptions { include_usage: true }),
            temperature: request.temperature.filter(|value| value.is_finite()),
            max_tokens: limit(OutputLimitField::MaxTokens),
            max_completion_tokens: limit(OutputLimitField::MaxCompletionTokens),
        }
    }
}

impl<'a> WireMessage<'a> {
    fn new(message: &'a RequestMessage) -> Self {
        let tool_calls: Vec<_> = message
            .tool_calls
            .iter()
            .map(|call| WireToolCall {
                id: &call.id,
                r#type: "function",
                function: WireFunction { name: &call.name, arguments: &call.arguments },
            })
            .collect();
        let silent = message.role == Role::Assistant && message.content.is_empty() && !tool_calls.is_empty();
        Self {
            role: message.role.as_str(),
            content: (!silent).then_some(&message.content),
            tool_calls,
            tool_call_id: message.tool_call_id.as_deref(),
        }
    }
}
