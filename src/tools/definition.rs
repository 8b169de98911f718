//! What a tool is, in one short text: whoever allows a tool allows this, and a tool that changes has another. Owns the
//! hash; what goes into it besides the tool's own words is each source's.

use std::fmt::Write as _;

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::chat::tool::ToolSpec;

/// SHA-256 in hex over all that the model is told, and over `does`: what is run.
#[must_use]
pub fn of(spec: &ToolSpec, does: &Value) -> String {
    let whole = json!({
        "name": spec.name, "description": spec.description, "parameters": spec.parameters, "does": does,
    });
    hash(whole)
}

/// SHA-256 in hex over a value, in whatever order the fields of its objects are kept.
#[must_use]
pub fn hash(value: Value) -> String {
    let hash = Sha256::digest(sorted(value).to_string());
    hash.iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// Whether a text can be one of these.
#[must_use]
pub fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The same value with the fields of every object in order, whichever way objects are kept.
fn sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<(String, Value)> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            Value::Object(fields.into_iter().map(|(name, value)| (name, sorted(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(description: &str, parameters: &str) -> ToolSpec {
        let parameters = serde_json::from_str(parameters).unwrap();
        ToolSpec { name: "x".to_owned(), description: description.to_owned(), parameters }
    }

    #[test]
    fn the_order_of_fields_makes_no_difference_and_every_word_does() {
        let one = of(&spec("d", r#"{"a": 1, "b": {"c": 2, "d": 3}}"#), &json!(["ls"]));
        assert!(is_hash(&one));
        assert_eq!(one, of(&spec("d", r#"{"b": {"d": 3, "c": 2}, "a": 1}"#), &json!(["ls"])));
        for other in [
            of(&spec("d.", r#"{"a": 1, "b": {"c": 2, "d": 3}}"#), &json!(["ls"])),
            of(&spec("d", r#"{"a": 1, "b": {"c": 2, "d": "3"}}"#), &json!(["ls"])),
            of(&spec("d", r#"{"a": 1, "b": {"c": 2, "d": 3}}"#), &json!(["ls", "-l"])),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(
            of(&spec("", "{}"), &Value::Null),
            "d4ef24ab2ea087aa848eb9afca03e43b965d0a6ce4ef9fb556ab0fc795670721",
            "it is kept in a file and may not change from one munshi to the next"
        );
    }

    #[test]
    fn only_a_hash_is_taken_for_one() {
        for text in ["", "abc", &"g".repeat(64), &"A".repeat(64), &"0".repeat(63)] {
            assert!(!is_hash(text), "{text}");
        }
    }
}
