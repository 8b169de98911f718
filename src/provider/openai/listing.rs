//! Asks a provider which models it has, and for what prices. Owns the reading of lists of any shape; refuses floats
//! between a price as it is written and an integer.

use std::time::Duration;

use serde_json::Value;

use super::endpoint::Target;
use super::{OpenAiProvider, refusal, transport};
use crate::chat::decimal;
use crate::chat::listing::ListedModel;
use crate::chat::model::Prices;
use crate::chat::{Failure, FailureKind};

/// The most bytes of a list of models that are read.
const LIST_BYTES: usize = 16 << 20;

/// Dollars per token, times this power of ten, are micro-dollars per million tokens.
const PER_TOKEN: u32 = 12;

/// No model has a longer name, in bytes.
const LONGEST_ID: usize = 256;

/// No model costs more: a hundred thousand dollars for a million tokens.
const HIGHEST_PRICE: u128 = 100_000_000_000;

impl OpenAiProvider {
    /// The models that `provider` lists (`GET {base_url}/models`, with its key), within `limit`. A provider says what
    /// it likes of them: OpenRouter prices and limits, most no more than names.
    pub async fn list_models(&self, provider: &str, limit: Duration) -> Result<Vec<ListedModel>, Failure> {
        let endpoint = self.endpoints().get(provider).ok_or_else(|| {
            Failure::new(FailureKind::NotFound, format!("No endpoint is configured for `{provider}`."))
        })?;
        let target = Target::check(provider, &endpoint)?;
        let fetched = self.fetch_list(&target, limit).await;
        let listed = fetched.and_then(|body| {
            let value = serde_json::from_slice::<Value>(&body).ok();
            value
                .as_ref()
                .and_then(entries)
                .map(|rows| rows.iter().filter_map(model).collect())
                .ok_or_else(|| no_list(&target))
        });
        listed.map_err(|failure| refusal::tidy(failure, target.key.as_ref()))
    }

    /// The body of a list of models, whole and in time.
    pub(super) async fn fetch_list(&self, target: &Target, limit: Duration) -> Result<Vec<u8>, Failure> {
        let too_late = |_| {
            let words = format!("{} did not answer within {} s.", target.host(), limit.as_secs());
            Failure::new(FailureKind::Timeout, words)
        };
        tokio::time::timeout(limit, self.fetch(target, limit)).await.map_err(too_late)?
    }

    async fn fetch(&self, target: &Target, limit: Duration) -> Result<Vec<u8>, Failure> {
        let client = self.0.clients.get(target.route).await?;
        let sent = client.get(target.url("/models")).headers(target.headers.clone()).send().await;
        let mut response = sent.map_err(|error| transport::unanswered(&error, target.host(), limit))?;
        let mut body = Vec::new();
        while let Some(bytes) = response.chunk().await.map_err(|error| transport::cut(&error))? {
            if body.len() + bytes.len() > LIST_BYTES {
                return Err(Failure::new(FailureKind::TooLarge, "The list of models is too long."));
            }
            body.extend_from_slice(&bytes);
        }
        if !response.status().is_success() {
            return Err(refusal::of_status(response.status(), response.headers(), &body, target.host()));
        }
        Ok(body)
    }
}

/// The failure of an answer that is no list.
pub(super) fn no_list(target: &Target) -> Failure {
    let words = format!("{} answered, but not with a list of models: check the address.", target.host());
    Failure::new(FailureKind::InvalidData, words)
}

/// The rows: of `data`, of `models`, or the answer itself.
fn entries(value: &Value) -> Option<&Vec<Value>> {
    ["data", "models"].into_iter().find_map(|name| value.get(name)?.as_array()).or_else(|| value.as_array())
}

fn model(row: &Value) -> Option<ListedModel> {
    let word = |name: &str| row.get(name).and_then(Value::as_str).map(str::trim).filter(|word| !word.is_empty());
    let id =
        word("id").or_else(|| word("name")).filter(|id| id.len() <= LONGEST_ID && !id.chars().any(char::is_control))?;
    // Google's own prefix, which its chat completions take either way.
    let id = id.strip_prefix("models/").unwrap_or(id);
    if no_text_comes_out(row) {
        return None;
    }
    let count = |paths: &[&str]| {
        paths.iter().find_map(|path| row.pointer(path)?.as_u64()).filter(|count| (1..=1_000_000_000).contains(count))
    };
    let takes = |name: &str| {
        let takes = row.get("supported_parameters")?.as_array()?;
        Some(takes.iter().any(|parameter| parameter == name))
    };
    let window = ["/context_length", "/context_window", "/max_context_length", "/max_model_len"];
    let output = ["/top_provider/max_completion_tokens", "/max_completion_tokens", "/max_output_tokens"];
    Some(ListedModel {
        id: id.to_owned(),
        name: word("name").or_else(|| word("display_name")).map(str::to_owned),
        prices: row.get("pricing").and_then(prices),
        context_window: count(&window),
        max_output: count(&output).and_then(|tokens| u32::try_from(tokens).ok()),
        sends_temperature: takes("temperature"),
        reasoning: takes("reasoning"),
    })
}

/// Whether a row says of itself that it makes pictures or vectors alone.
fn no_text_comes_out(row: &Value) -> bool {
    let made = row.pointer("/architecture/output_modalities").and_then(Value::as_array);
    made.is_some_and(|made| !made.is_empty() && !made.iter().any(|kind| kind == "text"))
}

/// OpenRouter's prices: dollars per token, as text. A price that depends is -1 there, and not known here.
fn prices(pricing: &Value) -> Option<Prices> {
    let price = |name: &str| {
        let written = match pricing.get(name)? {
            Value::String(text) => text.clone(),
            // As it was written, up to seventeen digits.
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        decimal::scaled(&written, PER_TOKEN).filter(|price| *price <= HIGHEST_PRICE).map(|price| price as u64)
    };
    // Where there is no such price, some rows say 0: then it costs what input costs, which is never too little.
    let cache = |name: &str| price(name).filter(|price| *price > 0);
    Some(Prices {
        input: price("prompt")?,
        output: price("completion")?,
        cached_input: cache("input_cache_read"),
        cache_write: cache("input_cache_write"),
    })
}
