//! From the values that hold to [`Settings`], what every turn is run with. Owns no default; refuses to judge what
//! was written, which is done by then.

use std::collections::BTreeMap;
use std::time::Duration;

use super::layers::Layers;
use super::value::Value;
use super::{base_url, catalogue};
use crate::chat::context::Strategy;
use crate::chat::money::Grouping;
use crate::chat::settings::{RetrievalSettings, SummarySettings, ToolSettings};
use crate::chat::tooling::Tooling;
use crate::chat::{Budgets, Catalogue, Currency, History, ModelRef, Rate, RetryPolicy, Settings, Timeouts};

/// Models that reason, and servers on this machine that load a model first, get at least so long to their
/// first token.
const SLOW_FIRST_TOKEN: Duration = Duration::from_mins(5);

pub(super) fn settings(layers: &Layers, catalogue: &Catalogue, tooling: &Tooling) -> Settings {
    let first_token = layers.time("timeouts.first_token");
    let slow = first_token.max(SLOW_FIRST_TOKEN);
    let local = catalogue.providers.iter().filter(|(_, spec)| base_url::is_loopback(&spec.base_url));
    Settings {
        fallback: layers.list("fallback").iter().map(|name| catalogue.parse(name)).collect(),
        fallback_after: layers.time("fallback_after"),
        timeouts: Timeouts {
            first_token,
            silence: layers.time("timeouts.silence"),
            turn: layers.time("timeouts.turn"),
        },
        first_token_by_model: first_token_by_model(layers, catalogue, slow),
        first_token_by_provider: local.map(|(name, _)| (name.clone(), slow)).collect(),
        retry: RetryPolicy {
            attempts: number(layers, "retry.attempts").unwrap_or(1),
            longest_backoff: layers.time("retry.longest_backoff"),
            longest_asked: layers.time("retry.longest_asked"),
        },
        currency: currency(layers),
        max_context_tokens: layers.whole("limits.max_context_tokens").unwrap_or_default(),
        history: History {
            strategy: Strategy::parse(&layers.text("history.strategy")).unwrap_or_default(),
            max_messages: number(layers, "history.max_messages"),
            max_tokens: None,
            everywhere: layers.switch("history.retrieve_everywhere"),
        },
        summaries: SummarySettings {
            above_percent: layers.whole("history.summarise_above").map_or(100, |percent| percent.min(100) as u8),
            max_tokens: number(layers, "history.summary_tokens").unwrap_or_default(),
        },
        retrieval: retrieval(layers, catalogue),
        budgets: Budgets {
            message: layers.amount("budget.message"),
            conversation: layers.amount("budget.conversation"),
            day: layers.amount("budget.day"),
            month: layers.amount("budget.month"),
        },
        tools: ToolSettings {
            on_by_default: tooling.is_any_on(),
            most_calls: number(layers, "tools.max_calls").unwrap_or_default(),
            ..ToolSettings::default()
        },
    }
}

fn number(layers: &Layers, path: &str) -> Option<u32> {
    layers.whole(path).and_then(|count| u32::try_from(count).ok())
}

fn first_token_by_model(layers: &Layers, catalogue: &Catalogue, slow: Duration) -> BTreeMap<ModelRef, Duration> {
    let reasoning = catalogue.models.iter().filter(|(_, spec)| spec.reasoning).map(|(model, _)| (model.clone(), slow));
    let mut by_model: BTreeMap<ModelRef, Duration> = reasoning.collect();
    for name in layers.names_in("models") {
        if let Some(Value::Time(time)) = layers.at(&["models", &name, "first_token"]).map(|entry| &entry.value) {
            by_model.insert(catalogue.parse(&name), *time);
        }
    }
    by_model
}

fn currency(layers: &Layers) -> Currency {
    Currency {
        code: layers.text("currency.code"),
        symbol: layers.text("currency.symbol"),
        digits: number(layers, "currency.digits").unwrap_or_default(),
        grouping: if layers.text("currency.grouping") == "indian" { Grouping::Indian } else { Grouping::Thousands },
        rate: Rate(layers.number("currency.rate").map(catalogue::micro).unwrap_or_default()),
    }
}

/// A bare id is asked of the chat's own provider, whichever that is; one with a provider's name of that one alone.
fn retrieval(layers: &Layers, catalogue: &Catalogue) -> RetrievalSettings {
    let written = layers.text("history.embedding_model");
    let named = written.split_once('/').filter(|(name, id)| !id.is_empty() && catalogue.providers.contains_key(*name));
    let (provider, model) = match named {
        Some((provider, id)) => (Some(provider.to_owned()), id.to_owned()),
        None => (None, written),
    };
    RetrievalSettings {
        provider,
        model,
        dims: number(layers, "history.embedding_dimensions").unwrap_or_default(),
        most: number(layers, "history.retrieve_messages").unwrap_or_default(),
    }
}
