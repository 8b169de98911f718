//! The shape that an answer is asked for in: plain text, a JSON object, or JSON after a schema.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A JSON schema with the name it is sent under.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerSchema {
    /// Letters, digits, `_` and `-`, 64 at most.
    pub name: String,
    pub schema: Arc<Value>,
}

/// What a chat asks of its answers.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerFormat {
    #[default]
    Text,
    JsonObject,
    Schema(AnswerSchema),
}

impl AnswerFormat {
    /// Whether anything but text is asked for.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        !matches!(self, Self::Text)
    }

    /// The schema that answers are held to, where there is one.
    #[must_use]
    pub const fn schema(&self) -> Option<&AnswerSchema> {
        match self {
            Self::Schema(schema) => Some(schema),
            Self::Text | Self::JsonObject => None,
        }
    }
}

/// What of it one request carries (`response_format`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseFormat {
    JsonObject,
    /// The provider holds the answer to the schema.
    Strict(AnswerSchema),
}
