//! What is asked about each row: the prompt, the shape of the answer, the model. Owns the words of a row's message and
//! the columns that an answer fills; refuses to read files.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::chat::{AnswerFormat, AnswerSchema, ConversationId, ConversationMeta, History, ModelRef, context::Strategy};

/// What stands for the row in a prompt.
pub const PLACEHOLDER: &str = "{input}";

/// The built-in prompts, for labels and for fields.
const CLASSIFY: &str = include_str!("../../assets/prompts/classify.txt");
const EXTRACT: &str = include_str!("../../assets/prompts/extract.txt");

/// One task for all rows.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Task {
    /// The user's own prompt; else one of the built-in ones.
    pub prompt: Option<String>,
    /// What every answer is held to.
    pub schema: AnswerSchema,
    /// The labels that were asked for; empty where fields were.
    pub labels: Vec<String>,
    pub model: ModelRef,
    pub temperature: Option<f32>,
    pub max_tokens: Option<u32>,
}

/// The schema of an answer that is one of these labels.
#[must_use]
pub fn labels_schema(labels: &[String]) -> AnswerSchema {
    one_field("classification", "label", &json!({"type": "string", "enum": labels}))
}

/// The schema of an answer in words.
#[must_use]
pub fn answer_schema() -> AnswerSchema {
    one_field("answer", "answer", &json!({"type": "string"}))
}

fn one_field(name: &str, field: &str, shape: &Value) -> AnswerSchema {
    let schema = json!({
        "type": "object",
        "properties": { field: shape },
        "required": [field],
        "additionalProperties": false,
    });
    AnswerSchema { name: name.to_owned(), schema: Arc::new(schema) }
}

/// An answer without the code fence that many models put around JSON, whatever they are told.
#[must_use]
pub fn unfenced(answer: &str) -> &str {
    let answer = answer.trim();
    let inside = answer.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    let Some((language, inside)) = inside.and_then(|inside| inside.split_once('\n')) else { return answer };
    if language.trim().chars().all(char::is_alphanumeric) { inside.trim() } else { answer }
}

/// What is wrong with labels, in a sentence.
///
/// # Errors
/// Where there are fewer than two, one is empty, or one stands twice.
pub fn check_labels(labels: &[String]) -> Result<(), String> {
    let way_out = "give them as --labels Billing,Technical,Returns,General";
    if labels.len() < 2 {
        return Err(format!("--labels needs two labels or more: {way_out}."));
    }
    for (at, label) in labels.iter().enumerate() {
        if label.trim().is_empty() {
            return Err(format!("--labels: label {} is empty: {way_out}.", at + 1));
        }
        if labels[..at].iter().any(|other| other.to_lowercase() == label.to_lowercase()) {
            return Err(format!("--labels: {label:?} stands there twice; upper and lower case count as the same."));
        }
    }
    Ok(())
}

/// The properties of a schema's object, which become columns.
///
/// # Errors
/// In a sentence, where the schema's top level is no object with properties.
pub fn check_columns(schema: &Value) -> Result<(), String> {
    match properties(schema) {
        Some(properties) if !properties.is_empty() => Ok(()),
        _ => Err("its top level must be an object with `properties`: each of them becomes a column".to_owned()),
    }
}

fn properties(schema: &Value) -> Option<&Map<String, Value>> {
    schema.get("properties")?.as_object()
}

impl Task {
    /// What the model is told before the row.
    #[must_use]
    pub fn system(&self) -> String {
        match &self.prompt {
            // It goes with the row.
            Some(prompt) if prompt.contains(PLACEHOLDER) => String::new(),
            Some(prompt) => prompt.trim().to_owned(),
            None if self.labels.is_empty() => EXTRACT.trim().to_owned(),
            None => CLASSIFY.trim().replace("{labels}", &self.labels.join("; ")),
        }
    }

    /// The message that carries a row.
    #[must_use]
    pub fn message(&self, row: &str) -> String {
        match &self.prompt {
            Some(prompt) if prompt.contains(PLACEHOLDER) => prompt.trim().replace(PLACEHOLDER, row),
            _ => row.to_owned(),
        }
    }

    /// A row's conversation: nothing of the configuration's own prompt, tools or history is in it.
    #[must_use]
    pub fn meta(&self, id: ConversationId, at_ms: i64) -> ConversationMeta {
        ConversationMeta {
            system: self.system(),
            temperature: self.temperature,
            max_tokens: self.max_tokens,
            history: History { strategy: Strategy::Full, ..History::default() },
            format: AnswerFormat::Schema(self.schema.clone()),
            // A title is not made of the row.
            titled_by_user: true,
            ..ConversationMeta::new(id, self.model.clone(), at_ms)
        }
    }

    /// The fields of an answer, in the schema's order.
    #[must_use]
    pub fn fields(&self) -> Vec<String> {
        properties(&self.schema.schema).into_iter().flatten().map(|(name, _)| name.clone()).collect()
    }

