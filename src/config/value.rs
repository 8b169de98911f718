//! The values a setting can have, and what each kind of setting takes. Owns reading them from TOML and from
//! plain text alike, so that a file and an environment variable are refused with the same words.

use std::fmt::{self, Write as _};
use std::time::Duration;

use toml::de::DeValue;

use super::json;
use crate::chat::budget::LARGEST_MICRO;
use crate::chat::decimal;

/// A setting's value, whatever it was written in.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    List(Vec<String>),
    Number(f64),
    Whole(u64),
    /// Money, in millionths of the currency's unit.
    Amount(u64),
    Time(Duration),
    Switch(bool),
    /// Data of any shape, such as a schema.
    Json(serde_json::Value),
    /// Written `"none"`: the setting is left to the other side.
    Nothing,
}

/// What a setting takes. Ranges include both ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// Text with something in it, on one line.
    Name,
    /// A list of such names.
    List,
    Number {
        least: f64,
        most: f64,
    },
    /// A number, or `"none"`.
    NumberOrNone {
        least: f64,
        most: f64,
    },
    Whole {
        least: u64,
        most: u64,
    },
    /// A whole number, or `"none"`.
    WholeOrNone {
        least: u64,
        most: u64,
    },
    /// Money in the configured currency, above 0; or `"none"`.
    AmountOrNone,
    /// A span of time, from a millisecond to a day.
    Time,
    Switch,
    OneOf(&'static [&'static str]),
    /// A list of texts, kept to the letter: an argument list.
    Words,
    /// A table, or a text that holds a JSON object.
    Json,
}

/// No wait is longer than this.
const LONGEST: Duration = Duration::from_hours(24);

/// Digits after the point that an amount is kept with.
const AMOUNT_DIGITS: u32 = 6;

impl Kind {
    /// What is expected, as it stands in an error: "a number from 0 to 2".
    #[must_use]
    pub fn expected(self) -> String {
        match self {
            Self::Text => "text in quotes".to_owned(),
            Self::Name => "a name: one line of text, not empty".to_owned(),
            Self::List => r#"a list of names such as ["one", "two"]"#.to_owned(),
            Self::Number { least, most } => format!("a number from {least} to {most}"),
            Self::NumberOrNone { least, most } => format!("a number from {least} to {most}, or \"none\""),
            Self::Whole { least, most } => format!("a whole number from {least} to {most}"),
            Self::WholeOrNone { least, most } => format!("a whole number from {least} to {most}, or \"none\""),
            Self::AmountOrNone => "an amount of money above 0, such as 50 or 0.25, or \"none\"".to_owned(),
            Self::Time => r#"a time from "1ms" to "24h", such as "60s" or "15m""#.to_owned(),
            Self::Switch => "true or false".to_owned(),
            Self::OneOf(words) => {
                let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
                quoted.join(" or ")
            }
            Self::Words => r#"a list of texts such as ["program", "argument"]"#.to_owned(),
            Self::Json => "a table, or a JSON object in quotes".to_owned(),
        }
    }

    /// Reads a TOML value; `None` where it is not what is expected.
    #[must_use]
    pub fn read_toml(self, value: &DeValue<'_>) -> Option<Value> {
        match (self, value) {
            (
                Self::Number { .. }
                | Self::NumberOrNone { .. }
                | Self::Whole { .. }
                | Self::WholeOrNone { .. }
                | Self::AmountOrNone,
                _,
            ) => match value {
                DeValue::Integer(_) | DeValue::Float(_) => self.read_number(&number_text(value)?),
                DeValue::String(word) if word == NOTHING => self.read_number(word),
                _ => None,
            },
            (Self::Switch, DeValue::Boolean(on)) => Some(Value::Switch(*on)),
            (Self::List, DeValue::Array(items)) => {
                let names = items.iter().map(|item| item.get_ref().as_str().and_then(name));
                Some(Value::List(names.collect::<Option<Vec<String>>>()?))
            }
            (Self::Words, DeValue::Array(items)) => {
                let words = items.iter().map(|item| item.get_ref().as_str().map(str::to_owned));
                Some(Value::List(words.collect::<Option<Vec<String>>>()?))
            }
            (Self::Json, DeValue::Table(_)) => json::from_toml(value).map(Value::Json),
            (Self::Json, DeValue::String(text)) => json::from_text(text).map(Value::Json),
            (Self::Text | Self::Name | Self::Time | Self::OneOf(_), DeValue::String(text)) => self.read_text(text),
            _ => None,
        }
    }

