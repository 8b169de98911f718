//! The built-in table, and a user's rows over it.

use munshi::chat::catalogue::Catalogue;
use munshi::chat::model::{LongContext, Prices};
use munshi::chat::{ModelRef, ModelSpec, OutputLimitField, PicoUsd, Usage};
use munshi::config::catalogue::built_in;

use super::Home;

fn spec(catalogue: &Catalogue, name: &str) -> ModelSpec {
    catalogue.spec(&catalogue.parse(name))
}

#[test]
fn no_row_of_the_table_is_malformed() {
    let catalogue = built_in().unwrap();
    assert_eq!((catalogue.as_of.to_string().as_str(), catalogue.providers.len()), ("2026-07-02", 16));
    assert_eq!(catalogue.models.len(), 105, "109 rows, of which 4 are for embeddings");
    for (model, spec) in &catalogue.models {
        assert!(catalogue.providers.contains_key(&model.provider), "{model}");
        let prices = spec.prices.unwrap_or_else(|| panic!("{model} has no price"));
        assert!(prices.input < 1_000_000_000 && prices.output < 1_000_000_000, "{model}");
        assert!(prices.cached_input.unwrap_or_default() <= prices.input, "{model}");
        // Two rows have no window: the source does not know it, and no guess stands in its place.
        assert!(spec.context_window.is_some() || model.id.ends_with("gpt-oss-120b"), "{model}");
        let window = spec.context_window.unwrap_or(u64::MAX);
        assert!(window >= 1_000 && u64::from(spec.max_output.unwrap_or(1)) <= window, "{model}");
        assert!(!spec.name.trim().is_empty(), "{model}");
        if let Some(long) = spec.long_context {
            assert!(long.prices.input >= prices.input && long.above_tokens < window, "{model}");
        }
        let openai = model.provider == "openai";
        assert_eq!(spec.limit_field == OutputLimitField::MaxCompletionTokens, openai, "{model}");
        assert!(!(openai && (model.id.contains("-codex") || model.id.ends_with("-pro"))), "{model}");
    }
    for (name, provider) in &catalogue.providers {
        let url = munshi::config::base_url::read(&provider.base_url);
        assert_eq!(url.as_deref(), Ok(provider.base_url.as_str()), "{name}");
    }
}

#[test]
fn known_prices_are_exact() {
    let catalogue = built_in().unwrap();
    let prices = |name: &str| spec(&catalogue, name).prices.unwrap();
    let mini = Prices { input: 150_000, output: 600_000, cached_input: Some(75_000), cache_write: None };
    assert_eq!(prices("gpt-4o-mini"), mini);
    assert_eq!(prices("gpt-4o-mini-2024-07-18"), mini);
    assert_eq!((prices("gpt-4").input, prices("gpt-4").output), (30_000_000, 60_000_000));
    // The table's finest prices: 0.0028 and 0.003625 dollars.
    let cached: Vec<u64> = catalogue.models.values().filter_map(|spec| spec.prices?.cached_input).collect();
    assert!(cached.contains(&2_800) && cached.contains(&3_625));
    let usage = Usage { input: 1_000, output: 500, ..Usage::default() };
    assert_eq!(spec(&catalogue, "gpt-4o-mini").cost(&usage), Some(PicoUsd(450_000_000)));
}

#[test]
fn a_long_context_price_that_is_not_written_is_the_row_s_own() {
    const TEXT: &str = "\
[models.mine]
usd_per_million_input = 1.0
usd_per_million_output = 2.0
usd_per_million_cached_input = 0.1
long_context = { above_tokens = 1000, usd_per_million_input = 3.0 }
";
    let config = Home::with_config(TEXT).load();
    let prices = Prices { input: 3_000_000, output: 2_000_000, cached_input: Some(100_000), cache_write: None };
    assert_eq!(spec(&config.catalogue, "mine").long_context, Some(LongContext { above_tokens: 1_000, prices }));
    let built_in = spec(&config.catalogue, "gpt-5.4");
    let (long, usual) = (built_in.long_context.unwrap(), built_in.prices.unwrap());
    assert_eq!((long.above_tokens, long.prices.input, long.prices.output), (272_000, 5_000_000, 22_500_000));
    assert_eq!(long.prices.cache_write, usual.cache_write);
}

#[test]
fn a_user_s_row_changes_what_it_names_and_nothing_else() {
    const TEXT: &str = "\
[models.\"gpt-4o-mini\"]
usd_per_million_input = 0.123456
context_window = 1000
[models.\"groq/new-model\"]
sends_temperature = false
limit_field = \"max_completion_tokens\"
max_output = 99
reasoning = true
name = \"New\"
";
    let config = Home::with_config(TEXT).load();
    let mini = spec(&config.catalogue, "gpt-4o-mini");
    let prices = mini.prices.unwrap();
    assert_eq!((prices.input, prices.output, prices.cached_input), (123_456, 600_000, Some(75_000)));
    assert_eq!((mini.context_window, mini.max_output), (Some(1_000), Some(16_384)));
    let new = spec(&config.catalogue, "groq/new-model");
    assert_eq!((new.prices, new.sends_temperature, new.max_output), (None, false, Some(99)));
    assert_eq!((new.limit_field, new.name.as_str()), (OutputLimitField::MaxCompletionTokens, "New"));
    assert_eq!(config.settings.first_token(&ModelRef::new("groq", "new-model")).as_secs(), 300);
}

#[test]
fn whoever_writes_prices_means_all_requests_long_ones_too() {
    let config =
        Home::with_config("[models.\"gpt-5.4\"]\nusd_per_million_input = 1\nusd_per_million_output = 2\n").load();
    assert_eq!(spec(&config.catalogue, "gpt-5.4").long_context, None);
    assert!(spec(&built_in().unwrap(), "gpt-5.4").long_context.is_some());
}
