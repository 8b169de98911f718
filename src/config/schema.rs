//! The table of all settings: name, what each takes, its default. Reading, nearest-name hints, `config show`
//! and the test of config.example.toml all come from it.

use std::time::Duration;

use super::value::{Kind, Value};
use crate::chat::words;

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name with its tables, parted by dots; `*` stands for a name that the user chooses.
    pub path: &'static str,
    pub kind: Kind,
    pub default: Preset,
}

/// A default that can stand in a table.
#[derive(Debug, Clone, Copy)]
pub enum Preset {
    /// Not set unless the user sets it.
    Unset,
    Text(&'static str),
    EmptyList,
    Number(f64),
    Whole(u64),
    Seconds(u64),
    Switch(bool),
}

impl Preset {
    /// The default as a value; `None` for a setting that is not set.
    #[must_use]
    pub fn value(self) -> Option<Value> {
        Some(match self {
            Self::Unset => return None,
            Self::Text(text) => Value::Text(text.to_owned()),
            Self::EmptyList => Value::List(Vec::new()),
            Self::Number(number) => Value::Number(number),
            Self::Whole(number) => Value::Whole(number),
            Self::Seconds(seconds) => Value::Time(Duration::from_secs(seconds)),
            Self::Switch(on) => Value::Switch(on),
        })
    }
}

const fn field(path: &'static str, kind: Kind, default: Preset) -> Field {
    Field { path, kind, default }
}

/// What is spoken to a model that no system prompt was written for.
pub const SYSTEM_PROMPT: &str = include_str!("../../assets/prompts/system.txt");

/// Dollars per million tokens: no price is near the upper end.
const PRICE: Kind = Kind::Number { least: 0.0, most: 100_000.0 };
const TOKENS: Kind = Kind::Whole { least: 1, most: 1_000_000_000 };
/// The names of the two fields that can carry an output limit.
pub const LIMIT_FIELDS: &[&str] = &["max_tokens", "max_completion_tokens"];
/// The words for what a chat sends of its history, one of them in either English spelling.
const STRATEGIES: &[&str] = &["full", "truncate", "summarise", "summarize", "retrieve"];

/// All settings, in the order they are shown in.
pub const FIELDS: &[Field] = &[
    field("model", Kind::Name, Preset::Text("gpt-4o-mini")),
    field("fallback", Kind::List, Preset::EmptyList),
    field("fallback_after", Kind::Time, Preset::Seconds(10)),
    field("system", Kind::Text, Preset::Text(SYSTEM_PROMPT)),
    field("system_file", Kind::Name, Preset::Unset),
    field("temperature", Kind::NumberOrNone { least: 0.0, most: 2.0 }, Preset::Number(0.7)),
    field("max_tokens", Kind::WholeOrNone { least: 1, most: 10_000_000 }, Preset::Whole(4_096)),
    field("log_level", Kind::Name, Preset::Text("info")),
    field("timeouts.connect", Kind::Time, Preset::Seconds(10)),
    field("timeouts.first_token", Kind::Time, Preset::Seconds(60)),
    field("timeouts.silence", Kind::Time, Preset::Seconds(120)),
    field("timeouts.turn", Kind::Time, Preset::Seconds(15 * 60)),
    field("retry.attempts", Kind::Whole { least: 1, most: 20 }, Preset::Whole(5)),
    field("retry.longest_backoff", Kind::Time, Preset::Seconds(60)),
    field("retry.longest_asked", Kind::Time, Preset::Seconds(120)),
    field("limits.max_input_chars", Kind::Whole { least: 1, most: 10_000_000 }, Preset::Whole(100_000)),
    field("limits.paste_attachment_chars", Kind::Whole { least: 1, most: 10_000_000 }, Preset::Whole(20_000)),
    field("limits.max_context_tokens", Kind::Whole { least: 256, most: 100_000_000 }, Preset::Whole(32_000)),
    field("history.strategy", Kind::OneOf(STRATEGIES), Preset::Text("truncate")),
    field("history.max_messages", Kind::WholeOrNone { least: 1, most: 1_000_000 }, Preset::Unset),
    field("history.summarise_above", Kind::Whole { least: 20, most: 95 }, Preset::Whole(70)),
    field("history.summary_tokens", Kind::Whole { least: 64, most: 100_000 }, Preset::Whole(1_024)),
    field("history.embedding_model", Kind::Name, Preset::Text("text-embedding-3-small")),
    field("history.embedding_dimensions", Kind::Whole { least: 8, most: 4_096 }, Preset::Whole(256)),
    field("history.retrieve_messages", Kind::Whole { least: 1, most: 1_000 }, Preset::Whole(8)),
    field("history.retrieve_everywhere", Kind::Switch, Preset::Switch(false)),
    field("budget.message", Kind::AmountOrNone, Preset::Unset),
    field("budget.conversation", Kind::AmountOrNone, Preset::Unset),
    field("budget.day", Kind::AmountOrNone, Preset::Unset),
    field("budget.month", Kind::AmountOrNone, Preset::Unset),
    field("currency.code", Kind::Name, Preset::Text("INR")),
    field("currency.symbol", Kind::Name, Preset::Text("₹")),
    field("currency.rate", Kind::Number { least: 0.000_001, most: 1_000_000_000.0 }, Preset::Number(85.0)),
    field("currency.digits", Kind::Whole { least: 0, most: 6 }, Preset::Whole(2)),
    field("currency.grouping", Kind::OneOf(&["indian", "thousands"]), Preset::Text("indian")),
    field("ui.theme", Kind::Name, Preset::Text("terminal")),
    field("ui.mouse", Kind::Switch, Preset::Switch(true)),
    field("keys.*", Kind::List, Preset::Unset),
    field("tools.on", Kind::List, Preset::EmptyList),
    field("tools.allow", Kind::List, Preset::EmptyList),
    field("tools.deny", Kind::List, Preset::EmptyList),
    field("tools.roots", Kind::List, Preset::EmptyList),
    field("tools.max_calls", Kind::Whole { least: 1, most: 1_000 }, Preset::Whole(25)),
    field("tools.*.description", Kind::Text, Preset::Unset),
    field("tools.*.parameters", Kind::Json, Preset::Unset),
    field("tools.*.command", Kind::Words, Preset::Unset),
    field("tools.*.timeout", Kind::Time, Preset::Unset),
    field("tools.*.env", Kind::List, Preset::Unset),
    field("tools.*.reads", Kind::List, Preset::Unset),
    field("tools.*.writes", Kind::List, Preset::Unset),
    field("tools.*.network", Kind::Switch, Preset::Unset),
    field("mcp.*.command", Kind::Words, Preset::Unset),
    field("mcp.*.env", Kind::List, Preset::Unset),
    field("mcp.*.url", Kind::Name, Preset::Unset),
    field("mcp.*.token_env", Kind::Name, Preset::Unset),
    field("mcp.*.timeout", Kind::Time, Preset::Unset),
    field("mcp.*.on", Kind::Switch, Preset::Unset),
    field("providers.*.name", Kind::Name, Preset::Unset),
    field("providers.*.base_url", Kind::Name, Preset::Unset),
    field("providers.*.api_key_env", Kind::Name, Preset::Unset),
    field("providers.*.api_key_command", Kind::List, Preset::Unset),
    field("models.*.name", Kind::Name, Preset::Unset),
    field("models.*.usd_per_million_input", PRICE, Preset::Unset),
    field("models.*.usd_per_million_output", PRICE, Preset::Unset),
    field("models.*.usd_per_million_cached_input", PRICE, Preset::Unset),
    field("models.*.usd_per_million_cache_write", PRICE, Preset::Unset),
    field("models.*.long_context.above_tokens", TOKENS, Preset::Unset),
    field("models.*.long_context.usd_per_million_input", PRICE, Preset::Unset),
    field("models.*.long_context.usd_per_million_output", PRICE, Preset::Unset),
    field("models.*.long_context.usd_per_million_cached_input", PRICE, Preset::Unset),
    field("models.*.long_context.usd_per_million_cache_write", PRICE, Preset::Unset),
    field("models.*.context_window", TOKENS, Preset::Unset),
    field("models.*.max_output", Kind::Whole { least: 1, most: 100_000_000 }, Preset::Unset),
    field("models.*.reasoning", Kind::Switch, Preset::Unset),
    field("models.*.sends_temperature", Kind::Switch, Preset::Unset),
    field("models.*.tools", Kind::Switch, Preset::Unset),
    field("models.*.structured_output", Kind::Switch, Preset::Unset),
    field("models.*.limit_field", Kind::OneOf(LIMIT_FIELDS), Preset::Unset),
    field("models.*.first_token", Kind::Time, Preset::Unset),
];

impl Field {
    /// Whether `path` is this setting, or this setting lies below it.
    fn holds(&self, path: &[String]) -> bool {
        let mut own = self.path.split('.');
        path.iter().all(|part| own.next().is_some_and(|own| own == "*" || own == part))
    }

