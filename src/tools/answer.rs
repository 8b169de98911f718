//! Holds an answer against the shape that it was asked for in. Owns the sentences that say where it does not fit.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::schema::Schema;
use crate::chat::AnswerFormat;

/// Holds answers against their shapes. A schema is compiled once for all answers that come after one another, since the
/// rows of a batch all have the same.
#[derive(Debug, Default)]
pub struct Judge {
    last: Mutex<Option<(Arc<Value>, Compiled)>>,
}

type Compiled = Arc<Result<Schema, String>>;

impl Judge {
    /// What is wrong with an answer, each with its place; empty where it fits.
    #[must_use]
    pub fn problems(&self, text: &str, format: &AnswerFormat) -> Vec<String> {
        let value = match serde_json::from_str::<Value>(text.trim()) {
            _ if !format.is_json() => return Vec::new(),
            Ok(value) => value,
            Err(error) => {
                return vec![format!("line {}, column {}: no JSON ({})", error.line(), error.column(), cause(&error))];
            }
        };
        match format.schema() {
            None if value.is_object() => Vec::new(),
            None => vec!["top level: expected a JSON object".to_owned()],
            Some(schema) => match self.compiled(&schema.schema).as_ref() {
                Ok(schema) => schema.problems(&value),
                Err(why) => vec![format!("the schema cannot be used: {why}")],
            },
        }
    }

    fn compiled(&self, schema: &Arc<Value>) -> Compiled {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, compiled)) if Arc::ptr_eq(known, schema) => Arc::clone(compiled),
            _ => {
                let compiled = Arc::new(Schema::compile(schema));
                *last = Some((Arc::clone(schema), Arc::clone(&compiled)));
                compiled
            }
        }
    }
}

/// The parser's words without the place, which stands before them.
fn cause(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split_once(" at line ").map_or(words.clone(), |(cause, _)| cause.to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::chat::AnswerSchema;

    fn problems(text: &str, format: &AnswerFormat) -> Vec<String> {
        Judge::default().problems(text, format)
    }

    #[test]
    fn one_judge_holds_each_answer_to_its_own_schema() {
        let shape = |kind: &str| {
            let schema = json!({"type": "object", "properties": {"age": {"type": kind}}});
            AnswerFormat::Schema(AnswerSchema { name: "person".to_owned(), schema: Arc::new(schema) })
        };
        let (judge, number, text) = (Judge::default(), shape("integer"), shape("string"));
        for _ in 0..2 {
            assert_eq!(judge.problems("{\"age\": 3}", &number), [""; 0]);
            assert_eq!(judge.problems("{\"age\": 4}", &number), [""; 0]);
            assert_eq!(judge.problems("{\"age\": 3}", &text).len(), 1);
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let schema = json!({"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]});
        let schema = AnswerFormat::Schema(AnswerSchema { name: "person".to_owned(), schema: Arc::new(schema) });
        assert_eq!(problems(" {\"age\": 3}\n", &schema), [""; 0]);
        let said = problems("{\"age\": \"three\"}", &schema);
        assert!(said.len() == 1 && said[0].contains("/age") && said[0].contains("whole number"), "{said:?}");
        let said = problems("{\n\"age\" 3}", &schema);
        assert!(said[0].starts_with("line 2, column 7: no JSON"), "{said:?}");
        assert_eq!(problems("[1]", &AnswerFormat::JsonObject), ["top level: expected a JSON object"]);
        assert_eq!(problems("{}", &AnswerFormat::JsonObject), [""; 0]);
        assert_eq!(problems("plain", &AnswerFormat::Text), [""; 0]);
    }

    #[test]
    fn an_answer_in_a_code_fence_is_no_json_and_that_is_said() {
        let said = problems("```json\n{}\n```", &AnswerFormat::JsonObject);
        assert!(said[0].starts_with("line 1, column 1"), "{said:?}");
    }
}
