//! What `munshi config …` and `munshi models` print: plain text or JSON. Owns no output of its own; secrets
//! are shown as `sk-…abcd` at most.

mod models;

use std::fmt::Write as _;

use serde_json::{Map, Value as Json, json};

use super::schema::FIELDS;
use super::value::{Value, show_time};
use super::{Config, EXAMPLE, KeyState, System, read};

pub use models::{models, models_json, refreshed, refreshed_json};

/// `munshi config path`: the file, whether or not it is there.
#[must_use]
pub fn path(config: &Config) -> String {
    format!("{}\n", config.file.display())
}

/// `munshi config init`: writes the example, every field explained; an existing file is left as it is.
///
/// # Errors
/// Where nothing was written, in a sentence.
pub fn init(file: &std::path::Path, system: &System) -> Result<String, String> {
    let name = file.display();
    if std::fs::symlink_metadata(file).is_ok() {
        return Err(format!("{name} is there already and was not changed; move it away to begin anew"));
    }
    (system.write_private)(file, EXAMPLE.as_bytes())
        .map_err(|error| format!("{name} could not be written: {error}"))?;
    Ok(format!("{name} is written: every field with its default, each explained\n"))
}

/// `munshi config show`: each value with where it comes from; then the keys of the providers in use.
#[must_use]
pub fn show(config: &Config) -> String {
    let rows: Vec<(String, String, String)> = values(config)
        .map(|(name, value, origin)| (name, first_line(&value.to_string()), origin))
        .chain(keys(config).into_iter().map(|(provider, state)| {
            let (shown, from) = describe(&state);
            (format!("key of {provider}"), shown, from)
        }))
        .collect();
    let names = rows.iter().map(|row| row.0.chars().count()).max().unwrap_or_default();
    let shown = rows.iter().map(|row| row.1.chars().count()).max().unwrap_or_default().min(40);
    let mut out = String::new();
    for (name, value, origin) in rows {
        let _ = writeln!(out, "{name:names$}  {value:shown$}  {origin}");
    }
    for notice in &config.notices {
        let _ = writeln!(out, "\nnote: {notice}");
    }
    out
}

/// `munshi config show --json`.
#[must_use]
pub fn show_json(config: &Config) -> String {
    let values: Map<String, Json> = values(config)
        .map(|(name, value, origin)| (name, json!({ "value": to_json(value), "origin": origin })))
        .collect();
    let keys: Map<String, Json> = keys(config)
        .into_iter()
        .map(|(provider, state)| {
            let (shown, from) = describe(&state);
            (provider, json!({ "key": shown, "origin": from }))
        })
        .collect();
    pretty(&json!({
        "file": config.file.display().to_string(),
        "values": values,
        "keys": keys,
        "notices": config.notices,
    }))
}

/// All values in the table's order: name, value, origin.
fn values(config: &Config) -> impl Iterator<Item = (String, &Value, String)> {
    FIELDS.iter().flat_map(move |field| {
        let entries = config.layers().iter().filter(move |(path, _)| field.is(path));
        entries.map(|(path, entry)| (read::dotted(path), &entry.value, entry.origin.to_string()))
    })
}

/// The keys of the providers that are used or configured.
fn keys(config: &Config) -> Vec<(String, KeyState)> {
    let used: Vec<&str> =
        std::iter::once(&config.model).chain(&config.settings.fallback).map(|model| model.provider.as_str()).collect();
    let configured = config.layers().names_in("providers");
    config
        .endpoints
        .iter()
        .map(|(provider, _)| (provider, config.endpoints.key_state(provider)))
        .filter(|(provider, state)| {
            let there = !matches!(state, KeyState::Missing | KeyState::NotNeeded);
            there || used.contains(provider) || configured.iter().any(|name| name == provider)
        })
        .map(|(provider, state)| (provider.to_owned(), state))
        .collect()
}

fn describe(state: &KeyState) -> (String, String) {
    match state {
        KeyState::Present { shown, from } => (shown.clone(), from.clone()),
        KeyState::FromCommand(command) => ("not asked for yet".to_owned(), format!("api_key_command {command}")),
        KeyState::NotNeeded => ("none needed".to_owned(), String::new()),
        KeyState::Missing => ("missing".to_owned(), String::new()),
        KeyState::Unusable(why) => ("cannot be used".to_owned(), why.clone()),
    }
}

/// The first line of a text, short enough for a row.
fn first_line(text: &str) -> String {
    const MOST: usize = 60;
    let line = text.trim_matches('"').lines().next().unwrap_or_default();
    let line = if text.lines().count() > 1 && line.is_empty() { text.lines().nth(1).unwrap_or_default() } else { line };
    if text.lines().count() <= 1 && text.chars().count() <= MOST {
        return text.to_owned();
    }
    let short: String = line.chars().take(MOST - 1).collect();
    format!("{short}…")
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!(text),
        Value::List(list) => json!(list),
        Value::Number(number) => json!(number),
        Value::Whole(number) => json!(number),
        // Written as it is in the file; a number of JSON may lose its last digits.
        Value::Amount(_) => serde_json::from_str(&value.to_string()).unwrap_or_default(),
        Value::Time(time) => json!(show_time(*time)),
        Value::Switch(on) => json!(on),
        Value::Json(data) => data.clone(),
        Value::Nothing => Json::Null,
    }
}

fn pretty(json: &Json) -> String {
    format!("{json:#}\n")
}
