//! A model: how it is named, what it can take, what it costs.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::money::PicoUsd;
use super::request::OutputLimitField;
use super::usage::Usage;

/// A model of a provider's. Shown as `id` for the provider `openai`, as `provider/id` for the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelRef {
    pub provider: String,
    pub id: String,
}

/// The provider that a bare model name belongs to.
pub const DEFAULT_PROVIDER: &str = "openai";

impl ModelRef {
    #[must_use]
    pub fn new(provider: impl Into<String>, id: impl Into<String>) -> Self {
        Self { provider: provider.into(), id: id.into() }
    }

    /// Reads `id` or `provider/id`; the first part names a provider only where `is_provider` knows it,
    /// since ids such as `openai/gpt-oss-120b` contain slashes of their own.
    #[must_use]
    pub fn parse(text: &str, is_provider: impl Fn(&str) -> bool) -> Self {
        match text.split_once('/') {
            Some((provider, id)) if !id.is_empty() && is_provider(provider) => Self::new(provider, id),
            _ => Self::new(DEFAULT_PROVIDER, text),
        }
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.provider == DEFAULT_PROVIDER {
            f.write_str(&self.id)
        } else {
            write!(f, "{}/{}", self.provider, self.id)
        }
    }
}

/// Prices in micro-dollars per million tokens, which is pico-dollars per token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    pub input: u64,
    pub output: u64,
    /// Cached input; where unknown, it costs what input costs.
    pub cached_input: Option<u64>,
    /// Writing to the cache; where unknown, it costs what input costs.
    pub cache_write: Option<u64>,
}

/// Prices that hold for the whole request once its input passes a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LongContext {
    pub above_tokens: u64,
    pub prices: Prices,
}

/// What a model takes and costs.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own that a table states")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelSpec {
    pub name: String,
    /// `None`: unknown, which is shown as unknown and never as 0.
    pub prices: Option<Prices>,
    pub long_context: Option<LongContext>,
    /// Tokens of input and output together; `None` where unknown.
    pub context_window: Option<u64>,
    pub max_output: Option<u32>,
    pub sends_temperature: bool,
    pub reasoning: bool,
    /// Whether it takes tools.
    pub tools: bool,
    /// Whether it holds an answer to a JSON schema by itself.
    pub structured_output: bool,
    pub limit_field: OutputLimitField,
}

impl ModelSpec {
    /// What is assumed of a model that no table knows.
    #[must_use]
    pub fn unknown(model: &ModelRef) -> Self {
        Self {
            name: model.id.clone(),
            prices: None,
            long_context: None,
            context_window: None,
            max_output: None,
            sends_temperature: true,
            reasoning: false,
            tools: true,
            structured_output: false,
            limit_field: OutputLimitField::MaxTokens,
        }
    }

    /// The prices of a long context, where so many tokens of input are one.
    #[must_use]
    pub fn prices_of_long(&self, input: u64) -> Option<Prices> {
        self.long_context.filter(|long| input > long.above_tokens).map(|long| long.prices)
    }

    /// The exact cost of `usage`: each part of the tokens times its own price.
    /// `None` where a price is unknown, the usage is implausible, or the sum does not fit.
    #[must_use]
    pub fn cost(&self, usage: &Usage) -> Option<PicoUsd> {
        let usage = usage.plausible()?;
        let prices = match (self.long_context, self.prices) {
            (Some(long), _) if usage.input > long.above_tokens => long.prices,
            (_, Some(prices)) => prices,
            (_, None) => return None,
        };
        let plain = usage.input - usage.cached_input - usage.cache_write;
        let parts = [
            (plain, prices.input),
            (usage.cached_input, prices.cached_input.unwrap_or(prices.input)),
            (usage.cache_write, prices.cache_write.unwrap_or(prices.input)),
            (usage.output, prices.output),
        ];
        parts
            .into_iter()
            .try_fold(0u64, |sum, (tokens, price)| sum.checked_add(tokens.checked_mul(price)?))
            .and_then(|sum| i64::try_from(sum).ok())
            .map(PicoUsd)
    }
}

#[cfg(test)]
mod tests;
