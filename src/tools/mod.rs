//! The port to what a model may ask for: how a tool is described to it. Owns the description alone as yet;
//! running one, and asking the user first, is no business of a model's chat. One tool per file, one row in the table.

use serde::{Deserialize, Serialize};

/// What a model is told of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolSpec {
    /// Letters, digits, `_` and `-`, 64 at most: what the model calls it by.
    pub name: String,
    /// When to use it and what it gives, in a sentence or two.
    pub description: String,
    /// A JSON schema of type `object` that its arguments are checked against before anything runs.
    pub parameters: serde_json::Value,
}
