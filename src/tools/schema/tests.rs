use proptest::prelude::*;
use serde_json::json;

use super::*;

fn problems(schema: &Value, value: &Value) -> Vec<String> {
    Schema::compile(schema).unwrap_or_else(|why| panic!("{why}")).problems(value)
}

fn refused(schema: &Value) -> String {
    Schema::compile(schema).map(|_| ()).unwrap_err()
}

#[test]
fn a_mismatch_names_its_place_and_what_was_expected() {
    let schema = json!({
        "type": "object",
        "properties": {
            "city": { "type": "string", "minLength": 1, "maxLength": 5 },
            "days": { "type": "integer", "minimum": 1, "maximum": 7 },
            "unit": { "enum": ["c", "f"] },
            "tags": { "type": "array", "items": { "type": "string", "pattern": "^[a-z]+$" }, "uniqueItems": true },
        },
        "required": ["city"],
        "additionalProperties": false,
    });
    for (value, says) in [
        (json!({}), "top level: the field \"city\" is missing"),
        (json!([]), "top level: expected an object, found []"),
        (json!({ "city": 5 }), "/city: expected a text, found 5"),
        (json!({ "city": "" }), "/city: expected 1 characters or more"),
        (json!({ "city": "Mumbai" }), "/city: expected 5 characters or fewer"),
        (json!({ "city": "Pune", "days": 8 }), "/days: expected 7 or less, found 8"),
        (json!({ "city": "Pune", "days": 1.5 }), "/days: expected a whole number, found 1.5"),
        (json!({ "city": "Pune", "unit": "k" }), "/unit: expected one of \"c\", \"f\", found \"k\""),
        (
            json!({ "city": "Pune", "tags": ["a", "B"] }),
            "/tags/1: expected a text that fits the pattern \"^[a-z]+$\", found \"B\"",
        ),
        (json!({ "city": "Pune", "tags": ["a", "a"] }), "/tags: expected items of which no two are the same"),
        (json!({ "city": "Pune", "x": 1 }), "top level: there is no field \"x\""),
    ] {
        assert_eq!(problems(&schema, &value), [says], "{value}");
    }
    assert_eq!(problems(&schema, &json!({ "city": "Pune", "days": 7, "unit": "c" })), [""; 0]);
}

#[test]
fn what_is_wrong_is_told_briefly_however_much_it_is() {
    let schema = json!({ "type": "array", "items": { "type": "integer" } });
    let value: Value = (0..100).map(|_| "x".repeat(10_000)).collect();
    let problems = problems(&schema, &value);
    assert_eq!(problems.len(), MOST_PROBLEMS);
    assert!(problems.iter().all(|says| says.len() < 200), "{problems:?}");
    let whole = super::tests::problems(&json!({ "type": "integer" }), &value);
    assert_eq!(whole, ["top level: expected a whole number, found a list that is long"]);
    let key = "k".repeat(10_000);
    let unknown = super::tests::problems(&json!({ "additionalProperties": false }), &json!({ key: 1 }));
    assert!(unknown[0].len() < 200, "{unknown:?}");
}

#[test]
fn nothing_is_ever_fetched_for_a_schema() {
    for to in ["https://example.org/x.json", "file:///etc/passwd", "other.json", "#anchor", "http://127.0.0.1:1/x", ""]
    {
        let says = refused(&json!({ "properties": { "a": { "$ref": to } } }));
        assert!(says.contains("leads out of the schema"), "{says}");
    }
    assert!(refused(&json!({ "$schema": "https://example.org/own-meta" })).contains("no JSON schema"));
    let says = refused(&json!({ "properties": { "default": { "$ref": "other.json" } } }));
    assert!(says.contains("leads out of the schema"), "{says}");
    // What only looks like a reference is data.
    let schema = json!({ "enum": [{ "$ref": "https://example.org" }] });
    assert_eq!(problems(&schema, &json!({ "$ref": "https://example.org" })), [""; 0]);
}

