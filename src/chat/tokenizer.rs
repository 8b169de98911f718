//! Which tokenizer a model counts by, where that is known from its name. Owns the names; refuses to count.

use super::model::ModelRef;

/// A tokenizer that is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tokenizer {
    /// `cl100k_base`: GPT-3.5, GPT-4 and the embedding models.
    Cl100k,
    /// `o200k_base`: GPT-4o and what came after it, the reasoning models, gpt-oss.
    O200k,
}

/// The beginnings of ids, the more particular before the more general. Source: `tiktoken/model.py` in openai/tiktoken.
const FAMILIES: &[(&str, Tokenizer)] = &[
    ("gpt-oss", Tokenizer::O200k),
    ("gpt-5", Tokenizer::O200k),
    ("gpt-4o", Tokenizer::O200k),
    ("gpt-4.1", Tokenizer::O200k),
    ("gpt-4.5", Tokenizer::O200k),
    ("chatgpt-4o", Tokenizer::O200k),
    ("o1", Tokenizer::O200k),
    ("o3", Tokenizer::O200k),
    ("o4", Tokenizer::O200k),
    ("gpt-4", Tokenizer::Cl100k),
    ("gpt-3.5", Tokenizer::Cl100k),
    // As Azure spells it.
    ("gpt-35", Tokenizer::Cl100k),
    ("text-embedding-3", Tokenizer::Cl100k),
    ("text-embedding-ada-002", Tokenizer::Cl100k),
];

impl Tokenizer {
    /// The tokenizer of a model; `None` where it is not known, and counts stay estimates.
    ///
    /// Whoever serves it, an id names the same model: `gpt-4o-mini`, `openai/gpt-4o-mini` by way of `OpenRouter`,
    /// `ft:gpt-4o-mini:…` for one that was tuned.
    #[must_use]
    pub fn of(model: &ModelRef) -> Option<Self> {
        let id = model.id.strip_prefix("openai/").unwrap_or(&model.id);
        let id = id.strip_prefix("ft:").unwrap_or(id);
        let is_of = |family: &str| {
            let rest = id.strip_prefix(family)?;
            // `o1-mini` is of the family `o1`, `o100` is not.
            (!family.starts_with('o') || !rest.starts_with(char::is_alphanumeric)).then_some(())
        };
        FAMILIES.iter().find_map(|(family, tokenizer)| is_of(family).map(|()| *tokenizer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(provider: &str, id: &str) -> Option<Tokenizer> {
        Tokenizer::of(&ModelRef::new(provider, id))
    }

    #[test]
    fn a_models_name_tells_its_tokenizer_whoever_serves_it() {
        for (provider, id, tokenizer) in [
            ("openai", "gpt-4o-mini-2024-07-18", Tokenizer::O200k),
            ("openai", "gpt-4.1-nano", Tokenizer::O200k),
            ("openai", "o3-mini", Tokenizer::O200k),
            ("openai", "ft:gpt-4o-mini:acme::abc", Tokenizer::O200k),
            ("openai", "gpt-4-turbo", Tokenizer::Cl100k),
            ("openai", "text-embedding-3-small", Tokenizer::Cl100k),
            ("azure", "gpt-35-turbo", Tokenizer::Cl100k),
            ("openrouter", "openai/gpt-5.1", Tokenizer::O200k),
            ("groq", "openai/gpt-oss-120b", Tokenizer::O200k),
            ("cerebras", "gpt-oss-120b", Tokenizer::O200k),
        ] {
            assert_eq!(of(provider, id), Some(tokenizer), "{provider} {id}");
        }
    }

    #[test]
    fn other_models_have_none_that_is_known() {
        for id in ["demo-mini", "claude-sonnet-4-5", "o100", "llama-3.3-70b", "open-mixtral-8x7b", "my-gpt-4", ""] {
            assert_eq!(of("openai", id), None, "{id}");
        }
    }

    #[test]
    fn every_openai_model_of_the_table_has_one() {
        let table: toml::Table = toml::from_str(include_str!("../../assets/models.toml")).unwrap();
        let models = table["models"].as_array().unwrap();
        let openai: Vec<&str> = models
            .iter()
            .filter(|model| model["provider"].as_str() == Some("openai"))
            .map(|model| model["id"].as_str().unwrap())
            .collect();
        assert!(openai.len() > 20, "the table was read");
        for id in openai {
            assert!(of("openai", id).is_some(), "{id}");
        }
    }
}
