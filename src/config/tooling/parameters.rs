//! A tool's parameters as a user writes them, and the places in a command that stand for them. Owns the short form: a
//! table from names to descriptions, each a text that must be given.

use serde_json::{Map, Value, json};

/// The schema of a tool that takes nothing.
pub(super) fn none() -> Value {
    json!({ "type": "object", "properties": {}, "additionalProperties": false })
}

/// A JSON schema of type `object`, from one or from the short form. What has `type = "object"` or `properties` is a
/// schema and taken as it is; in the short form each entry is a parameter: a text describes one that is a text and must
/// be given; a table is its JSON schema, with `optional = true` where it need not be given.
pub(super) fn schema(written: &Value) -> Result<Value, String> {
    let Value::Object(fields) = written else { return Err("parameters: expected a table".to_owned()) };
    let is_schema = fields.get("type").is_some_and(|kind| kind == "object")
        || fields.get("properties").is_some_and(Value::is_object);
    if is_schema {
        let mut schema = fields.clone();
        return match schema.entry("type").or_insert_with(|| "object".into()).as_str() {
            Some("object") => Ok(Value::Object(schema)),
            _ => Err("parameters: a tool takes an object; expected type = \"object\"".to_owned()),
        };
    }
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for (name, about) in fields {
        let (property, is_optional) = match about {
            Value::String(description) => (json!({ "type": "string", "description": description }), false),
            Value::Object(property) => {
                let mut property = property.clone();
                let is_optional = match property.remove("optional") {
                    None => false,
                    Some(Value::Bool(is_optional)) => is_optional,
                    Some(_) => return Err(format!("parameters.{name}.optional: expected true or false")),
                };
                (Value::Object(property), is_optional)
            }
            _ => {
                return Err(format!(
                    "parameters.{name}: expected what it is, in quotes, or a table with its JSON schema"
                ));
            }
        };
        properties.insert(name.clone(), property);
        if !is_optional {
            required.push(name.clone());
        }
    }
    Ok(json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false }))
}

/// The names in `{braces}` of one word; a brace that is written twice stands for itself.
pub(super) fn places(word: &str) -> Vec<String> {
    let mut places = Vec::new();
    let mut letters = word.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter != '{' || letters.next_if_eq(&'{').is_some() {
            continue;
        }
        let name: String = letters.by_ref().take_while(|letter| *letter != '}').collect();
        places.push(name);
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_is_texts_that_must_be_given() {
        let written =
            json!({ "city": "the city's name", "days": { "type": "integer", "minimum": 1, "optional": true } });
        assert_eq!(
            schema(&written),
            Ok(json!({
                "type": "object",
                "properties": {
                    "city": { "type": "string", "description": "the city's name" },
                    "days": { "type": "integer", "minimum": 1 },
                },
                "required": ["city"],
                "additionalProperties": false,
            }))
        );
        assert_eq!(
            schema(&json!({ "type": "what kind" })).unwrap()["required"],
            json!(["type"]),
            "a parameter called type"
        );
        assert!(schema(&json!({ "days": 3 })).unwrap_err().contains("parameters.days: expected"));
        assert!(schema(&json!({ "days": { "optional": "yes" } })).unwrap_err().contains("parameters.days.optional"));
    }

    #[test]
    fn a_whole_schema_is_taken_as_it_is() {
        let whole = json!({ "type": "object", "properties": { "a": {} }, "required": [] });
        assert_eq!(schema(&whole), Ok(whole));
        assert_eq!(schema(&json!({ "properties": {} })).unwrap()["type"], "object");
        assert!(schema(&json!({ "type": "array", "properties": {} })).is_err());
    }

    #[test]
    fn places_are_names_in_single_braces() {
        assert_eq!(places("--city={city} {{not}} {days}"), ["city", "days"]);
        assert_eq!(places("plain }} {{"), [""; 0]);
        assert_eq!(places("{open"), ["open"]);
    }
}
