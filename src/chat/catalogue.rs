//! The models and providers that are known: the built-in table with the user's own over it.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::model::{ModelRef, ModelSpec};

/// An OpenAI-compatible endpoint. Its key is never here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderSpec {
    pub name: String,
    /// Ends without a slash, as in `https://api.openai.com/v1`.
    pub base_url: String,
    /// The environment variable that holds the key; `None` for local servers that want none.
    pub api_key_env: Option<String>,
}

/// All known models and providers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// The day the prices were read.
    pub as_of: Date,
    pub providers: BTreeMap<String, ProviderSpec>,
    pub models: BTreeMap<ModelRef, ModelSpec>,
    /// Models that embed, which no chat can use.
    pub embeddings: BTreeMap<ModelRef, ModelSpec>,
}

impl Catalogue {
    /// An empty catalogue, in which every model is unknown.
    #[must_use]
    pub const fn empty() -> Self {
        Self {
            as_of: Date::constant(2026, 7, 2),
            providers: BTreeMap::new(),
            models: BTreeMap::new(),
            embeddings: BTreeMap::new(),
        }
    }

    /// What is known of `model`. A dated snapshot (`gpt-4o-mini-2024-07-18`) counts as the model it is
    /// a snapshot of, where it has no row of its own.
    #[must_use]
    pub fn spec(&self, model: &ModelRef) -> ModelSpec {
        if let Some(spec) = self.models.get(model) {
            return spec.clone();
        }
        undated(&model.id)
            .and_then(|id| self.models.get(&ModelRef::new(model.provider.clone(), id)))
            .cloned()
            .unwrap_or_else(|| ModelSpec::unknown(model))
    }

    /// What is known of a model that embeds.
    #[must_use]
    pub fn embedding_spec(&self, model: &ModelRef) -> ModelSpec {
        self.embeddings.get(model).cloned().unwrap_or_else(|| ModelSpec::unknown(model))
    }

    /// Reads a model's name as a user types it.
    #[must_use]
    pub fn parse(&self, text: &str) -> ModelRef {
        ModelRef::parse(text, |name| self.providers.contains_key(name))
    }
}

/// `gpt-4o-2024-08-06` without its date; `None` where there is none.
fn undated(id: &str) -> Option<&str> {
    let (rest, date) = id.split_at_checked(id.len().checked_sub(11)?)?;
    let shape = date.chars().enumerate().all(|(at, c)| match at {
        0 | 5 | 8 => c == '-',
        _ => c.is_ascii_digit(),
    });
    (shape && !rest.is_empty()).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dated_snapshot_is_the_model_it_was_taken_of() {
        assert_eq!(undated("gpt-4o-mini-2024-07-18"), Some("gpt-4o-mini"));
        assert_eq!(undated("gpt-4o-mini"), None);
        assert_eq!(undated("हिन्दी-2024"), None);
    }
}
