//! What a provider reports of one attempt: tokens, why it ended, how much is left.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Tokens of one attempt. `cached_input` and `cache_write` are parts of `input`, `reasoning` a part
/// of `output`, as `OpenAI`'s usage object defines them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Usage {
    pub input: u64,
    pub cached_input: u64,
    pub cache_write: u64,
    pub output: u64,
    pub reasoning: u64,
    /// Counted here and not by the provider: shown with `~`.
    pub estimated: bool,
}

/// More tokens than any model bills for one attempt; a count above it is nonsense, and counts as unknown.
pub const MAX_PLAUSIBLE_TOKENS: u64 = 1_000_000_000;

impl Usage {
    /// The usage if its counts can be true: not beyond [`MAX_PLAUSIBLE_TOKENS`], no part larger than its whole.
    #[must_use]
    pub fn plausible(self) -> Option<Self> {
        let whole = self.input <= MAX_PLAUSIBLE_TOKENS && self.output <= MAX_PLAUSIBLE_TOKENS;
        let parts = self.cached_input.saturating_add(self.cache_write) <= self.input;
        // Some providers report reasoning beside the output, not inside it; that is kept as said.
        (whole && parts && self.reasoning <= MAX_PLAUSIBLE_TOKENS).then_some(self)
    }

    /// Input and output together.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.input.saturating_add(self.output)
    }
}

/// Why a reply ended, as the provider said it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    Stop,
    Length,
    ContentFilter,
    ToolCalls,
    /// A reason this program does not know, kept as it came.
    Other(String),
}

impl FinishReason {
    /// Reads the wire's word for it.
    #[must_use]
    pub fn from_wire(word: &str) -> Self {
        match word {
            "stop" | "end_turn" | "eos" => Self::Stop,
            "length" | "max_tokens" => Self::Length,
            "content_filter" => Self::ContentFilter,
            "tool_calls" | "function_call" => Self::ToolCalls,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word it is saved and shown as.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ContentFilter => "content_filter",
            Self::ToolCalls => "tool_calls",
            Self::Other(word) => word,
        }
    }
}

/// One of a provider's rate limits, as its response headers told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimit {
    pub limit: Option<u64>,
    pub remaining: Option<u64>,
    /// How long until it is full again.
    pub reset: Option<Duration>,
}

impl RateLimit {
    /// What is left, in percent of the limit; `None` where either is not known.
    #[must_use]
    pub fn percent_left(&self) -> Option<u64> {
        match (self.remaining, self.limit) {
            (Some(left), Some(limit)) if limit > 0 => Some(left.saturating_mul(100) / limit),
            _ => None,
        }
    }
}

/// The rate limits of one endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RateLimits {
    pub requests: RateLimit,
    pub tokens: RateLimit,
}

impl RateLimits {
    /// Whether the provider sent any limit at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The scarcer of the two, in percent left.
    #[must_use]
    pub fn percent_left(&self) -> Option<u64> {
        [self.requests.percent_left(), self.tokens.percent_left()].into_iter().flatten().min()
    }
}
