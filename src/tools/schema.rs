//! JSON schemas: compiled once, then held against what a model wrote. Owns the sentences that name the place and what
//! was expected there. Refuses references that lead out of the schema, which nothing here ever fetches, and schemas that
//! are made to be slow.

mod limits;
mod words;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

/// Problems that are told of one value, at most.
pub const MOST_PROBLEMS: usize = 8;

/// What one regular expression may take when it is compiled, in bytes.
const PATTERN_BYTES: usize = 1024 * 1024;

/// A schema that can be held against values.
#[derive(Debug)]
pub struct Schema {
    validator: Validator,
}

impl Schema {
    /// Compiles a schema: that of JSON Schema 2020-12, unless its `$schema` names an older one.
    ///
    /// # Errors
    /// In a sentence: where it is no schema, larger than 256 KiB, leads outside itself, or could take
    /// for ever.
    pub fn compile(schema: &Value) -> Result<Self, String> {
        limits::check(schema)?;
        // The engine without backtracking: no pattern takes longer than its text is long, and none looks around.
        let patterns = PatternOptions::regex().size_limit(PATTERN_BYTES).dfa_size_limit(PATTERN_BYTES);
        let built = jsonschema::options().offline().with_pattern_options(patterns).build(schema);
        let validator = built.map_err(|error| {
            let place = words::place(error.instance_path().as_str());
            format!("{place} is no JSON schema that can be used: {}", words::expected(&error))
        })?;
        Ok(Self { validator })
    }

    /// Whether a value is as the schema wants it.
    #[must_use]
    pub fn takes(&self, value: &Value) -> bool {
        self.validator.is_valid(value)
    }

    /// What is wrong with a value: short sentences that name the place as a JSON pointer and what was expected there,
    /// [`MOST_PROBLEMS`] at most. Empty for what the schema takes.
    #[must_use]
    pub fn problems(&self, value: &Value) -> Vec<String> {
        if self.takes(value) {
            return Vec::new();
        }
        let errors = self.validator.iter_errors(value).take(MOST_PROBLEMS);
        errors
            .map(|error| format!("{}: {}", words::place(error.instance_path().as_str()), words::expected(&error)))
            .collect()
    }
}

#[cfg(test)]
mod tests;
