//! The words of a mismatch: what was expected, with long values elided. Refuses the crate's own sentences where they
//! would repeat the whole value.

use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use serde_json::Value;

/// Characters of a value that are shown.
const MOST_SHOWN: usize = 60;

/// A place in a value: its JSON pointer, or words for all of it.
pub(super) fn place(pointer: &str) -> String {
    if pointer.is_empty() { "top level".to_owned() } else { short(pointer).trim_matches('"').to_owned() }
}

/// A text in quotes, its end left out where it is long.
pub(super) fn short(text: &str) -> String {
    let cut: String = text.chars().take(MOST_SHOWN).collect();
    // As JSON: every letter of any script as it is.
    let quoted = Value::from(cut.as_str());
    if cut.len() == text.len() { quoted.to_string() } else { format!("{quoted}…") }
}

/// A value as JSON, its end left out where it is long.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Array(_) | Value::Object(_) if size(value, 0) > MOST_SHOWN => {
            return format!("{} that is long", kind(value));
        }
        Value::String(text) => return short(text),
        _ => value.to_string(),
    };
    let cut: String = text.chars().take(MOST_SHOWN).collect();
    if cut.len() == text.len() { cut } else { format!("{cut}…") }
}

/// About how long a value is as JSON, counted no further than needed.
fn size(value: &Value, so_far: usize) -> usize {
    if so_far > MOST_SHOWN {
        return so_far;
    }
    match value {
        Value::String(text) => so_far + text.len() + 2,
        Value::Array(items) => {
            items.iter().fold(so_far + 2, |sum, item| if sum > MOST_SHOWN { sum } else { size(item, sum + 1) })
        }
        Value::Object(fields) => {
            fields.iter().fold(
                so_far + 2,
                |sum, (key, value)| {
                    if sum > MOST_SHOWN { sum } else { size(value, sum + key.len() + 4) }
                },
            )
        }
        _ => so_far + 4,
    }
}

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn names(names: &[String]) -> String {
    const MOST: usize = 5;
    let mut list: Vec<String> = names.iter().take(MOST).map(|name| short(name)).collect();
    if names.len() > MOST {
        list.push(format!("{} more", names.len() - MOST));
    }
    list.join(", ")
}

/// What was expected instead of what is there.
pub(super) fn expected(error: &ValidationError<'_>) -> String {
    let found = || shown(error.instance());
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            format!("there is no field {}", names(unexpected))
        }
        Kind::Required { property } => format!("the field {} is missing", shown(property)),
        Kind::Type { kind: TypeKind::Single(wanted) } => {
            format!("expected {}, found {}", named(&wanted.to_string()), found())
        }
        Kind::Type { kind: TypeKind::Multiple(wanted) } => {
            let wanted: Vec<String> = wanted.iter().map(|wanted| named(&wanted.to_string()).to_owned()).collect();
            format!("expected {}, found {}", wanted.join(" or "), found())
        }
        Kind::Enum { options } => format!("expected one of {}, found {}", listed(options), found()),
        Kind::Constant { expected_value } => format!("expected {}, found {}", shown(expected_value), found()),
        Kind::Minimum { limit } => format!("expected {limit} or more, found {}", found()),
        Kind::Maximum { limit } => format!("expected {limit} or less, found {}", found()),
        Kind::ExclusiveMinimum { limit } => format!("expected more than {limit}, found {}", found()),
        Kind::ExclusiveMaximum { limit } => format!("expected less than {limit}, found {}", found()),
        Kind::MultipleOf { multiple_of } => format!("expected a multiple of {multiple_of}, found {}", found()),
        Kind::MinLength { limit } => format!("expected {limit} characters or more"),
        Kind::MaxLength { limit } => format!("expected {limit} characters or fewer"),
        Kind::MinItems { limit } => format!("expected {limit} items or more"),
        Kind::MaxItems { limit } => format!("expected {limit} items or fewer"),
        Kind::MinProperties { limit } => format!("expected {limit} fields or more"),
        Kind::MaxProperties { limit } => format!("expected {limit} fields or fewer"),
        Kind::UniqueItems => "expected items of which no two are the same".to_owned(),
        Kind::Pattern { pattern } => {
            format!("expected a text that fits the pattern {}, found {}", short(pattern), found())
        }
        Kind::Format { format } => format!("expected {}, found {}", short(format), found()),
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } => {
            format!("fits none of the shapes that are allowed: {}", found())
        }
        Kind::OneOfMultipleValid { .. } => {
            format!("fits more than one of the shapes of which one is allowed: {}", found())
        }
        Kind::FalseSchema => "nothing is allowed here".to_owned(),
        Kind::PropertyNames { error } => format!("a field's name is not allowed: {}", expected(error)),
        _ => masked(error),
    }
}

/// The crate's own sentence, without the value.
fn masked(error: &ValidationError<'_>) -> String {
    let text = error.masked_with("the value").to_string();
    let cut: String = text.chars().take(MOST_SHOWN * 3).collect();
    if cut.len() == text.len() { text } else { format!("{cut}…") }
}

fn named(json_type: &str) -> &str {
    match json_type {
        "string" => "a text",
        "number" => "a number",
        "integer" => "a whole number",
        "boolean" => "true or false",
        "array" => "a list",
        "object" => "an object",
        other => other,
    }
}

fn listed(options: &Value) -> String {
    const MOST: usize = 12;
    let Value::Array(options) = options else { return shown(options) };
    let mut list: Vec<String> = options.iter().take(MOST).map(shown).collect();
    if options.len() > MOST {
        list.push(format!("{} more", options.len() - MOST));
    }
    list.join(", ")
}