    /// The fields of which the values are counted, each with the values that it may have.
    #[must_use]
    pub fn counted(&self) -> Vec<(String, Vec<String>)> {
        let values = |shape: &Value| -> Option<Vec<String>> {
            let all: Option<Vec<String>> =
                shape.get("enum")?.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect();
            all.filter(|all| !all.is_empty() && all.len() <= MOST_COUNTED)
        };
        properties(&self.schema.schema)
            .into_iter()
            .flatten()
            .filter_map(|(name, shape)| Some((name.clone(), values(shape)?)))
            .collect()
    }

    /// What tells this task from another, part by part.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        // The built-in prompts hold the labels, which are told apart by the schema.
        let built_in = if self.labels.is_empty() { EXTRACT } else { CLASSIFY };
        let prompt = self.prompt.as_deref().unwrap_or(built_in).trim();
        Fingerprint {
            prompt: hex(&Sha256::digest(prompt.as_bytes())[..16]),
            schema: hex(&Sha256::digest(self.schema.schema.to_string().as_bytes())[..16]),
            model: self.model.to_string(),
            temperature: self.temperature.map(|temperature| temperature.to_string()),
            max_tokens: self.max_tokens,
        }
    }
}

/// A field with more values than this is no set of labels.
const MOST_COUNTED: usize = 64;

/// What a run was begun with; digests in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint {
    pub prompt: String,
    pub schema: String,
    pub model: String,
    pub temperature: Option<String>,
    pub max_tokens: Option<u32>,
}

impl Fingerprint {
    /// What is another now, each in a few words.
    #[must_use]
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let mut out = Vec::new();
        if self.prompt != now.prompt {
            out.push("the prompt".to_owned());
        }
        if self.schema != now.schema {
            out.push("the labels or the schema".to_owned());
        }
        if self.model != now.model {
            out.push(format!("the model ({}, now {})", self.model, now.model));
        }
        // Both follow the labels and the model, where they are not given.
        if out.is_empty() && (&self.temperature, self.max_tokens) != (&now.temperature, now.max_tokens) {
            out.push("the temperature or --max-tokens".to_owned());
        }
        out
    }
}

/// Bytes in hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // A string takes all that is written to it.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(prompt: Option<&str>, labels: &[&str]) -> Task {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let schema = if labels.is_empty() { answer_schema() } else { labels_schema(&labels) };
        let model = ModelRef::new("openai", "gpt-4o-mini");
        let prompt = prompt.map(str::to_owned);
        Task { prompt, schema, labels, model, temperature: Some(0.0), max_tokens: None }
    }

    #[test]
    fn labels_stand_in_the_prompt_and_are_an_enum_of_the_schema() {
        let task = task(None, &["Billing", "Technical"]);
        assert!(task.system().contains("Billing; Technical") && task.system().contains("JSON"));
        assert_eq!(task.schema.schema["properties"]["label"]["enum"], json!(["Billing", "Technical"]));
        assert_eq!(task.fields(), ["label"]);
        assert_eq!(task.counted(), [("label".to_owned(), vec!["Billing".to_owned(), "Technical".to_owned()])]);
        assert_eq!(task.message("={input}"), "={input}", "a row is never a template");
    }

    #[test]
    fn a_prompt_with_the_placeholder_is_the_message_and_one_without_the_instructions() {
        let with = task(Some("Say {input} in Hindi.\n"), &[]);
        assert_eq!((with.system().as_str(), with.message("yes").as_str()), ("", "Say yes in Hindi."));
        let without = task(Some("Translate to Hindi.\n"), &[]);
        assert_eq!((without.system().as_str(), without.message("yes").as_str()), ("Translate to Hindi.", "yes"));
    }

    #[test]
    fn a_fence_around_an_answer_is_no_part_of_it() {
        for fenced in ["```json\n{\"a\": 1}\n```", " ```\n{\"a\": 1}```\n", "{\"a\": 1}"] {
            assert_eq!(unfenced(fenced), "{\"a\": 1}");
        }
        for other in ["```", "``````", "```json {} ```", "Here: ```json\n{}\n```", "```a b\n{}\n```"] {
            assert_eq!(unfenced(other), other);
        }
    }

    #[test]
    fn labels_that_cannot_be_told_apart_are_refused() {
        let check = |labels: &[&str]| check_labels(&labels.iter().map(|l| (*l).to_owned()).collect::<Vec<_>>());
        assert!(check(&["A", "B"]).is_ok());
        assert!(check(&["A"]).unwrap_err().contains("two labels or more"));
        assert!(check(&["A", ""]).unwrap_err().contains("label 2 is empty"));
        assert!(check(&["yes", "no", "Yes"]).unwrap_err().contains("\"Yes\" stands there twice"));
        assert!(check_columns(&json!({"type": "array"})).is_err());
    }

    #[test]
    fn what_is_another_is_named() {
        let one = task(None, &["A", "B"]);
        assert_eq!(one.fingerprint().differences(&one.fingerprint()), [""; 0]);
        let mut other = one.clone();
        other.model = ModelRef::new("groq", "x");
        assert_eq!(one.fingerprint().differences(&other.fingerprint()), ["the model (gpt-4o-mini, now groq/x)"]);
        let said = one.fingerprint().differences(&task(Some("Sort."), &["A", "C"]).fingerprint());
        assert_eq!(said, ["the prompt", "the labels or the schema"]);
    }
}
