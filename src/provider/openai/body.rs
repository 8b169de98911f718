//! The request's bytes: a chat completion as every compatible endpoint reads it. Owns field names and what is
//! left out; refuses to decide anything, since the request already did.

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::chat::{OutputLimitField, Request, RequestMessage, ResponseFormat, Role, Tool, ToolChoice};

/// Borrows everything from the request: a long history is written once, into the body.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    model: &'a str,
    messages: Vec<WireMessage<'a>>,
    /// Left out where it is false: unasked, nothing streams.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<WireTool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<WireChoice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<WireFormat<'a>>,
}

#[derive(Debug, Serialize)]
struct WireTool<'a> {
    r#type: &'static str,
    function: WireDefinition<'a>,
}

#[derive(Debug, Serialize)]
struct WireDefinition<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

/// A word, or the one tool that must be called.
#[derive(Debug)]
struct WireChoice<'a>(&'a ToolChoice);

impl Serialize for WireChoice<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ToolChoice::Named(name) = self.0 else { return serializer.serialize_str(self.0.as_str()) };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("type", "function")?;
        map.serialize_entry("function", &serde_json::json!({ "name": name }))?;
        map.end()
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum WireFormat<'a> {
    JsonObject,
    JsonSchema { json_schema: WireSchema<'a> },
}

#[derive(Debug, Serialize)]
struct WireSchema<'a> {
    name: &'a str,
    strict: bool,
    schema: &'a Value,
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
            tools: request.tools.iter().map(WireTool::new).collect(),
            // Auto is what all of them do unasked, and some refuse the word.
            tool_choice: Some(&request.tool_choice)
                .filter(|choice| !request.tools.is_empty() && **choice != ToolChoice::Auto)
                .map(WireChoice),
            response_format: request.format.as_ref().map(WireFormat::new),
        }
    }

    /// The same, for an answer in one piece.
    pub fn whole(request: &'a Request) -> Self {
        Self { stream: false, stream_options: None, ..Self::new(request) }
    }
}

impl<'a> WireTool<'a> {
    fn new(tool: &'a Tool) -> Self {
        let spec = &tool.spec;
        let function =
            WireDefinition { name: &spec.name, description: &spec.description, parameters: &spec.parameters };
        Self { r#type: "function", function }
    }
}

impl<'a> WireFormat<'a> {
    fn new(format: &'a ResponseFormat) -> Self {
        match format {
            ResponseFormat::JsonObject => Self::JsonObject,
            ResponseFormat::Strict(schema) => Self::JsonSchema {
                json_schema: WireSchema { name: &schema.name, strict: true, schema: &schema.schema },
            },
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
