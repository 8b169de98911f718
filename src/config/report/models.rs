//! What `munshi models` prints: the table of models with their prices, and what a refresh of it has brought.

use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::{Value as Json, json};

use super::super::Config;
use super::super::refreshed::Refreshed;
use super::pretty;
use crate::chat::catalogue::staleness_note;
use crate::chat::model::Prices;
use crate::chat::money::short_count;
use crate::chat::{Currency, ModelRef, ModelSpec, PicoUsd};

/// New models that are named one by one; a first refresh brings hundreds.
const MOST_NEW: usize = 20;

/// `munshi models`: every known chat model with its prices for a million tokens, in the user's currency.
#[must_use]
pub fn models(config: &Config, today: Date) -> String {
    let currency = &config.settings.currency;
    let mut rows = vec![["model", "input", "cached", "output", "context", "reply"].map(str::to_owned)];
    for (model, spec) in listed(config) {
        let prices = spec.prices;
        let price = |micro: Option<u64>| shown_price(currency, micro);
        let count = |tokens: Option<u64>| tokens.map_or_else(|| "unknown".to_owned(), short_count);
        rows.push([
            model.to_string(),
            price(prices.map(|prices| prices.input)),
            price(prices.map(|prices| prices.cached_input.unwrap_or(prices.input))),
            price(prices.map(|prices| prices.output)),
            count(spec.context_window),
            count(spec.max_output.map(u64::from)),
        ]);
    }
    let mut out = table(&rows);
    let catalogue = &config.catalogue;
    let of: Vec<String> = catalogue.refreshed.iter().map(|(name, date)| format!(", {name}'s of {date}")).collect();
    let _ = writeln!(
        out,
        "\n{} for a million tokens at {} to the dollar; list prices of {}{}. Your own: [models.\"NAME\"] in {}",
        currency.code,
        currency.show_cost(Some(PicoUsd(1_000_000_000_000))),
        catalogue.as_of,
        of.concat(),
        config.file.display(),
    );
    if let Some(note) = staleness_note(catalogue.priced_on(&config.model.provider), today) {
        let _ = writeln!(out, "{note}");
    }
    out
}

/// Columns as wide as their widest cell; all but the first to the right.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = String::new();
    for row in rows {
        let _ = write!(out, "{:<width$}", row[0], width = widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            let _ = write!(out, "  {cell:>width$}");
        }
        out.push('\n');
    }
    out
}

/// `munshi models --json`: prices in micro-dollars for a million tokens, and as they are shown.
#[must_use]
pub fn models_json(config: &Config) -> String {
    let currency = &config.settings.currency;
    let rows: Vec<Json> = listed(config)
        .map(|(model, spec)| {
            let prices = spec.prices;
            json!({
                "model": model.to_string(),
                "provider": model.provider,
                "id": model.id,
                "name": spec.name,
                "micro_usd_per_million": prices,
                "long_context": spec.long_context,
                "shown_input": shown_price(currency, prices.map(|prices| prices.input)),
                "shown_output": shown_price(currency, prices.map(|prices| prices.output)),
                "context_window": spec.context_window,
                "max_output": spec.max_output,
                "reasoning": spec.reasoning,
                "sends_temperature": spec.sends_temperature,
                "limit_field": spec.limit_field.as_str(),
                "prices_of": config.catalogue.priced_on(&model.provider).to_string(),
            })
        })
        .collect();
    let as_of = config.catalogue.as_of.to_string();
    pretty(&json!({ "as_of": as_of, "currency": currency.code, "models": rows }))
}

/// All models, those of the default provider first.
fn listed(config: &Config) -> impl Iterator<Item = (&ModelRef, &ModelSpec)> {
    let models = &config.catalogue.models;
    let first = |provider: &str| provider == config.model.provider;
    let (mine, others) = (models.iter(), models.iter());
    mine.filter(move |(model, _)| first(&model.provider))
        .chain(others.filter(move |(model, _)| !first(&model.provider)))
}

/// A price for a million tokens. Micro-dollars for a million times a million tokens are pico-dollars.
fn shown_price(currency: &Currency, micro: Option<u64>) -> String {
    let pico = micro.and_then(|micro| i64::try_from(micro).ok()?.checked_mul(1_000_000));
    currency.show_cost(pico.map(PicoUsd))
}

/// `munshi models --refresh`: what one provider's list has brought.
#[must_use]
pub fn refreshed(config: &Config, brought: &Refreshed) -> String {
    let currency = &config.settings.currency;
    let price = |prices: Option<Prices>| match prices {
        Some(prices) => {
            let shown = |micro| shown_price(currency, Some(micro));
            format!("{} in, {} out", shown(prices.input), shown(prices.output))
        }
        None => "price unknown".to_owned(),
    };
    let priced = match brought.priced {
        0 => "none with a price".to_owned(),
        count => format!("{count} with prices of {}", brought.as_of),
    };
    let listed = if brought.listed == 1 { "1 model".to_owned() } else { format!("{} models", brought.listed) };
    let mut out = format!("{}: {listed}, {priced}\n", brought.provider);
    let changed = brought.changed.iter().map(|change| {
        let (before, after) = (price(change.before), price(change.after));
        ["changed".to_owned(), change.model.to_string(), format!("{before}  →  {after}")]
    });
    let new = brought.new.iter().take(MOST_NEW);
    let new = new.map(|(model, prices)| ["new".to_owned(), model.to_string(), price(*prices)]);
    for [what, model, price] in changed.chain(new) {
        let _ = writeln!(out, "  {what:<7}  {model}  {price}");
    }
    if brought.new.len() > MOST_NEW {
        let _ =
            writeln!(out, "  and {} more that are new; `munshi models` lists them all", brought.new.len() - MOST_NEW);
    }
    if brought.new.is_empty() && brought.changed.is_empty() {
        out.push_str("  nothing is new or changed\n");
    }
    out
}

/// The same as JSON.
#[must_use]
pub fn refreshed_json(brought: &Refreshed) -> Json {
    let new: Vec<Json> = brought
        .new
        .iter()
        .map(|(model, prices)| json!({ "model": model.to_string(), "micro_usd_per_million": prices }))
        .collect();
    let changed: Vec<Json> = brought
        .changed
        .iter()
        .map(|change| {
            json!({
                "model": change.model.to_string(),
                "before_micro_usd_per_million": change.before,
                "micro_usd_per_million": change.after,
            })
        })
        .collect();
    json!({
        "provider": brought.provider,
        "as_of": brought.as_of.to_string(),
        "models": brought.listed,
        "priced": brought.priced,
        "new": new,
        "changed": changed,
    })
}
