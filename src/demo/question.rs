//! What is asked: a request's body as the demo understands it, and the models it can be asked of. Owns its putting
//! together and the strict reading of limits; refuses to answer.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use serde_json::{Value, json};

use super::answer::Refusal;
use super::offer::{Format, Offer};
use super::pieces;
use super::thread::messages;
pub use super::thread::{Called, Said};

/// Tokens that a message costs beside its text, and that a reply's opening costs.
const PER_MESSAGE: usize = 4;
const PER_REPLY: usize = 3;

/// A model of the demo.
pub struct Model {
    pub id: &'static str,
    /// Tokens of input and output together.
    pub context: usize,
    /// Its pace, in percent of the server's.
    pub percent: u32,
    /// It thinks aloud before each answer.
    pub reasons: bool,
    /// It never answers: for trying a chain of fallbacks.
    pub down: bool,
}

/// All models of the demo; the first is the one to start with.
pub const MODELS: &[Model] = &[
    Model { id: "demo-mini", context: 32_000, percent: 100, reasons: false, down: false },
    Model { id: "demo-large", context: 128_000, percent: 50, reasons: false, down: false },
    Model { id: "demo-thinker", context: 128_000, percent: 100, reasons: true, down: false },
    Model { id: "demo-down", context: 32_000, percent: 100, reasons: false, down: true },
];

/// The model of that name.
pub fn model(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

impl Model {
    /// Its entry in the list of models.
    pub fn card(&self) -> Value {
        json!({
            "id": self.id, "object": "model", "created": 1_767_225_600, "owned_by": "munshi-demo",
            "context_length": self.context,
        })
    }
}

/// A request that can be answered.
pub struct Question {
    pub model: &'static Model,
    pub messages: Vec<Said>,
    pub offer: Offer,
    pub stream: bool,
    pub include_usage: bool,
    /// The most tokens that may be written.
    pub limit: Option<usize>,
    /// The `Authorization` header, only ever compared with itself.
    pub key: String,
}

impl Question {
    /// Reads a request's body.
    ///
    /// # Errors
    /// The refusal that a real server would send.
    pub fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, Refusal> {
        let body: Value = serde_json::from_slice(body).map_err(|error| {
            Refusal::invalid(&format!("We could not parse the JSON body of your request: {error}."), None)
        })?;
        let name = body["model"].as_str().unwrap_or_default();
        if name.is_empty() {
            return Err(Refusal::invalid("You must provide a model parameter.", Some("model")));
        }
        let Some(model) = model(name) else { return Err(Refusal::unknown_model(name)) };
        let messages = messages(&body["messages"])?;
        let offer = Offer::read(&body)?;
        if offer.format == Format::JsonObject && !says_json(&messages) {
            let message =
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.";
            return Err(Refusal::invalid(message, Some("messages")));
        }
        let key = headers.get(AUTHORIZATION).and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
        let question = Self {
            model,
            messages,
            offer,
            stream: body["stream"].as_bool().unwrap_or(false),
            include_usage: body["stream_options"]["include_usage"].as_bool().unwrap_or(false),
            limit: limit(&body, "max_completion_tokens")?.or(limit(&body, "max_tokens")?),
            key,
        };
        let asked = question.prompt_tokens();
        if asked > model.context { Err(Refusal::context(model.context, asked)) } else { Ok(question) }
    }

    /// The last thing the user said; empty where it said nothing.
    pub fn last(&self) -> &str {
        self.messages.iter().rev().find(|message| message.role == "user").map_or("", |message| message.text.trim())
    }

    /// How many replies since then asked for tools.
    pub fn rounds(&self) -> usize {
        let since = self.messages.iter().rev().take_while(|message| message.role != "user");
        since.filter(|message| !message.calls.is_empty()).count()
    }

    /// The calls of the last such reply, each with its result; none where the user has spoken since.
    pub fn results(&self) -> Vec<(&Called, &Said)> {
        let since = || self.messages.iter().rev().take_while(|message| message.role != "user");
        let Some(asked) = since().find(|message| !message.calls.is_empty()) else { return Vec::new() };
        let result = |call: &Called| since().find(|message| message.answers.as_ref() == Some(&call.id));
        asked.calls.iter().filter_map(|call| Some((call, result(call)?))).collect()
    }

    /// What the request costs in tokens.
    pub fn prompt_tokens(&self) -> usize {
        let said: usize = self.messages.iter().map(tokens_of).sum();
        let tools: usize = self.offer.tools.iter().map(|tool| pieces::count(&tool.written)).sum();
        said + tools + PER_REPLY
    }

    /// The same for each attempt at the same question, whatever key and system prompt it comes with.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        for message in self.messages.iter().filter(|message| message.role != "system") {
            message.hash(&mut hasher);
        }
        self.model.id.hash(&mut hasher);
        hasher.finish()
    }
}

fn tokens_of(message: &Said) -> usize {
    let asked = message.calls.iter().map(|call| pieces::count(&call.name) + pieces::count(&call.arguments));
    pieces::count(&message.text) + asked.sum::<usize>() + PER_MESSAGE
}

fn says_json(messages: &[Said]) -> bool {
    messages.iter().any(|message| message.text.to_lowercase().contains("json"))
}

fn limit(body: &Value, name: &'static str) -> Result<Option<usize>, Refusal> {
    match &body[name] {
        Value::Null => Ok(None),
        value => match value.as_u64() {
            Some(most) if most > 0 => Ok(Some(usize::try_from(most).unwrap_or(usize::MAX))),
            _ => {
                let message =
                    format!("Invalid value for '{name}': expected a whole number of at least 1, got {value}.");
                Err(Refusal::invalid(&message, Some(name)))
            }
        },
    }
}
