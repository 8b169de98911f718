//! JSON within the configuration: from a TOML table, or from text. Refuses what JSON cannot hold.

use serde_json::{Map, Number, Value};
use toml::de::DeValue;

/// A TOML value as JSON; dates become text. `None` where a number is none that JSON has.
pub(super) fn from_toml(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(whole) => Value::Number(i64::from_str_radix(whole.as_str(), whole.radix()).ok()?.into()),
        DeValue::Float(float) => Value::Number(Number::from_f64(float.as_str().parse().ok()?)?),
        DeValue::Boolean(on) => Value::Bool(*on),
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Array(items) => {
            Value::Array(items.iter().map(|item| from_toml(item.get_ref())).collect::<Option<_>>()?)
        }
        DeValue::Table(fields) => {
            let fields =
                fields.iter().map(|(name, value)| Some((name.get_ref().to_string(), from_toml(value.get_ref())?)));
            Value::Object(fields.collect::<Option<Map<String, Value>>>()?)
        }
    })
}

/// A JSON object written as text; `None` where it is none.
pub(super) fn from_text(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}