#[test]
fn references_within_the_schema_are_followed() {
    let schema = json!({
        "$defs": { "node / one": { "type": "object", "properties": { "next": { "$ref": "#/$defs/node%20~1%20one" } } } },
        "$ref": "#/$defs/node%20~1%20one",
    });
    assert_eq!(problems(&schema, &json!({ "next": { "next": {} } })), [""; 0]);
    assert_eq!(problems(&schema, &json!({ "next": { "next": 1 } })), ["/next/next: expected an object, found 1"]);
    assert!(refused(&json!({ "$ref": "#/$defs/missing" })).contains("no JSON schema"));
}

#[test]
fn a_schema_that_would_take_for_ever_is_refused() {
    for schema in [
        json!({ "$ref": "#" }),
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "properties": { "default": { "$ref": "#/properties/default" } } }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "not": { "$ref": "#/$defs/a" } } } }),
    ] {
        assert!(refused(&schema).contains("refers to itself"), "{schema}");
    }
    // Each level asks twice for the one below it.
    let mut defs = serde_json::Map::new();
    for level in 0..40 {
        let below = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
        defs.insert(format!("l{level}"), json!({ "anyOf": [below.clone(), below] }));
    }
    defs.insert("l40".to_owned(), json!({ "type": "string" }));
    assert!(refused(&json!({ "$ref": "#/$defs/l0", "$defs": defs })).contains("against one value"));
    assert!(refused(&json!({ "description": "x".repeat(limits::MOST_BYTES) })).contains("the most that is taken"));
    let deep = (0..200).fold(json!({}), |inner, _| json!({ "items": inner }));
    assert!(refused(&deep).contains("nested deeper"));
    let patterns: Vec<Value> = (0..300).map(|n| json!({ "pattern": format!("{n}") })).collect();
    assert!(refused(&json!({ "prefixItems": patterns })).contains("regular expressions"));
}

#[test]
fn a_pattern_that_blows_up_elsewhere_is_linear_here_and_one_that_cannot_be_is_refused() {
    let schema = json!({ "type": "string", "pattern": "^(a+)+$" });
    assert_eq!(problems(&schema, &json!(format!("{}!", "a".repeat(50_000)))).len(), 1);
    for pattern in ["^(?=.*x)y", "(a)\\1", "(", "(((a{1000}){1000}){1000})"] {
        let says = refused(&json!({ "pattern": pattern }));
        assert!(says.contains("no JSON schema"), "{pattern}: {says}");
    }
}

#[test]
fn what_is_no_schema_is_refused_with_its_place() {
    let says = refused(&json!({ "properties": { "a": { "type": "texty" } } }));
    assert!(says.starts_with("/properties/a/type is no JSON schema"), "{says}");
    assert!(refused(&json!("no")).contains("no JSON schema"));
    assert!(Schema::compile(&json!(true)).is_ok());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["#", "#/a", "string", "object", "^(a|b)*$", "https://x"]).prop_map(Value::from),
    ];
    let keys = prop::sample::select(vec![
        "type",
        "properties",
        "items",
        "$ref",
        "anyOf",
        "oneOf",
        "not",
        "enum",
        "pattern",
        "a",
        "$defs",
        "required",
        "minimum",
        "if",
        "then",
        "additionalProperties",
        "const",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((keys.clone(), inner), 0..5).prop_map(|fields| Value::Object(
                fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
            )),
        ]
    })
}

proptest! {
    #[test]
    fn whatever_a_schema_is_it_is_refused_or_it_answers(schema in any_json(), value in any_json()) {
        if let Ok(schema) = Schema::compile(&schema) {
            let problems = schema.problems(&value);
            prop_assert_eq!(problems.is_empty(), schema.takes(&value));
            prop_assert!(problems.len() <= MOST_PROBLEMS);
            prop_assert!(problems.iter().all(|says| says.len() < 2_000 && !says.is_empty()));
        }
    }
}
