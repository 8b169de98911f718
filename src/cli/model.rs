//! The model and what it is told, as a chat and a question take it alike.

use clap::Args;

use super::lossy;

/// The model and what it is told, for a chat or a question.
#[derive(Debug, Clone, Args, Default)]
pub struct ModelArgs {
    /// The model, such as gpt-4o-mini or groq/openai/gpt-oss-120b; `munshi models` lists them
    #[arg(short, long, value_name = "MODEL", value_parser = lossy())]
    pub model: Option<String>,
    /// The system prompt of new conversations; "" for none
    #[arg(long, value_name = "TEXT", value_parser = lossy())]
    pub system: Option<String>,
    /// How freely the model words its replies, from 0 to 2
    #[arg(long, value_name = "T", value_parser = temperature, allow_negative_numbers = true)]
    pub temperature: Option<f32>,
    /// The most tokens a reply may have
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub max_tokens: Option<u32>,
}

impl ModelArgs {
    /// These where they are given, else those.
    pub(super) fn or(&self, other: &Self) -> Self {
        Self {
            model: self.model.clone().or_else(|| other.model.clone()),
            system: self.system.clone().or_else(|| other.system.clone()),
            temperature: self.temperature.or(other.temperature),
            max_tokens: self.max_tokens.or(other.max_tokens),
        }
    }
}

fn temperature(text: &str) -> Result<f32, String> {
    let number: f32 = text.parse().map_err(|_| "expected a number from 0 to 2".to_owned())?;
    if (0.0..=2.0).contains(&number) { Ok(number) } else { Err("expected a number from 0 to 2".to_owned()) }
}
