//! Answers that are JSON alone. Owns which shape an answer has where the request demands JSON, and the ways in which it
//! is wrong on request; refuses to decide what any single value is.

use serde_json::{Map, Value, json};

use super::offer::Format;
use super::question::{Question, Said};
use super::{dates, posting, shape};

/// The words that make the first answer a wrong one, and those that make every answer one.
const WRONGLY: &str = "answer wrongly";
const NEVER_RIGHT: &str = "never right";
/// What a message says that asks to mend an answer.
const MENDS: &[&str] = &[
    "did not fit",
    "does not fit",
    "doesn't fit",
    "did not match",
    "does not match",
    "not valid",
    "isn't valid",
    "not met",
];
/// The fields of a job posting, as the chapter on structured output has them.
const POSTING: &[&str] = &["job_title", "location", "salary_range", "required_skills", "application_deadline"];

/// Whether the request wants JSON.
pub fn is_wanted(question: &Question) -> bool {
    question.offer.format != Format::Text
}

/// The answer as JSON, nothing around it; `otherwise` is what would be said in words.
pub fn answer(question: &Question, otherwise: impl FnOnce() -> String) -> String {
    let said: Vec<&Said> = question.messages.iter().filter(|message| message.role == "user").collect();
    let at = said.len().saturating_sub(1);
    let repairs = said.iter().rev().take_while(|message| mends(&message.text)).count();
    // The first message asks, whatever words it has: "the OTP is not valid" is a customer's own.
    let repairs = repairs.min(at);
    let asked = said.get(at - repairs).map_or("", |message| message.text.trim());
    let lower = asked.to_lowercase();
    let is_wrong = lower.contains(NEVER_RIGHT) || lower.contains(WRONGLY) && repairs == 0;
    let schema = schema(question);
    let made = match &schema {
        Some(schema) => shape::fill(schema, &source(&said[..=at - repairs], asked)),
        None => loose(&source(&said[..=at - repairs], asked), asked, otherwise),
    };
    if is_wrong { wrong(&made, schema.as_ref()) } else { made.to_string() }
}

fn mends(text: &str) -> bool {
    let lower = text.to_lowercase();
    MENDS.iter().any(|words| lower.contains(words))
}

/// The text that is read: the question itself, or, where it is short, all that was said up to it.
fn source(said: &[&Said], asked: &str) -> String {
    if said.len() > 1 && asked.chars().count() < 200 && posting::title(asked).is_none() {
        return said.iter().rev().map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n");
    }
    asked.to_owned()
}

/// The schema of the request, or the one that a system message has in its text.
fn schema(question: &Question) -> Option<Value> {
    if let Format::Schema(schema) = &question.offer.format {
        return Some(schema.clone());
    }
    let instructions =
        question.messages.iter().filter(|message| matches!(message.role.as_str(), "system" | "developer"));
    instructions.rev().find_map(|message| schema_in(&message.text))
}

/// The first JSON object in a text that is a schema of objects.
fn schema_in(text: &str) -> Option<Value> {
    text.match_indices('{').take(100).find_map(|(at, _)| {
        let value = serde_json::Deserializer::from_str(&text[at..]).into_iter::<Value>().next()?.ok()?;
        (value["properties"].is_object() && value["type"] == "object").then_some(value)
    })
}

/// An object without a schema: the fields that the message names, those of a posting, or the answer in words.
fn loose(text: &str, asked: &str, otherwise: impl FnOnce() -> String) -> Value {
    let mut named = fields(asked);
    let is_posting =
        posting::title(text).is_some() && (posting::salary(text).is_some() || dates::deadline(text).is_some());
    if is_posting && named.iter().any(|name| POSTING.contains(&name.as_str())) {
        // One of a posting's fields is a plain word, which is no name by itself.
        let is_word =
            |field: &&&str| asked.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == **field);
        let more = POSTING.iter().filter(is_word).map(|field| (*field).to_owned());
        let missing: Vec<String> = more.filter(|field| !named.contains(field)).collect();
        named.extend(missing);
    }
    let names: Vec<String> =
        if named.is_empty() && is_posting { POSTING.iter().map(|name| (*name).to_owned()).collect() } else { named };
    if names.is_empty() {
        return json!({ "answer": otherwise() });
    }
    let one = |name: String| {
        let schema = if is_list(&name) {
            json!({ "type": "array", "items": { "type": "string" } })
        } else {
            json!({ "type": "string" })
        };
        let value = shape::property(&schema, &schema, &name, text);
        (name, value)
    };
    Value::from(names.into_iter().map(one).collect::<Map<_, _>>())
}

fn is_list(name: &str) -> bool {
    shape::words_of(name).last().is_some_and(|word| {
        matches!(word.as_str(), "skills" | "technologies" | "tags" | "requirements" | "items" | "names")
    })
}

/// The fields that a message asks for: what stands after "fields:" or "keys:", or all names with a `_` in them.
fn fields(asked: &str) -> Vec<String> {
    let is_name = |word: &&str| {
        let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        plain && word.starts_with(|c: char| c.is_ascii_lowercase())
    };
    let clean = |word: &'_ str| word.trim_matches(|c: char| !c.is_alphanumeric() && c != '_').to_owned();
    let lower = asked.to_lowercase();
    let listed = ["fields:", "keys:", "with the fields ", "with the keys ", "with keys ", "with fields "];
    let after = listed.iter().filter_map(|mark| lower.find(mark).map(|at| at + mark.len())).min();
    if let Some(rest) = after.and_then(|at| asked.get(at..)) {
        let line = rest.lines().next().unwrap_or_default();
        let names = posting::items(line.split(". ").next().unwrap_or_default());
        return names.iter().map(|name| clean(name)).filter(|name| is_name(&name.as_str())).collect();
    }
    let mut found: Vec<String> = Vec::new();
    for word in asked.split(|c: char| c.is_whitespace() || c == ',').map(clean) {
        if word.contains('_') && is_name(&word.as_str()) && !found.contains(&word) {
            found.push(word);
        }
    }
    found
}

/// The answer without the first field that it must have; where it has none, no JSON at all.
fn wrong(made: &Value, schema: Option<&Value>) -> String {
    let required = schema.and_then(|schema| schema["required"].as_array()?.first()?.as_str().map(str::to_owned));
    if let (Value::Object(fields), Some(name)) = (made, required)
        && fields.contains_key(&name)
    {
        let kept = fields.iter().filter(|(known, _)| **known != name);
        return Value::from(kept.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>()).to_string();
    }
    format!("Here is what you asked for: {made}")
}