    /// Reads plain text, as an environment variable or a flag holds it; lists are parted by commas.
    #[must_use]
    pub fn read_text(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::Text(text.to_owned())),
            Self::Name => name(text).map(Value::Text),
            Self::List => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Some(Value::List(parts.map(str::to_owned).collect()))
            }
            Self::Time => {
                let time = parse_time(text)?;
                (time >= Duration::from_millis(1) && time <= LONGEST).then_some(Value::Time(time))
            }
            Self::Switch => match text.trim() {
                "true" | "1" | "yes" | "on" => Some(Value::Switch(true)),
                "false" | "0" | "no" | "off" => Some(Value::Switch(false)),
                _ => None,
            },
            // Neither is set by a variable or a flag.
            Self::Words | Self::Json => None,
            Self::OneOf(words) => words.contains(&text.trim()).then(|| Value::Text(text.trim().to_owned())),
            _ => self.read_number(text.trim()),
        }
    }

    fn read_number(self, text: &str) -> Option<Value> {
        match self {
            Self::NumberOrNone { .. } | Self::WholeOrNone { .. } | Self::AmountOrNone if text == NOTHING => {
                Some(Value::Nothing)
            }
            Self::Number { least, most } | Self::NumberOrNone { least, most } => {
                let number: f64 = text.parse().ok()?;
                (number >= least && number <= most).then_some(Value::Number(number))
            }
            Self::Whole { least, most } | Self::WholeOrNone { least, most } => {
                let number: u64 = text.parse().ok()?;
                (number >= least && number <= most).then_some(Value::Whole(number))
            }
            Self::AmountOrNone => {
                let micro = u64::try_from(decimal::scaled(text, AMOUNT_DIGITS)?).ok()?;
                (1..=LARGEST_MICRO).contains(&micro).then_some(Value::Amount(micro))
            }
            _ => None,
        }
    }
}

/// The word for "leave it to the other side".
const NOTHING: &str = "none";

/// A name: one line, something in it. Spaces around it are dropped.
fn name(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// A TOML number in decimal; `None` where it is no number that could be meant.
fn number_text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::Integer(whole) => {
            i128::from_str_radix(whole.as_str(), whole.radix()).ok().map(|whole| whole.to_string())
        }
        DeValue::Float(float) => Some(float.as_str().to_owned()),
        _ => None,
    }
}

/// What was found instead, for an error: "the text \"hot\"".
#[must_use]
pub fn found(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) if text.chars().count() > 40 => "a longer text".to_owned(),
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(_) | DeValue::Float(_) => {
            number_text(value).map_or_else(|| "a number".to_owned(), |text| format!("the number {text}"))
        }
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Datetime(_) => "a date or time".to_owned(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Reads `500ms`, `60s`, `15m`, `2h`, `1m30s`.
#[must_use]
pub fn parse_time(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = Duration::ZERO;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let count: u64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let unit_len = rest.find(|c: char| c.is_ascii_digit() || c.is_whitespace()).unwrap_or(rest.len());
        let millis = match &rest[..unit_len] {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            _ => return None,
        };
        sum = sum.checked_add(Duration::from_millis(count.checked_mul(millis)?))?;
        rest = rest[unit_len..].trim_start();
    }
    Some(sum)
}

/// The shortest way to write a span of time that [`parse_time`] reads back.
#[must_use]
pub fn show_time(time: Duration) -> String {
    let millis = time.as_millis();
    let parts = [(3_600_000, "h"), (60_000, "m"), (1_000, "s"), (1, "ms")];
    let mut rest = millis;
    let mut out = String::new();
    for (size, unit) in parts {
        if rest / size > 0 {
            let _ = write!(out, "{}{unit}", rest / size);
            rest %= size;
        }
    }
    if out.is_empty() { "0s".to_owned() } else { out }
}

impl fmt::Display for Value {
    /// As it is written in the configuration file.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{}", toml_edit::Value::from(text.as_str())),
            Self::List(items) => {
                let items: toml_edit::Array = items.iter().map(String::as_str).collect();
                write!(f, "{}", toml_edit::Value::from(items))
            }
            Self::Number(number) => write!(f, "{number}"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Amount(micro) => f.write_str(&decimal::written(i128::from(*micro), AMOUNT_DIGITS)),
            Self::Time(time) => write!(f, "\"{}\"", show_time(*time)),
            Self::Switch(on) => write!(f, "{on}"),
            Self::Json(json) => write!(f, "{}", toml_edit::Value::from(json.to_string())),
            Self::Nothing => write!(f, "\"{NOTHING}\""),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit_and_never_without() {
        assert_eq!(parse_time("45s"), Some(Duration::from_secs(45)));
        assert_eq!(parse_time("1m30s"), Some(Duration::from_secs(90)));
        assert_eq!(parse_time("1h 5m"), Some(Duration::from_mins(65)));
        assert_eq!(parse_time("250ms"), Some(Duration::from_millis(250)));
        for wrong in ["", "60", "s", "6 0s", "-1s", "1.5m", "१s", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(parse_time(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_shown_time_reads_back_as_itself() {
        for millis in [1, 999, 60_000, 90_000, 900_000, 3_601_001] {
            let time = Duration::from_millis(millis);
            assert_eq!(parse_time(&show_time(time)), Some(time));
        }
    }

    #[test]
    fn a_number_that_is_none_or_infinite_is_refused() {
        let temperature = Kind::NumberOrNone { least: 0.0, most: 2.0 };
        for wrong in ["NaN", "inf", "-inf", "2.0001", "-0.1", "hot", ""] {
            assert_eq!(temperature.read_text(wrong), None, "{wrong}");
        }
        assert_eq!(temperature.read_text("none"), Some(Value::Nothing));
    }
}
