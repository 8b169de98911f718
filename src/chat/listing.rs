//! What providers say of their own models when they are asked: a list of names, here and there with prices. Owns the
//! judgement of which of them a chat can use; refuses to know what was known before (that is `catalogue`).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::model::{DEFAULT_PROVIDER, ModelSpec, Prices};
use super::request::OutputLimitField;

/// What a provider says of its models, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    pub provider: String,
    pub as_of: Date,
    pub models: Vec<ListedModel>,
}

/// A model as its provider lists it: most say no more than its id.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ListedModel {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prices: Option<Prices>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context_window: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sends_temperature: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reasoning: Option<bool>,
}

/// Parts of the names of models that chat completions do not reach, in lists that say no more than names.
const NO_CHAT: &[&str] = &[
    "embed",
    "whisper",
    "tts",
    "transcribe",
    "moderation",
    "dall-e",
    "image",
    "sora",
    "realtime",
    "audio",
    "codex",
    "computer-use",
    "deep-research",
    "babbage-002",
    "davinci-002",
    "rerank",
    "ocr",
];

impl ListedModel {
    /// Whether a chat can use it, as far as its name tells. OpenAI's `-pro` models answer on another API.
    #[must_use]
    pub fn is_chat(&self, provider: &str) -> bool {
        let id = self.id.to_ascii_lowercase();
        let is_pro = provider == DEFAULT_PROVIDER && id.ends_with("-pro");
        self.prices.is_some() || !(is_pro || NO_CHAT.iter().any(|part| id.contains(part)))
    }

    /// What only the list can tell of a model that no table knows.
    pub(super) fn introduce(&self, spec: &mut ModelSpec, provider: &str) {
        spec.name = self.name.clone().unwrap_or_else(|| self.id.clone());
        spec.sends_temperature = self.sends_temperature.unwrap_or(spec.sends_temperature);
        spec.reasoning = self.reasoning.unwrap_or(spec.reasoning);
        if provider == DEFAULT_PROVIDER {
            spec.limit_field = OutputLimitField::MaxCompletionTokens;
        }
    }

    /// Everything that it says, over what was known.
    pub(super) fn lay_over(&self, spec: &mut ModelSpec) {
        if let Some(prices) = self.prices {
            // A tier that would make long requests the cheaper ones is of other times.
            spec.long_context = spec.long_context.filter(|long| long.prices.input >= prices.input);
            spec.prices = Some(prices);
        }
        spec.context_window = self.context_window.or(spec.context_window);
        spec.max_output = self.max_output.or(spec.max_output);
    }
}
