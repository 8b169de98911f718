//! The table of models and providers. Owns reading `assets/models.toml` and laying the user's own rows over
//! it; refuses rows that are half a price.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::error::Problem;
use super::layers::{Layers, Origin};
use super::value::Value;
use crate::chat::catalogue::ProviderSpec;
use crate::chat::model::{DEFAULT_PROVIDER, LongContext, Prices};
use crate::chat::{Catalogue, ModelRef, ModelSpec, OutputLimitField};

/// The built-in table; reading it costs about half a millisecond.
const BUILT_IN: &str = include_str!("../../assets/models.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    as_of: jiff::civil::Date,
    providers: BTreeMap<String, ProviderRow>,
    models: Vec<ModelRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProviderRow {
    name: String,
    base_url: String,
    api_key_env: Option<String>,
}

#[derive(Deserialize, Clone, Copy, Default)]
struct PriceRow {
    #[serde(rename = "usd_per_million_input")]
    input: Option<f64>,
    #[serde(rename = "usd_per_million_output")]
    output: Option<f64>,
    #[serde(rename = "usd_per_million_cached_input")]
    cached_input: Option<f64>,
    #[serde(rename = "usd_per_million_cache_write")]
    cache_write: Option<f64>,
}

#[derive(Deserialize)]
struct LongContextRow {
    above_tokens: u64,
    #[serde(flatten)]
    prices: PriceRow,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RowKind {
    Embedding,
}

#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own that a table states")]
#[derive(Deserialize)]
struct ModelRow {
    provider: String,
    id: String,
    name: String,
    kind: Option<RowKind>,
    usd_per_million_input: Option<f64>,
    usd_per_million_output: Option<f64>,
    usd_per_million_cached_input: Option<f64>,
    usd_per_million_cache_write: Option<f64>,
    long_context: Option<LongContextRow>,
    context_window: Option<u64>,
    max_output: Option<u32>,
    #[serde(default)]
    reasoning: bool,
    #[serde(default = "yes")]
    sends_temperature: bool,
    #[serde(default)]
    tools: bool,
    #[serde(default)]
    structured_output: bool,
    limit_field: Option<String>,
}

const fn yes() -> bool {
    true
}

/// The built-in table as a catalogue.
///
/// # Errors
/// Where the table is malformed, which a test excludes.
pub fn built_in() -> Result<Catalogue, String> {
    let table: Table = toml::from_str(BUILT_IN).map_err(|error| format!("the built-in model table: {error}"))?;
    let providers = table.providers.into_iter().map(|(id, row)| {
        let spec = ProviderSpec { name: row.name, base_url: row.base_url, api_key_env: row.api_key_env };
        (id, spec)
    });
    let (embeddings, chat): (Vec<ModelRow>, Vec<ModelRow>) =
        table.models.into_iter().partition(|row| matches!(row.kind, Some(RowKind::Embedding)));
    let rows = |rows: Vec<ModelRow>| {
        rows.into_iter().map(|row| (ModelRef::new(row.provider.clone(), row.id.clone()), spec(row))).collect()
    };
    Ok(Catalogue {
        as_of: table.as_of,
        refreshed: BTreeMap::new(),
        providers: providers.collect(),
        models: rows(chat),
        embeddings: rows(embeddings.into_iter().map(without_output).collect()),
    })
}

/// An embedding model puts nothing out, and that is free.
fn without_output(row: ModelRow) -> ModelRow {
    ModelRow { usd_per_million_output: Some(0.0), ..row }
}

fn spec(row: ModelRow) -> ModelSpec {
    let own = PriceRow {
        input: row.usd_per_million_input,
        output: row.usd_per_million_output,
        cached_input: row.usd_per_million_cached_input,
        cache_write: row.usd_per_million_cache_write,
    };
    let long = row.long_context.and_then(|long| {
        let prices = prices(over(long.prices, own))?;
        Some(LongContext { above_tokens: long.above_tokens, prices })
    });
    let limit_field = match row.limit_field {
        Some(written) => limit_field(&written),
        None if row.provider == DEFAULT_PROVIDER => OutputLimitField::MaxCompletionTokens,
        None => OutputLimitField::MaxTokens,
    };
    ModelSpec {
        name: row.name,
        prices: prices(own),
        long_context: long,
        context_window: row.context_window,
        max_output: row.max_output,
        sends_temperature: row.sends_temperature,
        reasoning: row.reasoning,
        tools: row.tools,
        structured_output: row.structured_output,
        limit_field,
    }
}

fn limit_field(written: &str) -> OutputLimitField {
    if written == OutputLimitField::MaxTokens.as_str() {
        OutputLimitField::MaxTokens
    } else {
        OutputLimitField::MaxCompletionTokens
    }
}

/// `first`, and what it leaves open from `second`.
fn over(first: PriceRow, second: PriceRow) -> PriceRow {
    PriceRow {
        input: first.input.or(second.input),
        output: first.output.or(second.output),
        cached_input: first.cached_input.or(second.cached_input),
        cache_write: first.cache_write.or(second.cache_write),
    }
}

fn prices(row: PriceRow) -> Option<Prices> {
    Some(Prices {
        input: micro(row.input?),
        output: micro(row.output?),
        cached_input: row.cached_input.map(micro),
        cache_write: row.cache_write.map(micro),
    })
}

/// Millionths, rounded as the written decimal would be: below 100,000 the nearest double differs from the
/// decimal by less than 2⁻³⁶, so that after × 10⁶ the error is far below the half that rounding looks at.
pub(super) fn micro(number: f64) -> u64 {
    (number * 1_000_000.0).round() as u64
}

/// Lays the user's `[models."…"]` over the catalogue.
pub(super) fn lay_models(catalogue: &mut Catalogue, layers: &Layers, problems: &mut Vec<Problem>) {
    for name in layers.names_in("models") {
        let rows = UserRow { layers, name: &name };
        let model = catalogue.parse(&name);
        let mut spec = catalogue.spec(&model);
        rows.lay_prices(&mut spec, problems);
        if let Some(Value::Text(name)) = rows.get("name") {
            spec.name.clone_from(name);
        }
        if let Some(Value::Whole(tokens)) = rows.get("context_window") {
            spec.context_window = Some(*tokens);
        }
        if let Some(Value::Whole(tokens)) = rows.get("max_output") {
            spec.max_output = u32::try_from(*tokens).ok();
        }
        if let Some(Value::Switch(on)) = rows.get("reasoning") {
            spec.reasoning = *on;
        }
        if let Some(Value::Switch(on)) = rows.get("sends_temperature") {
            spec.sends_temperature = *on;
        }
        if let Some(Value::Switch(on)) = rows.get("tools") {
            spec.tools = *on;
        }
        if let Some(Value::Switch(on)) = rows.get("structured_output") {
            spec.structured_output = *on;
        }
        if let Some(Value::Text(field)) = rows.get("limit_field") {
            spec.limit_field = limit_field(field);
        }
        catalogue.models.insert(model, spec);
    }
}

struct UserRow<'a> {
    layers: &'a Layers,
    name: &'a str,
}

impl UserRow<'_> {
    fn get(&self, field: &str) -> Option<&Value> {
        self.layers.at(&["models", self.name, field]).map(|entry| &entry.value)
    }

    /// The prices written in this row, or in its `long_context`; with the first one's place.
    fn prices(&self, table: &[&str]) -> (PriceRow, Option<Origin>) {
        let mut first = None;
        let mut price = |field: &str| {
            let path: Vec<&str> =
                ["models", self.name].into_iter().chain(table.iter().copied()).chain([field]).collect();
            let entry = self.layers.at(&path)?;
            first.get_or_insert_with(|| entry.origin.clone());
            if let Value::Number(number) = entry.value { Some(number) } else { None }
        };
        let row = PriceRow {
            input: price("usd_per_million_input"),
            output: price("usd_per_million_output"),
            cached_input: price("usd_per_million_cached_input"),
            cache_write: price("usd_per_million_cache_write"),
        };
        (row, first)
    }

    /// Own prices over the table's. Whoever writes prices means all requests: the table's long-context tier
    /// goes, unless one is written too.
    fn lay_prices(&self, spec: &mut ModelSpec, problems: &mut Vec<Problem>) {
        let (own, place) = self.prices(&[]);
        let base = over(own, spec.prices.map_or_else(PriceRow::default, written));
        if let Some(place) = place {
            spec.long_context = None;
            spec.prices = prices(base);
            if spec.prices.is_none() {
                let says = format!(
                    "models.{:?}: a price needs both usd_per_million_input and usd_per_million_output",
                    self.name
                );
                problems.push(Problem::new(&place, says));
            }
        }
        let (long, place) = self.prices(&["long_context"]);
        let above = self.layers.at(&["models", self.name, "long_context", "above_tokens"]);
        match (above.map(|entry| &entry.value), prices(over(long, base))) {
            (Some(Value::Whole(above)), Some(prices)) => {
                spec.long_context = Some(LongContext { above_tokens: *above, prices });
            }
            (None, _) if place.is_none() => {}
            _ => {
                let place = place.or_else(|| above.map(|entry| entry.origin.clone())).unwrap_or(Origin::Default);
                let says = format!("models.{:?}.long_context: needs above_tokens, and prices", self.name);
                problems.push(Problem::new(&place, says));
            }
        }
    }
}

/// Prices as they would be written.
fn written(prices: Prices) -> PriceRow {
    let usd = |micro: u64| micro as f64 / 1_000_000.0;
    PriceRow {
        input: Some(usd(prices.input)),
        output: Some(usd(prices.output)),
        cached_input: prices.cached_input.map(usd),
        cache_write: prices.cache_write.map(usd),
    }
}