    fn depth(&self) -> usize {
        self.path.split('.').count()
    }

    /// Whether `path` is exactly this setting.
    #[must_use]
    pub fn is(&self, path: &[String]) -> bool {
        self.depth() == path.len() && self.holds(path)
    }
}

/// What a name in the file stands for.
pub enum Place {
    Setting(&'static Field),
    Table,
    /// Not known; with the names that are, at that place.
    Unknown(Vec<&'static str>),
}

/// Looks a path up in the table.
#[must_use]
pub fn place(path: &[String]) -> Place {
    if let Some(field) = FIELDS.iter().find(|field| field.is(path)) {
        return Place::Setting(field);
    }
    if FIELDS.iter().any(|field| field.holds(path)) {
        return Place::Table;
    }
    let Some((_, parent)) = path.split_last() else { return Place::Table };
    let mut known: Vec<&'static str> = Vec::new();
    for field in FIELDS.iter().filter(|field| field.holds(parent)) {
        let next = field.path.split('.').nth(parent.len()).unwrap_or_default();
        if !known.contains(&next) && next != "*" {
            known.push(next);
        }
    }
    Place::Unknown(known)
}

/// The known name that `written` was most likely meant to be, whichever case and dashes it has.
#[must_use]
pub fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written = written.to_lowercase().replace('-', "_");
    words::nearest(&written, known.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_a_foreign_word_none() {
        let known = ["model", "fallback", "max_tokens", "temperature"];
        assert_eq!(nearest("modle", &known), Some("model"));
        assert_eq!(nearest("max-tokens", &known), Some("max_tokens"));
        assert_eq!(nearest("Temprature", &known), Some("temperature"));
        assert_eq!(nearest("favourite_colour", &known), None);
        assert_eq!(nearest("मॉडल", &known), None);
    }

    #[test]
    fn every_default_is_a_value_that_its_own_kind_takes() {
        for field in FIELDS {
            let Some(value) = field.default.value() else { continue };
            let text = format!("it = {value}");
            let table = toml::de::DeTable::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", field.path));
            let read = table.get_ref().get("it").and_then(|it| field.kind.read_toml(it.get_ref()));
            assert_eq!(read, Some(value), "{}", field.path);
        }
    }

    #[test]
    fn every_setting_has_one_row() {
        for (at, field) in FIELDS.iter().enumerate() {
            assert!(!FIELDS[at + 1..].iter().any(|other| other.path == field.path), "{}", field.path);
        }
    }
}
