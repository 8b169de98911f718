//! `/model`

use std::fmt::Write as _;

use crate::chat::money::short_count;
use crate::chat::{Catalogue, Currency, ModelRef, PicoUsd};
use crate::session::Change;

use super::Command;

pub const COMMAND: Command = Command {
    name: "model",
    aliases: &[],
    args: "[NAME]",
    summary: "Use another model in this chat; alone, list the models with their prices.",
    run: |state, call| {
        if call.args.is_empty() {
            let list = list(&state.catalogue(), &state.preferences.settings.currency, &state.meta().model, &|name| {
                state.host_has_key(name)
            });
            state.note(list);
            return Vec::new();
        }
        let catalogue = state.catalogue();
        let model = catalogue.parse(call.args);
        let spec = catalogue.spec(&model);
        let known = catalogue.models.contains_key(&model) || spec.prices.is_some();
        let doubt = if known { "" } else { " It is not in the model table: its price is unknown." };
        state.note(format!("This chat now uses {model}.{doubt}"));
        state.change(Change::Model(model), call.at)
    },
};

/// The models by provider, those that can be asked first, as Markdown.
fn list(catalogue: &Catalogue, currency: &Currency, current: &ModelRef, has_key: &dyn Fn(&str) -> bool) -> String {
    let mut text = String::new();
    let mut providers: Vec<&String> = catalogue.providers.keys().collect();
    providers.sort_by_key(|name| (!has_key(name), *name != &current.provider, name.as_str()));
    let mut without_key = Vec::new();
    for name in providers {
        let models: Vec<_> = catalogue.models.iter().filter(|(model, _)| model.provider == *name).collect();
        if !has_key(name) {
            without_key.push(name.as_str());
            continue;
        }
        if models.is_empty() {
            continue;
        }
        let _ = write!(text, "\n| {name} | in | out | window |\n|---|--:|--:|--:|\n");
        for (model, spec) in models {
            let price = |pick: fn(&crate::chat::model::Prices) -> u64| match &spec.prices {
                Some(prices) => {
                    let per_million = i64::try_from(pick(prices).saturating_mul(1_000_000)).ok();
                    currency.show_cost(per_million.map(PicoUsd))
                }
                None => "unknown".to_owned(),
            };
            let window = spec.context_window.map_or_else(|| "?".to_owned(), short_count);
            let _ = writeln!(
                text,
                "| {model} | {} | {} | {window} |",
                price(|prices| prices.input),
                price(|prices| prices.output)
            );
        }
    }
    let head = format!("Now **{current}**.");
    let mut text = if text.is_empty() {
        format!("{head}\n")
    } else {
        format!("{head} Prices per million tokens, of {}:\n{text}", catalogue.as_of)
    };
    if !without_key.is_empty() {
        let _ = write!(text, "\nWithout a key: {}. `/key NAME` sets one.", without_key.join(", "));
    }
    text
}
