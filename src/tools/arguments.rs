//! From the arguments as a model wrote them to one JSON object that its tool's schema takes. Owns the refusals; never
//! guesses what was meant: a field that stands there twice is refused, so that what is shown is what runs.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::schema::Schema;

/// Longer arguments are refused, in bytes.
pub const MOST_BYTES: usize = 1024 * 1024;
/// Arguments nested deeper are refused.
pub const MOST_DEPTH: usize = 32;

/// Reads arguments and holds them against the schema. Nothing at all means no arguments.
///
/// # Errors
/// What is wrong with them, in sentences for the model: with line and column where they are no JSON, with the place
/// where they are not what the schema wants.
pub fn read(raw: &str, schema: &Schema) -> Result<Value, String> {
    let arguments = parse(raw)?;
    let problems = schema.problems(&arguments);
    if problems.is_empty() {
        return Ok(arguments);
    }
    Err(format!("The arguments are not what the tool's schema wants:\n- {}", problems.join("\n- ")))
}

/// Reads arguments as one JSON object.
///
/// # Errors
/// As [`read`], but for the schema.
pub fn parse(raw: &str) -> Result<Value, String> {
    if raw.len() > MOST_BYTES {
        return Err(format!("The arguments have {} bytes; {MOST_BYTES} is the most that is taken.", raw.len()));
    }
    if raw.trim_ascii().is_empty() {
        return Ok(Value::Object(Map::new()));
    }
    let mut json = serde_json::Deserializer::from_str(raw);
    let value = Strict { depth: 0 }.deserialize(&mut json).and_then(|value| json.end().map(|()| value));
    match value {
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => Err("The arguments are no JSON object; expected one, such as {} or {\"name\": \"value\"}.".to_owned()),
        Err(error) => Err(format!("The arguments are no JSON that can be used: {error}.")),
    }
}

/// Reads JSON that says each thing once and is not too deep.
#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;
    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl Strict {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth >= MOST_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MOST_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.deeper()?;
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if object.contains_key(&name) {
                let short: String = name.chars().take(60).collect();
                return Err(A::Error::custom(format_args!("the field {short:?} stands there twice")));
            }
            let value = fields.next_value_seed(inner)?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn weather() -> Schema {
        let schema = json!({
            "type": "object",
            "properties": { "city": { "type": "string" }, "days": { "type": "integer", "minimum": 1 } },
            "required": ["city"],
            "additionalProperties": false,
        });
        Schema::compile(&schema).unwrap()
    }

    #[test]
    fn no_arguments_at_all_are_an_empty_object() {
        for raw in ["", "  \n", "{}"] {
            assert_eq!(parse(raw), Ok(json!({})), "{raw:?}");
        }
        assert_eq!(
            parse(" {\"a\": [1, -2, 2.5, null, true, \"x\"]}\n"),
            Ok(json!({ "a": [1, -2, 2.5, null, true, "x"] }))
        );
    }

    #[test]
    fn row_31_what_is_no_json_object_is_refused_with_its_place() {
        for (raw, says) in [
            ("{\"city\": \"Pune\"", "EOF while parsing an object at line 1 column 15"),
            ("{\n  city: 1}", "key must be a string at line 2 column 3"),
            ("{\"a\": 1} {}", "trailing characters at line 1 column 10"),
            ("{\"a\": NaN}", "line 1 column 7"),
            ("{\"a\": 1e999}", "number out of range at line 1"),
            ("{\"a\": \"\\ud800\"}", "line 1 column"),
            ("{\"a\": \"\u{1}\"}", "control character"),
            ("null", "no JSON object"),
            ("[{}]", "no JSON object"),
            ("\"{}\"", "no JSON object"),
            ("\u{feff}{}", "line 1 column 1"),
            ("rm -rf /", "line 1 column 1"),
        ] {
            let error = parse(raw).unwrap_err();
            assert!(error.contains(says), "{raw}: {error}");
        }
    }

    #[test]
    fn row_31_a_field_that_stands_there_twice_is_refused_wherever_it_is() {
        for raw in ["{\"a\": 1, \"a\": 1}", "{\"x\": [{\"a\": 1, \"b\": 2, \"\\u0061\": 3}]}"] {
            assert!(parse(raw).unwrap_err().contains("the field \"a\" stands there twice at line 1"), "{raw}");
        }
    }

    #[test]
    fn row_31_arguments_of_a_megabyte_or_a_hundred_levels_are_refused() {
        let long = format!("{{\"a\": \"{}\"}}", "x".repeat(MOST_BYTES));
        assert!(parse(&long).unwrap_err().contains("1048576 is the most"));
        let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
        assert!(parse(&nested(MOST_DEPTH)).is_ok());
        assert!(parse(&nested(MOST_DEPTH + 1)).unwrap_err().contains("nested deeper than 32 levels"));
        assert!(parse(&nested(100_000)).unwrap_err().contains("nested deeper"));
    }

    #[test]
    fn row_31_what_the_schema_does_not_want_is_said_with_its_place() {
        let says = read("{\"days\": 0, \"town\": \"Pune\"}", &weather()).unwrap_err();
        let mut lines: Vec<&str> = says.lines().collect();
        assert_eq!(lines.remove(0), "The arguments are not what the tool's schema wants:");
        lines.sort_unstable();
        assert_eq!(
            lines,
            [
                "- /days: expected 1 or more, found 0",
                "- top level: the field \"city\" is missing",
                "- top level: there is no field \"town\"",
            ]
        );
        assert_eq!(read("{\"city\": \"Pune\"}", &weather()), Ok(json!({ "city": "Pune" })));
    }

    proptest! {
        #[test]
        fn row_31_random_bytes_are_never_taken_unless_the_schema_takes_them(
            raw in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..64).prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                "[{}\\[\\]\",: a-c0-9.\\\\-]{0,40}",
                "\\{\"(city|days|x)\": ?(\"[a-z]{0,3}\"|-?[0-9]{1,20}|null|\\[\\])(, \"(city|days|x)\": (\"a\"|1))?\\}",
            ],
        ) {
            let schema = weather();
            if let Ok(arguments) = read(&raw, &schema) {
                prop_assert!(schema.takes(&arguments) && arguments.is_object());
                // Another reader of the same text, as a tool might be one, sees the same.
                let plain = if raw.trim().is_empty() { json!({}) } else { serde_json::from_str(&raw).unwrap() };
                prop_assert_eq!(arguments, plain);
            }
        }
    }
}
