//! What a turn is run with, as the configuration resolved it.

use std::time::Duration;

use super::budget::Budgets;
use super::context::History;
use super::model::ModelRef;
use super::money::Currency;

/// How long a turn may wait, and for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// From sending to the first token.
    pub first_token: Duration,
    /// Between two pieces of content; comments and pings are no content.
    pub silence: Duration,
    /// The whole turn, retries and waits included.
    pub turn: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { first_token: Duration::from_mins(1), silence: Duration::from_mins(2), turn: Duration::from_mins(15) }
    }
}

/// When a failed attempt is made again, and how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Attempts at one model, the first included; at least 1.
    pub attempts: u32,
    /// The longest wait that munshi chooses by itself.
    pub longest_backoff: Duration,
    /// A server that asks for more than this ends the turn; the user is told when to come back.
    pub longest_asked: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self { attempts: 5, longest_backoff: Duration::from_mins(1), longest_asked: Duration::from_mins(2) }
    }
}

/// What every turn is run with, whichever chat it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Tried in order when the chat's own model is used up.
    pub fallback: Vec<ModelRef>,
    /// How long the first token may take before the next model is tried, where there is one.
    pub fallback_after: Duration,
    pub timeouts: Timeouts,
    /// First-token limits of single models, by the name a user gives them.
    pub first_token_by_model: std::collections::BTreeMap<ModelRef, Duration>,
    /// First-token limits of all models of a provider, where the model has none of its own: local servers
    /// load a model before they answer.
    pub first_token_by_provider: std::collections::BTreeMap<String, Duration>,
    pub retry: RetryPolicy,
    pub currency: Currency,
    /// Tokens of history sent at most, whatever the model's window.
    pub max_context_tokens: u64,
    /// What new chats send.
    pub history: History,
    pub summaries: SummarySettings,
    pub retrieval: RetrievalSettings,
    pub budgets: Budgets,
    pub tools: ToolSettings,
}

/// How far a model may go with tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ToolSettings {
    /// Whether any tool is offered to chats that say nothing of tools.
    pub on_by_default: bool,
    /// Calls in one turn, at most.
    pub most_calls: u32,
    /// Once the same call would stand so often among the last [`ToolSettings::IDENTICAL_AMONG`], the turn ends.
    pub most_identical: u32,
    /// Calls of one turn that could not run, after which it ends.
    pub most_invalid: u32,
}

impl ToolSettings {
    /// How many of the last calls are looked at for the same one.
    pub const IDENTICAL_AMONG: usize = 10;
}

impl Default for ToolSettings {
    fn default() -> Self {
        Self { on_by_default: false, most_calls: 25, most_identical: 5, most_invalid: 3 }
    }
}

/// When older messages give way to a summary, where a chat asks for that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SummarySettings {
    /// Past this share of the limit a summary is made, in percent of the strategy's limit.
    pub above_percent: u8,
    /// The most tokens that a summary may have.
    pub max_tokens: u32,
}

impl Default for SummarySettings {
    fn default() -> Self {
        Self { above_percent: 70, max_tokens: 1_024 }
    }
}

/// How older messages are found again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetrievalSettings {
    /// The provider of the embedding model; `None`: that of the chat's own model, so that no other is told.
    pub provider: Option<String>,
    /// The embedding model's id.
    pub model: String,
    /// Numbers in a vector.
    pub dims: u32,
    /// Older messages that are found for one question, at most.
    pub most: u32,
}

impl Default for RetrievalSettings {
    fn default() -> Self {
        Self { provider: None, model: "text-embedding-3-small".to_owned(), dims: 256, most: 8 }
    }
}

impl Settings {
    /// How long `model` may take to its first token: its own limit, else its provider's, else the general one.
    #[must_use]
    pub fn first_token(&self, model: &ModelRef) -> Duration {
        self.first_token_by_model
            .get(model)
            .or_else(|| self.first_token_by_provider.get(&model.provider))
            .copied()
            .unwrap_or(self.timeouts.first_token)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            fallback: Vec::new(),
            fallback_after: Duration::from_secs(10),
            timeouts: Timeouts::default(),
            first_token_by_model: std::collections::BTreeMap::new(),
            first_token_by_provider: std::collections::BTreeMap::new(),
            retry: RetryPolicy::default(),
            currency: Currency::default(),
            max_context_tokens: 32_000,
            history: History::default(),
            summaries: SummarySettings::default(),
            retrieval: RetrievalSettings::default(),
            budgets: Budgets::default(),
            tools: ToolSettings::default(),
        }
    }
}
